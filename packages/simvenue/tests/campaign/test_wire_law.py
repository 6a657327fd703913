"""Wire ids: decodable, unique, and sent again only for the same order after a no."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gridcore.clock import Instant
from gridcore.events import (
    Event,
    PlaceAccepted,
    PlaceRejected,
    PlaceUnknown,
    SessionStarted,
)
from gridcore.instrument import Ticks
from gridcore.intents import encode_wire_id
from gridcore.session.effects import NO_EFFECTS, Effects, PlaceOrder
from gridcore.sides import BUY, LONG, SELL
from simvenue.campaign.laws import LawBroken
from simvenue.campaign.wire_law import WireIdChecker
from simvenue.campaign.world import World

MakeWorld = Callable[..., World]
Sent = Callable[..., Effects]
Place = Callable[..., PlaceOrder]
NOW = Instant(10)
START = SessionStarted(at=NOW)


def test_a_wire_id_of_another_level_breaks_the_law(
    make_world: MakeWorld, sent: Sent, place: Place
) -> None:
    world = make_world()
    order = replace(place(world, LONG, BUY, 900), price=Ticks(901))
    with pytest.raises(LawBroken, match="decodes to"):
        WireIdChecker().handled(world, START, NOW, sent(order))


@pytest.mark.parametrize("wire_id", ["", "manual-1", "0123456789abcdef-" + "z" * 20])
def test_a_wire_id_that_does_not_decode_breaks_the_law(
    make_world: MakeWorld, sent: Sent, place: Place, wire_id: str
) -> None:
    world = make_world()
    order = replace(place(world, LONG, BUY, 900), wire_id=wire_id)
    with pytest.raises(LawBroken, match="decodes to"):
        WireIdChecker().handled(world, START, NOW, sent(order))


def test_an_unanswered_wire_id_must_not_be_sent_again(
    make_world: MakeWorld, sent: Sent, place: Place
) -> None:
    checker, world = WireIdChecker(), make_world()
    order = place(world, LONG, BUY, 900)
    checker.handled(world, START, NOW, sent(order))
    other = PlaceUnknown(symbol=order.symbol, at=NOW, wire_id="another", text="")
    with pytest.raises(LawBroken, match="unanswered"):
        checker.handled(world, other, NOW, sent(order))


@pytest.mark.parametrize("answer", ["refused", "unknown", "restart"])
def test_a_refused_or_lost_one_may_be_sent_again_with_its_id(
    make_world: MakeWorld, sent: Sent, place: Place, answer: str
) -> None:
    checker, world = WireIdChecker(), make_world()
    order = place(world, LONG, BUY, 900)
    checker.handled(world, START, NOW, sent(order))
    answers: dict[str, Event] = {
        "refused": PlaceRejected(
            symbol=order.symbol, at=NOW, wire_id=order.wire_id, code=10006, text=""
        ),
        "unknown": PlaceUnknown(symbol=order.symbol, at=NOW, wire_id=order.wire_id, text=""),
        "restart": START,
    }
    checker.handled(world, answers[answer], NOW, NO_EFFECTS)
    checker.handled(world, START, NOW, sent(order))


def test_one_that_landed_is_never_sent_again(
    make_world: MakeWorld, sent: Sent, place: Place
) -> None:
    checker, world = WireIdChecker(), make_world()
    order = place(world, LONG, BUY, 900)
    checker.handled(world, START, NOW, sent(order))
    landed = PlaceAccepted(symbol=order.symbol, at=NOW, wire_id=order.wire_id, order_id="O1")
    checker.handled(world, landed, NOW, NO_EFFECTS)
    checker.handled(world, START, NOW, NO_EFFECTS)
    with pytest.raises(LawBroken, match="landed"):
        checker.handled(world, START, NOW, sent(order))


def test_another_order_needs_another_wire_id(
    make_world: MakeWorld, sent: Sent, place: Place
) -> None:
    checker, world = WireIdChecker(), make_world()
    order = place(world, LONG, BUY, 900)
    same_time = place(world, LONG, SELL, 1_000)
    assert same_time.wire_id != order.wire_id
    checker.handled(world, START, NOW, sent(order, same_time))
    checker.handled(world, START, NOW, sent(place(world, LONG, BUY, 900, suffix=2)))
    assert encode_wire_id(order.client_order_id, 1) == order.wire_id

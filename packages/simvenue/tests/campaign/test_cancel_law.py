"""A14 and A20: cancels are not repeated while one is in flight, closes wait for a position."""

from collections.abc import Callable

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    NO_LIQUIDATION,
    CancelAccepted,
    CancelRejected,
    CancelUnknown,
    Event,
    PlaceRejected,
    PositionUpdate,
    SessionStarted,
)
from gridcore.instrument import Steps
from gridcore.session.effects import NO_EFFECTS, CancelOrder, CancelReason, Effects, PlaceOrder
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType
from simvenue.campaign.cancel_law import CancelChecker
from simvenue.campaign.laws import LawBroken
from simvenue.campaign.world import World

MakeWorld = Callable[..., World]
Sent = Callable[..., Effects]
Place = Callable[..., PlaceOrder]


def cancel(order_id: str = "O1") -> CancelOrder:
    return CancelOrder(
        symbol="BTCUSDT", order_id=order_id, wire_id="w", reason=CancelReason.REBUILD
    )


def tick(at: int) -> Event:
    return CancelUnknown(symbol="BTCUSDT", at=Instant(at), order_id="another", text="")


def ask(checker: CancelChecker, world: World, sent: Sent, at_s: int) -> None:
    checker.handled(world, tick(at_s), Instant(at_s * SECOND_US), sent(cancel()))


def refuse(checker: CancelChecker, world: World, at_s: int) -> None:
    refused = CancelRejected(
        symbol="BTCUSDT", at=Instant(at_s * SECOND_US), order_id="O1", code=10006, text=""
    )
    checker.handled(world, refused, refused.at, NO_EFFECTS)


def test_a_second_cancel_while_one_is_in_flight_breaks_the_law(
    make_world: MakeWorld, sent: Sent
) -> None:
    checker, world = CancelChecker(), make_world()
    ask(checker, world, sent, 1)
    with pytest.raises(LawBroken, match="in flight"):
        ask(checker, world, sent, 2)


@pytest.mark.parametrize(
    "answer",
    [
        CancelAccepted(symbol="BTCUSDT", at=Instant(1), order_id="O1"),
        CancelRejected(symbol="BTCUSDT", at=Instant(1), order_id="O1", code=10006, text=""),
        CancelUnknown(symbol="BTCUSDT", at=Instant(1), order_id="O1", text=""),
        SessionStarted(at=Instant(1)),
    ],
)
def test_any_answer_and_any_restart_frees_the_next_cancel(
    make_world: MakeWorld, sent: Sent, answer: Event
) -> None:
    checker, world = CancelChecker(), make_world()
    ask(checker, world, sent, 1)
    checker.handled(world, answer, Instant(SECOND_US), NO_EFFECTS)
    ask(checker, world, sent, 2)


def test_six_cancels_of_one_order_in_a_minute_pass_and_a_seventh_breaks_the_law(
    make_world: MakeWorld, sent: Sent
) -> None:
    checker, world = CancelChecker(), make_world()
    for at_s in (0, 1, 3, 7, 15, 31):
        ask(checker, world, sent, at_s)
        refuse(checker, world, at_s)
    with pytest.raises(LawBroken, match="at most 6"):
        ask(checker, world, sent, 59)


def test_a_seventh_cancel_a_minute_after_the_first_passes(
    make_world: MakeWorld, sent: Sent
) -> None:
    checker, world = CancelChecker(), make_world()
    for at_s in (0, 1, 3, 7, 15, 31, 61):
        ask(checker, world, sent, at_s)
        refuse(checker, world, at_s)


def rejected(order: PlaceOrder, at: int, code: int = 110017) -> PlaceRejected:
    return PlaceRejected(
        symbol=order.symbol, at=Instant(at), wire_id=order.wire_id, code=code, text=""
    )


def position(order: PlaceOrder, at: int, direction: DirectionType = LONG) -> PositionUpdate:
    return PositionUpdate(
        symbol=order.symbol,
        at=Instant(at),
        direction=direction,
        size=Steps(0),
        entry=None,
        liquidation=NO_LIQUIDATION,
        mark=None,
    )


def test_a_close_after_nothing_to_reduce_waits_for_a_newer_position(
    make_world: MakeWorld, sent: Sent, place: Place
) -> None:
    checker, world = CancelChecker(), make_world()
    first = place(world, LONG, SELL, 1_000)
    second = place(world, LONG, SELL, 1_001, suffix=2)
    checker.handled(world, tick(1), Instant(1), sent(first))
    checker.handled(world, rejected(first, 5), Instant(6), NO_EFFECTS)
    checker.handled(world, position(first, 4), Instant(7), NO_EFFECTS)
    checker.handled(world, position(first, 9, SHORT), Instant(9), NO_EFFECTS)
    with pytest.raises(LawBroken, match="110017"):
        checker.handled(world, tick(8), Instant(10), sent(second))


def test_a_newer_position_or_another_refusal_lets_the_next_close_pass(
    make_world: MakeWorld, sent: Sent, place: Place
) -> None:
    checker, world = CancelChecker(), make_world()
    orders = [place(world, LONG, SELL, 1_000 + step, suffix=step) for step in (1, 2, 3)]
    checker.handled(world, tick(1), Instant(1), sent(orders[0]))
    checker.handled(world, rejected(orders[0], 5), Instant(6), NO_EFFECTS)
    checker.handled(world, position(orders[0], 7), Instant(7), NO_EFFECTS)
    checker.handled(world, tick(8), Instant(8), sent(orders[1]))
    checker.handled(world, rejected(orders[1], 9, 10006), Instant(9), NO_EFFECTS)
    checker.handled(world, tick(10), Instant(10), sent(orders[2]))


def test_opens_do_not_wait_for_the_position(
    make_world: MakeWorld, sent: Sent, place: Place
) -> None:
    checker, world = CancelChecker(), make_world()
    closing = place(world, LONG, SELL, 1_000)
    checker.handled(world, tick(1), Instant(1), sent(closing))
    checker.handled(world, rejected(closing, 5), Instant(6), NO_EFFECTS)
    checker.handled(world, tick(8), Instant(8), sent(place(world, LONG, BUY, 900, suffix=2)))

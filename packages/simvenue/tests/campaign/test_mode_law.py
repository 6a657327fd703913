"""Placements against modes."""

from collections.abc import Callable

import pytest

from gridcore.clock import Instant
from gridcore.events import OperatorAction, OperatorCommand, SessionStarted
from gridcore.session.effects import Effects, PlaceOrder
from gridcore.sides import BUY, LONG, SELL, SHORT
from simvenue.campaign.laws import LawBroken
from simvenue.campaign.mode_law import ModeChecker, concerns
from simvenue.campaign.world import World

MakeWorld = Callable[..., World]
Sent = Callable[..., Effects]
Place = Callable[..., PlaceOrder]
NOW = Instant(10)
START = SessionStarted(at=NOW)


def test_an_open_while_a_mode_forbids_it_breaks_the_law(
    make_world: MakeWorld, sent: Sent, place: Place
) -> None:
    world = make_world()  # nothing is known yet, so opens are forbidden
    for order in (place(world, LONG, BUY, 900), place(world, SHORT, SELL, 1_100)):
        with pytest.raises(LawBroken, match="an open"):
            ModeChecker().handled(world, START, NOW, sent(order))


def test_a_close_passes_unless_everything_is_halted(
    make_world: MakeWorld, sent: Sent, place: Place
) -> None:
    world = make_world()
    order = place(world, LONG, SELL, 1_100)
    ModeChecker().handled(world, START, NOW, sent(order))
    world.session.handle(OperatorCommand(at=NOW, action=OperatorAction.HALT, symbol=None), NOW)
    with pytest.raises(LawBroken, match="a close"):
        ModeChecker().handled(world, START, NOW, sent(order))


def test_opens_pass_once_nothing_forbids_them(
    played: tuple[World, object], sent: Sent, place: Place
) -> None:
    world, _ = played
    assert world.session.standing_modes() == []
    ModeChecker().handled(world, START, NOW, sent(place(world, LONG, BUY, 900)))


def test_a_mode_concerns_its_account_symbol_or_direction(
    make_world: MakeWorld, place: Place
) -> None:
    order = place(make_world(), LONG, BUY, 900)
    assert concerns("", order)
    assert concerns(order.symbol, order)
    assert concerns(f"{order.symbol}/long", order)
    assert not concerns(f"{order.symbol}/short", order)
    assert not concerns("ELSEUSDT", order)

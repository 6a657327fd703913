"""A25: the newest report of a position or the wallet stays."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.events import NO_LIQUIDATION, PositionUpdate, WalletUpdate
from gridcore.instrument import Steps
from gridcore.session.effects import NO_EFFECTS
from gridcore.sides import LONG
from simvenue.campaign.laws import LawBroken
from simvenue.campaign.mirror_law import MirrorChecker
from simvenue.campaign.world import World

MakeWorld = Callable[..., World]


def position(world: World, at: int) -> PositionUpdate:
    return PositionUpdate(
        symbol=world.scenario.setups[0].instrument.symbol,
        at=Instant(at),
        direction=LONG,
        size=Steps(0),
        entry=None,
        liquidation=NO_LIQUIDATION,
        mark=None,
    )


def test_a_position_that_gives_way_to_an_older_one_breaks_the_law(make_world: MakeWorld) -> None:
    checker, world = MirrorChecker(), make_world()
    now = world.now
    newer = position(world, now + SECOND_US)
    world.session.handle(newer, newer.at)
    checker.handled(world, newer, newer.at, NO_EFFECTS)
    leg = world.session.strategies[newer.symbol].pair.legs[0]
    assert leg.at == newer.at
    leg.at = now
    with pytest.raises(LawBroken, match="gave way"):
        checker.handled(world, newer, newer.at, NO_EFFECTS)


def test_older_reports_that_change_nothing_hold_the_law(make_world: MakeWorld) -> None:
    checker, world = MirrorChecker(), make_world()
    for at in (world.now + 2, world.now + 1, world.now + 3):
        event = position(world, at)
        world.session.handle(event, Instant(world.now + 5))
        checker.handled(world, event, Instant(world.now + 5), NO_EFFECTS)


def test_a_wallet_that_gives_way_to_an_older_one_breaks_the_law(make_world: MakeWorld) -> None:
    checker, world = MirrorChecker(), make_world()
    event = WalletUpdate(at=Instant(world.now + 9), balance=Decimal(5), available=None)
    world.session.handle(event, event.at)
    checker.handled(world, event, event.at, NO_EFFECTS)
    next(iter(world.session.strategies.values())).wallet.at = world.now
    with pytest.raises(LawBroken, match="wallet"):
        checker.handled(world, event, event.at, NO_EFFECTS)

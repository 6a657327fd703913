"""Once quiet, session and venue agree."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from gridcore.events import OperatorAction, OperatorCommand
from gridcore.instrument import Steps
from gridcore.session.effects import CancelOrder, CancelReason
from gridcore.sides import LONG
from simvenue.campaign.laws import LawBroken
from simvenue.campaign.quiet_law import QuietChecker
from simvenue.campaign.world import World
from simvenue.other_hands import OtherHands

MakeWorld = Callable[..., World]


@pytest.fixture
def quiet(make_world: MakeWorld) -> World:
    """A world played to its end, to be disturbed."""
    world = make_world()
    world.play()
    return world


def test_a_run_without_faults_ends_in_agreement(quiet: World) -> None:
    QuietChecker().finished(quiet)


def test_an_order_that_the_venue_no_longer_holds_breaks_the_law(quiet: World) -> None:
    symbol = quiet.scenario.symbols[0].instrument.symbol
    order = quiet.venue.open_orders(symbol)[0]
    request = CancelOrder(
        symbol=symbol, order_id=order.order_id, wire_id="", reason=CancelReason.REBUILD
    )
    quiet.venue.submit(request, quiet.now)
    with pytest.raises(LawBroken, match=order.order_id):
        QuietChecker().finished(quiet)


def test_a_leg_that_another_hand_changed_breaks_the_law(quiet: World) -> None:
    symbol = quiet.scenario.symbols[0].instrument.symbol
    size = quiet.venue.legs(symbol)[0].size
    hands = OtherHands(quiet.venue)
    if size:
        hands.close_trade(symbol, "manual", LONG, Steps(1), quiet.now)
    else:
        hands.open_trade(symbol, "manual", LONG, Steps(10), quiet.now)
    assert quiet.venue.legs(symbol)[0].size != size
    with pytest.raises(LawBroken, match="expected"):
        QuietChecker().finished(quiet)


def test_a_wallet_that_moved_unheard_breaks_the_law(quiet: World) -> None:
    OtherHands(quiet.venue).move_cash(Decimal(1), quiet.now)
    with pytest.raises(LawBroken, match="wallet"):
        QuietChecker().finished(quiet)


def test_a_mode_without_a_cause_among_the_faults_breaks_the_law(quiet: World) -> None:
    halt = OperatorCommand(at=quiet.now, action=OperatorAction.HALT, symbol=None)
    quiet.session.handle(halt, quiet.now)
    with pytest.raises(LawBroken, match="operator still asks HALT"):
        QuietChecker().finished(quiet)

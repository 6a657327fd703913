"""Once quiet, the grid stands or says why not."""

from collections.abc import Callable

import pytest

from gridcore.session.modes import Mode
from gridcore.session.orders import TrackedOrder
from gridcore.session.strategy import Strategy
from gridcore.sides import BUY, LONG
from simvenue.campaign.grid_law import GridChecker
from simvenue.campaign.laws import LawBroken
from simvenue.campaign.world import World

MakeWorld = Callable[..., World]


@pytest.fixture
def quiet(make_world: MakeWorld) -> World:
    """A world played to its end, to be disturbed."""
    world = make_world()
    world.play()
    return world


def farthest_open(world: World) -> tuple[Strategy, TrackedOrder]:
    """A strategy and its lowest long open that no denial concerns: surely wanted."""
    strategies = world.session.strategies
    opens = [
        order
        for order in world.session.live_orders()
        if order.direction is LONG
        and order.side is BUY
        and not strategies[order.symbol].limits.denies(0, 0, int(order.price))
    ]
    order = min(opens, key=lambda order: order.level)
    return strategies[order.symbol], order


def test_a_run_without_faults_ends_with_its_grid(quiet: World) -> None:
    assert any(not strategy.stirred for strategy in quiet.session.strategies.values())
    GridChecker().finished(quiet)


def test_a_level_without_order_and_without_denial_breaks_the_law(quiet: World) -> None:
    strategy, order = farthest_open(quiet)
    strategy.book.remove(order)
    strategy.stirred = False
    with pytest.raises(LawBroken, match=f"{order.price} ticks is missing, and nothing denies it"):
        GridChecker().finished(quiet)


def test_between_an_event_and_the_ticker_after_it_a_gap_is_no_fault(quiet: World) -> None:
    strategy, order = farthest_open(quiet)
    strategy.book.remove(order)
    strategy.stirred = True
    GridChecker().finished(quiet)


def test_a_mode_explains_a_gap(quiet: World) -> None:
    strategy, order = farthest_open(quiet)
    strategy.book.remove(order)
    strategy.modes[0] = strategy.modes[1] = Mode.NO_OPEN
    strategy.stirred = False
    GridChecker().finished(quiet)


def test_a_denial_that_every_gate_would_lift_breaks_the_law(quiet: World) -> None:
    strategy, order = farthest_open(quiet)
    strategy.book.remove(order)
    strategy.reserved.remove(order)
    strategy.limits.deny_from(0, 0, int(order.price))
    strategy.stirred = False
    with pytest.raises(LawBroken, match="every gate lets it pass"):
        GridChecker().finished(quiet)

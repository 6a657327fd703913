"""Once quiet, the grid stands or says why not."""

from collections.abc import Callable

import pytest

from gridcore.session.modes import Mode
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


def test_a_run_without_faults_ends_with_its_grid(quiet: World) -> None:
    assert any(not strategy.stirred for strategy in quiet.session.strategies.values())
    GridChecker().finished(quiet)


def test_a_level_without_order_and_without_denial_breaks_the_law(quiet: World) -> None:
    strategy = next(iter(quiet.session.strategies.values()))
    order = next(order for order in quiet.session.live_orders() if order.symbol == strategy.symbol)
    strategy.book.remove(order)
    strategy.stirred = False
    with pytest.raises(LawBroken, match="nothing denies it"):
        GridChecker().finished(quiet)


def test_a_mode_explains_a_gap(quiet: World) -> None:
    strategy = next(iter(quiet.session.strategies.values()))
    order = next(order for order in quiet.session.live_orders() if order.symbol == strategy.symbol)
    strategy.book.remove(order)
    strategy.modes[0] = strategy.modes[1] = Mode.HALT
    strategy.stirred = False
    GridChecker().finished(quiet)


def test_a_denial_that_every_gate_would_lift_breaks_the_law(quiet: World) -> None:
    strategy = next(iter(quiet.session.strategies.values()))
    order = next(
        order
        for order in quiet.session.live_orders()
        if order.symbol == strategy.symbol and order.opens
    )
    index = 0 if order.direction.value == "long" else 1
    strategy.book.remove(order)
    strategy.reserved.remove(order)
    strategy.limits.deny_from(index, index, int(order.price))
    strategy.stirred = False
    with pytest.raises(LawBroken, match="every gate lets it pass"):
        GridChecker().finished(quiet)

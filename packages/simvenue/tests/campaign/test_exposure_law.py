"""Caps on placements, open orders and value, computed apart from the session."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from gridcore.clock import MINUTE_US, Instant
from gridcore.config import SafetyConfig, SizingConfig
from gridcore.events import SessionStarted
from gridcore.session.effects import Effects, PlaceOrder
from gridcore.session.setup import StrategySetup
from gridcore.sides import LONG, SELL
from simvenue.campaign.exposure_law import (
    ExposureChecker,
    notional_cap,
    open_orders_cap,
    placements_cap,
)
from simvenue.campaign.laws import LawBroken
from simvenue.campaign.scenarios import PLAYED_MARKETS, scenario_of
from simvenue.campaign.world import World

MakeWorld = Callable[..., World]
Sent = Callable[..., Effects]
Place = Callable[..., PlaceOrder]
START = SessionStarted(at=Instant(0))


def setup_of(amount: str, **safety: object) -> StrategySetup:
    drawn = scenario_of(1).setups[0]
    grid = replace(drawn.grid, grid_count=10)
    sizing = SizingConfig(amount=amount, leverage=Decimal(10))
    instrument = PLAYED_MARKETS[0][0]  # tick 0.1, step 0.001, at least 5 USDT
    config = SafetyConfig(**safety)  # type: ignore[arg-type]
    return replace(drawn, instrument=instrument, grid=grid, sizing=sizing, safety=config)


def test_counts_follow_the_levels_unless_they_are_stated() -> None:
    assert open_orders_cap(setup_of("100")) == 2 * 11 + 10
    assert placements_cap(setup_of("100")) == 4 * 11
    assert open_orders_cap(setup_of("100", max_open_orders=3)) == 3
    assert placements_cap(setup_of("100", max_placements_per_minute=2)) == 2


@pytest.mark.parametrize(
    ("amount", "balance", "expected"),
    [
        ("200", None, "1500.0000"),  # 200 USDT at 100,000 are 2 steps of 0.001: 7.5 * 200
        ("b0.003", None, "2250.0000"),
        ("x0.05", "5000", "2250.0000"),  # 250 USDT are 2.5 steps, rounded up to 3
        ("1", None, "750.0000"),  # one step is the least
    ],
)
def test_value_is_one_and_a_half_times_all_opens_of_one_side(
    amount: str, balance: str | None, expected: str
) -> None:
    wallet = None if balance is None else Decimal(balance)
    assert notional_cap(setup_of(amount), 1_000_000, wallet) == Decimal(expected)


def test_a_stated_value_wins() -> None:
    setup = setup_of("200", max_notional=Decimal(77))
    assert notional_cap(setup, 1_000_000, None) == 77


def test_one_placement_too_many_in_a_minute_breaks_the_law(
    make_world: MakeWorld, place: Place, sent: Sent
) -> None:
    checker, world = ExposureChecker(), make_world()
    cap = placements_cap(world.scenario.setups[0])
    order = place(world, LONG, SELL, 1_000)
    for number in range(cap):
        checker.handled(world, START, Instant(number), sent(order))
    with pytest.raises(LawBroken, match="placements in 60 s"):
        checker.handled(world, START, Instant(MINUTE_US - 1), sent(order))


def test_a_placement_a_minute_after_the_first_of_a_full_window_passes(
    make_world: MakeWorld, place: Place, sent: Sent
) -> None:
    checker, world = ExposureChecker(), make_world()
    cap = placements_cap(world.scenario.setups[0])
    order = place(world, LONG, SELL, 1_000)
    for number in range(cap):
        checker.handled(world, START, Instant(number), sent(order))
    checker.handled(world, START, Instant(MINUTE_US), sent(order))

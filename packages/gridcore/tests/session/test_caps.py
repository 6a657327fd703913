"""Caps hold by default and are derived from the grid and the sizing (L110, W24, W25)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.config import (
    NO_COUNT_LIMIT,
    NO_NOTIONAL_LIMIT,
    GridConfig,
    SafetyConfig,
    SizingConfig,
)
from gridcore.instrument import Instrument
from gridcore.session.caps import REMEMBERED_PRICES, Caps
from gridcore.sizing import Sizer, parse_amount

AT_100 = 1000
"""100.0 in ticks."""


def coin(**changes: Any) -> Instrument:
    fields: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "tick_size": Decimal("0.1"),
        "qty_step": Decimal("0.01"),
        "min_qty": Decimal("0.01"),
        "max_qty": Decimal(1000),
        "min_notional": Decimal(5),
    }
    return Instrument(**(fields | changes))


def caps(
    amount: str = "b0.1",
    grid_count: int = 4,
    early: str = "1",
    instrument: Instrument | None = None,
    **safety: Any,
) -> Caps:
    return Caps(
        GridConfig(grid_count=grid_count),
        SizingConfig(amount=amount, early_imbalance_multiplier=Decimal(early)),
        SafetyConfig(**safety),
        instrument or coin(),
    )


@pytest.mark.parametrize(("count", "orders", "placements"), [(4, 20, 20), (50, 112, 204)])
def test_orders_and_placements_are_capped_by_the_number_of_levels_w24(
    count: int, orders: int, placements: int
) -> None:
    found = caps(grid_count=count)

    assert (found.open_orders, found.placements) == (orders, placements)


def test_a_stated_cap_wins_over_the_derived_one() -> None:
    found = caps(max_open_orders=3, max_placements_per_minute=7, max_notional=Decimal(41))

    assert (found.open_orders, found.placements) == (3, 7)
    assert found.notional(AT_100, None) == 41


def test_a_cap_that_is_off_stops_nothing() -> None:
    found = caps(
        max_open_orders=NO_COUNT_LIMIT,
        max_placements_per_minute=NO_COUNT_LIMIT,
        max_notional=NO_NOTIONAL_LIMIT,
    )

    assert found.open_orders == found.placements == 10**18
    assert found.notional(AT_100, Decimal(1)) == Decimal("1e30")


@pytest.mark.parametrize(
    ("amount", "price", "balance", "cap"),
    [
        ("b0.1", AT_100, None, "30"),
        ("b0.1", 2000, None, "60"),
        ("25", AT_100, None, "75"),
        ("x0.001", AT_100, Decimal(30000), "90"),
    ],
)
def test_one_side_of_the_grid_fits_one_and_a_half_times(
    amount: str, price: int, balance: Decimal | None, cap: str
) -> None:
    """Two opens of 10, 20, 25 and 30 USDT on each side of the grid."""
    assert caps(amount).notional(price, balance) == Decimal(cap)


def test_the_factor_is_a_setting() -> None:
    assert caps(notional_factor=Decimal(2)).notional(AT_100, None) == 40


def test_one_order_is_worth_what_is_sent_not_what_was_asked() -> None:
    """25 USDT at 99.9 are 0.26 coins; with a step of 1 coin, a whole one; 1 USDT is raised to 5."""
    assert caps("25").notional(999, None) == Decimal("77.922")
    assert caps("25", instrument=coin(qty_step=Decimal(1))).notional(999, None) == Decimal("299.7")
    assert caps("1").notional(AT_100, None) == 15


def test_an_order_below_the_minimum_counts_as_the_smallest_that_can_leave() -> None:
    assert caps("b0.05", instrument=coin(min_qty=Decimal("0.1"))).notional(AT_100, None) == 30


def test_an_order_is_never_worth_more_than_the_maximum_quantity() -> None:
    assert caps("b9", instrument=coin(max_qty=Decimal(1))).notional(AT_100, None) == 300


@pytest.mark.parametrize(("early", "cap"), [("2", "60"), ("0.5", "30")])
def test_room_is_left_for_larger_opens_and_not_taken_by_smaller_ones(early: str, cap: str) -> None:
    assert caps(early=early).notional(AT_100, None) == Decimal(cap)


def test_an_unknown_wallet_leaves_the_cap_unknown_only_where_the_amount_depends_on_it() -> None:
    assert caps("x0.001").notional(AT_100, None) is None
    assert caps("25").notional(AT_100, None) == 75


@pytest.mark.parametrize("balance", ["0", "-10"])
def test_an_empty_wallet_leaves_no_room(balance: str) -> None:
    assert caps("x0.001").notional(AT_100, Decimal(balance)) == 0


def test_the_cap_follows_the_balance_whatever_was_asked_before() -> None:
    found = caps("x0.001")

    asked = [
        found.notional(price, Decimal(balance))
        for balance in (30000, 60000, 30000)
        for price in (AT_100, 2000, AT_100)
    ]

    assert asked == [90, 90, 90, 180, 180, 180, 90, 90, 90]


def test_more_prices_than_are_remembered_get_the_same_answers() -> None:
    found = caps()
    for price in range(1, REMEMBERED_PRICES + 10):
        found.notional(AT_100 + price, None)

    assert found.notional(AT_100, None) == 30


def test_a_grid_of_one_level_has_room_for_its_order() -> None:
    assert caps(grid_count=1).notional(AT_100, None) == 15


@given(
    st.sampled_from(["b0.07", "3", "25", "x0.0004"]),
    st.integers(4, 60),
    st.integers(10, 10**6),
    st.integers(100, 10**7),
)
def test_every_open_of_one_side_fits_at_any_price_and_balance(
    amount: str, count: int, price: int, cents: int
) -> None:
    balance, instrument = Decimal(cents) / 100, coin()
    steps = Sizer(parse_amount(amount), instrument).opening(price, balance, Decimal(1)).steps
    assert steps is not None

    cap = caps(amount, grid_count=count).notional(price, balance)

    assert cap == Decimal("1.5") * (count // 2) * instrument.notional(price, steps)

from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from appkit.exits import UserError
from appkit.instruments.facts import (
    FactsRefused,
    InstrumentFacts,
    RiskTier,
    checked_tiers,
    complete,
)
from gridcore.instrument import Instrument


def test_complete_facts_become_the_kernels_instrument(btc: InstrumentFacts) -> None:
    assert complete(btc).to_gridcore() == Instrument(
        symbol="BTCUSDT",
        tick_size=Decimal("0.1"),
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal(1500),
        min_notional=Decimal(5),
    )


def test_nothing_is_made_up_for_a_missing_fact(btc: InstrumentFacts) -> None:
    """N-1: never fabricate a tick."""
    with pytest.raises(UserError, match="BTCUSDT: unknown min_notional, tick_size"):
        complete(replace(btc, tick_size=None, min_notional=None))


def test_known_facts_are_those_that_are_stated() -> None:
    assert InstrumentFacts(symbol="X", tick_size=Decimal(1)).known() == {"tick_size"}


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("tick_size", Decimal(0), "tick_size must be above zero, found 0"),
        ("qty_step", Decimal("NaN"), "qty_step must be above zero, found NaN"),
        ("max_leverage", Decimal(-1), "max_leverage must be above zero"),
        ("min_notional", Decimal(-1), "min_notional must not be negative"),
        ("funding_interval_minutes", 0, "funding_interval_minutes must be above zero"),
        ("max_qty", Decimal("0.0001"), "min_qty 0.001 is above max_qty 0.0001"),
    ],
)
def test_an_impossible_fact_is_refused_by_name(
    btc: InstrumentFacts, field: str, value: Any, told: str
) -> None:
    with pytest.raises(FactsRefused, match=told):
        replace(btc, **{field: value})


def test_a_price_range_upside_down_is_refused() -> None:
    with pytest.raises(FactsRefused, match="min_price 2 is above max_price 1"):
        InstrumentFacts(symbol="X", min_price=Decimal(2), max_price=Decimal(1))


def test_a_minimum_notional_of_zero_is_a_fact(btc: InstrumentFacts) -> None:
    assert complete(replace(btc, min_notional=Decimal(0))).min_notional == 0


def test_tiers_in_any_order_end_ascending_with_an_open_end(tiers: tuple[RiskTier, ...]) -> None:
    """M-7: sort ascending; the last cap is replaced by infinity."""
    low, high = tiers
    capped = [low, replace(high, max_value=Decimal(2000000))]
    assert all(checked_tiers(order) == (low, high) for order in permutations(capped))
    assert checked_tiers([high, low]) == (low, high)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"max_value": Decimal(0)}, "max_value must be positive, found 0"),
        ({"max_value": Decimal("NaN")}, "max_value must be positive, found NaN"),
        ({"maintenance_rate": Decimal("1.5")}, "maintenance_rate must be from 0 to 1"),
        ({"initial_rate": Decimal(-1)}, "initial_rate must be from 0 to 1"),
        ({"deduction": Decimal(-1)}, "deduction must not be negative"),
        ({"max_value": Decimal(300000)}, "the boundary max_value 300000 stands twice"),
    ],
)
def test_an_impossible_tier_is_refused_by_field(
    tiers: tuple[RiskTier, ...], changed: dict[str, Decimal], told: str
) -> None:
    """M-7."""
    with pytest.raises(FactsRefused, match=told):
        checked_tiers([tiers[0], replace(tiers[1], **changed)])


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(FactsRefused, match="must not be empty"):
        checked_tiers([])

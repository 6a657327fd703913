from decimal import Decimal
from typing import Any

import pytest

from appkit.instruments.bybit_payload import instrument_facts, tier_facts
from appkit.instruments.facts import FactsRefused, InstrumentFacts, RiskTier

# The first three BTCUSDT tiers of spec/bybit.md A.3, newest layout: texts, "" for no deduction.
BTC_ROWS = [
    ("2000000", "0.005", "0.01", "510"),
    ("300000", "0.0033", "0.01", ""),
    ("2600000", "0.0056", "0.0112", "1710"),
]


def tier_row(cap: str, maintenance: str, initial: str, deduction: str) -> dict[str, Any]:
    return {
        "id": 1,
        "symbol": "BTCUSDT",
        "riskLimitValue": cap,
        "maintenanceMargin": maintenance,
        "initialMargin": initial,
        "mmDeduction": deduction,
    }


def tier(cap: str | None, maintenance: str, initial: str, deduction: str) -> RiskTier:
    return RiskTier(
        max_value=None if cap is None else Decimal(cap),
        maintenance_rate=Decimal(maintenance),
        deduction=Decimal(deduction),
        initial_rate=Decimal(initial),
    )


def test_an_instrument_row_is_read_as_documented() -> None:
    row = {
        "symbol": "BTCUSDT",
        "status": "Trading",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
        "lotSizeFilter": {
            "maxOrderQty": "1190.000",
            "minOrderQty": "0.001",
            "qtyStep": "0.001",
            "minNotionalValue": "5",
        },
        "fundingInterval": 480,
    }
    assert instrument_facts(row) == InstrumentFacts(
        symbol="BTCUSDT",
        tick_size=Decimal("0.1"),
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal(1190),
        min_notional=Decimal(5),
        max_leverage=Decimal(100),
        funding_interval_minutes=480,
        min_price=Decimal("0.1"),
        max_price=Decimal("1999999.8"),
        status="Trading",
    )


def test_null_filters_are_tolerated_and_leave_facts_unknown() -> None:
    """N-1."""
    row = {"symbol": "X", "priceFilter": None, "lotSizeFilter": {"qtyStep": ""}}
    assert instrument_facts(row) == InstrumentFacts(symbol="X")


def test_a_number_that_cannot_be_read_is_refused_by_name() -> None:
    with pytest.raises(FactsRefused, match="tickSize must be a number"):
        instrument_facts({"symbol": "X", "priceFilter": {"tickSize": "tiny"}})


def test_tiers_are_sorted_opened_and_an_empty_deduction_is_zero() -> None:
    """M-7."""
    (facts,), refused, notes = tier_facts([tier_row(*row) for row in BTC_ROWS])
    assert facts.tiers == (
        tier("300000", "0.0033", "0.01", "0"),
        tier("2000000", "0.005", "0.01", "510"),
        tier(None, "0.0056", "0.0112", "1710"),
    )
    assert (refused, notes) == ([], [])


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("riskLimitValue", None, "riskLimitValue must be a number"),
        ("riskLimitValue", "0", "max_value must be positive"),
        ("riskLimitValue", "NaN", "riskLimitValue must be a number"),
        ("maintenanceMargin", "", "maintenanceMargin must be a number"),
        ("maintenanceMargin", "1.1", "maintenance_rate must be from 0 to 1"),
        ("initialMargin", "-0.1", "initial_rate must be from 0 to 1"),
        ("mmDeduction", "-1", "deduction must not be negative"),
        ("riskLimitValue", "2000000", "stands twice"),
    ],
)
def test_a_symbol_with_an_impossible_tier_is_refused_whole(
    field: str, value: str | None, told: str
) -> None:
    """M-7."""
    rows = [tier_row(*BTC_ROWS[0]), {**tier_row(*BTC_ROWS[1]), field: value}]
    facts, refused, _ = tier_facts(rows)
    assert facts == []
    assert refused[0].startswith("BTCUSDT: ")
    assert told in refused[0]


def test_tiers_that_do_not_say_whose_they_are_are_refused() -> None:
    bare = tier_row(*BTC_ROWS[0])
    del bare["symbol"]
    assert tier_facts([bare, 5]) == (
        [],
        [
            "row 1: expected a mapping with a symbol",
            "row 2: expected a mapping with a symbol",
        ],
        [],
    )


def test_odd_but_possible_tables_are_noted() -> None:
    rows = [tier_row("1", "0", "", ""), tier_row("2", "0.1", "0.2", "")]
    _, refused, notes = tier_facts(rows)
    assert refused == []
    assert [note.split(";")[0] for note in notes] == [
        "BTCUSDT: a tier states no initial margin rate",
        "BTCUSDT: a tier states a maintenance rate of 0",
        "BTCUSDT: a tier after the first states no deduction",
    ]

from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.normalizer.words import BadElement
from bybit_adapter.rest.instruments import read_terms, read_tiers
from gridcore.instrument import Instrument
from gridcore.tiers import RiskTier, RiskTiers

ROW: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "status": "Trading",
    "fundingInterval": 480,
    "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
    "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
    "lotSizeFilter": {
        "maxOrderQty": "1190.000",
        "minOrderQty": "0.001",
        "qtyStep": "0.001",
        "maxMktOrderQty": "500.000",
        "minNotionalValue": "5",
    },
}


def test_an_instruments_row_becomes_terms_and_the_kernels_instrument() -> None:
    terms = read_terms(ROW)

    assert terms.to_instrument() == Instrument(
        symbol="BTCUSDT",
        tick_size=Decimal("0.10"),
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal(1190),
        min_notional=Decimal(5),
    )
    assert terms.trading
    assert (terms.max_leverage, terms.leverage_step) == (Decimal(100), Decimal("0.01"))
    assert (terms.min_price, terms.max_price) == (Decimal("0.10"), Decimal("1999999.80"))
    assert (terms.max_market_qty, terms.funding_interval_minutes) == (Decimal(500), 480)
    assert terms.raw is ROW


@pytest.mark.parametrize("interval", [0, None, "480", -1])
def test_an_interval_that_is_none_is_unknown(interval: Any) -> None:
    assert read_terms(ROW | {"fundingInterval": interval}).funding_interval_minutes is None


def test_a_symbol_that_is_being_delivered_does_not_trade() -> None:
    assert not read_terms(ROW | {"status": "Delivering"}).trading


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lotSizeFilter": None}, "qtyStep"),
        ({"priceFilter": {}}, "tickSize"),
        ({"priceFilter": {"tickSize": "NaN"}}, "tickSize"),
        ({"status": ""}, "status"),
    ],
)
def test_nothing_that_sizing_needs_is_made_up(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadElement, match=words):
        read_terms(ROW | change)


def test_tiers_are_sorted_and_the_last_one_is_open() -> None:
    """M-5; the three tiers that spec/bybit.md A.3 quotes."""
    rows = [
        tier("2600000", "0.0056", "1710"),
        tier("300000", "0.0033", ""),
        tier("2000000", "0.005", "510"),
    ]

    found = read_tiers(rows)

    assert found == (
        exact(Decimal(300000), "0.0033", "0"),
        exact(Decimal(2000000), "0.005", "510"),
        exact(None, "0.0056", "1710"),
    )
    assert RiskTiers(found).tiers == found


def test_no_tier_at_all_is_refused() -> None:
    with pytest.raises(BadElement, match="at least one tier"):
        read_tiers([])


def tier(value: str, rate: str, deduction: str) -> dict[str, Any]:
    return {
        "id": 1,
        "symbol": "BTCUSDT",
        "riskLimitValue": value,
        "maintenanceMargin": rate,
        "initialMargin": "0.01",
        "mmDeduction": deduction,
    }


def exact(value: Decimal | None, rate: str, deduction: str) -> RiskTier:
    return RiskTier(
        max_value=value,
        maintenance_rate=Decimal(rate),
        deduction=Decimal(deduction),
        initial_rate=Decimal("0.01"),
    )

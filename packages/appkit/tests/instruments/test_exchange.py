from decimal import Decimal
from typing import Any

import pytest

from appkit.instruments import ExchangeRows, ExchangeSource, InstrumentFacts, RiskTier, SourceSilent

ROW: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "status": "Trading",
    "fundingInterval": 480,
    "priceFilter": {"tickSize": "0.10"},
    "lotSizeFilter": {
        "maxOrderQty": "1500",
        "minOrderQty": "0.001",
        "qtyStep": "0.001",
        "minNotionalValue": "5",
    },
    "leverageFilter": {"maxLeverage": "100.00"},
}
TIERS: list[dict[str, Any]] = [
    {
        "symbol": "BTCUSDT",
        "riskLimitValue": "2000000",
        "maintenanceMargin": "0.005",
        "initialMargin": "0.01",
        "mmDeduction": "510",
    },
    {
        "symbol": "BTCUSDT",
        "riskLimitValue": "300000",
        "maintenanceMargin": "0.0033",
        "initialMargin": "0.01",
        "mmDeduction": "",
    },
]


def fetched(
    row: dict[str, Any], tiers: list[dict[str, Any]], symbol: str = "BTCUSDT"
) -> InstrumentFacts | SourceSilent:
    return ExchangeSource(lambda _: ExchangeRows(instrument=row, tiers=tiers)).fetch(symbol)


def test_the_exchanges_rows_become_facts(btc: InstrumentFacts, tiers: tuple[RiskTier, ...]) -> None:
    found = fetched(ROW, TIERS)

    assert isinstance(found, InstrumentFacts)
    assert found.tiers == tiers
    assert found.tick_size == Decimal("0.1")
    assert (found.min_notional, found.max_qty) == (Decimal(5), Decimal(1500))
    assert found.status == "Trading"


def test_silence_is_passed_on() -> None:
    silent = SourceSilent(reason="no network")

    assert ExchangeSource(lambda _: silent).fetch("BTCUSDT") is silent


@pytest.mark.parametrize(
    ("row", "tiers", "words"),
    [
        (ROW, [], "no tiers of BTCUSDT"),
        (ROW, [TIERS[0] | {"symbol": "ETHUSDT"}], "no tiers of BTCUSDT"),
        (ROW, [TIERS[0] | {"maintenanceMargin": "x"}], "tiers cannot be used"),
        (ROW, [{"riskLimitValue": "1"}], "tiers cannot be used"),
        (ROW | {"symbol": "ETHUSDT"}, TIERS, "told of 'ETHUSDT'"),
        ({}, TIERS, "told of None"),
        (ROW | {"priceFilter": {"tickSize": "0"}}, TIERS, "answer cannot be used: tick_size"),
        (ROW | {"priceFilter": {"tickSize": "NaN"}}, TIERS, "answer cannot be used: tickSize"),
    ],
)
def test_rows_that_cannot_be_used_are_no_answer(
    row: dict[str, Any], tiers: list[dict[str, Any]], words: str
) -> None:
    found = fetched(row, tiers)

    assert isinstance(found, SourceSilent)
    assert words in found.reason

"""instruments-info and risk-limit rows have the complete field sets of bybit.md A.3."""

from dataclasses import replace
from decimal import Decimal

from bybit_sim.market.facts import BTCUSDT
from bybit_sim.market.rows import hours_text, instrument_row, risk_rows


def test_the_instrument_is_told_as_documented() -> None:
    row = instrument_row(BTCUSDT)

    assert row["priceFilter"] == {
        "minPrice": "0.10",
        "maxPrice": "1999999.80",
        "tickSize": "0.10",
    }
    assert row["lotSizeFilter"] == {
        "maxOrderQty": "1190.000",
        "minOrderQty": "0.001",
        "qtyStep": "0.001",
        "postOnlyMaxOrderQty": "1190.000",
        "maxMktOrderQty": "500.000",
        "minNotionalValue": "5",
    }
    assert row["leverageFilter"] == {
        "minLeverage": "1",
        "maxLeverage": "100.00",
        "leverageStep": "0.01",
    }
    assert row["priceScale"] == "2"
    assert row["fundingInterval"] == 480
    assert row["isPreListing"] is False
    assert set(row) == {
        *("symbol", "symbolId", "contractType", "status", "baseCoin", "quoteCoin", "launchTime"),
        *("deliveryTime", "deliveryFeeRate", "priceScale", "leverageFilter", "priceFilter"),
        *("lotSizeFilter", "unifiedMarginTrade", "fundingInterval", "settleCoin", "copyTrading"),
        *("upperFundingRate", "lowerFundingRate", "isPreListing", "preListingInfo"),
        *("riskParameters", "displayName", "forbidUplWithdrawal", "symbolType"),
    }


def test_risk_limits_are_told_lowest_first_with_an_empty_first_deduction() -> None:
    rows = risk_rows(BTCUSDT)

    assert rows[0] == {
        "id": 1,
        "symbol": "BTCUSDT",
        "riskLimitValue": "300000",
        "maintenanceMargin": "0.0033",
        "initialMargin": "0.01",
        "isLowestRisk": 1,
        "maxLeverage": "100.00",
        "mmDeduction": "",
    }
    assert [row["mmDeduction"] for row in rows] == ["", "510", "1710", "13150"]
    assert rows[-1]["riskLimitValue"] == "10000000"
    assert [row["isLowestRisk"] for row in rows] == [1, 0, 0, 0]
    assert rows[-1]["maxLeverage"] == "50.00"


def test_no_tier_allows_more_than_the_instrument() -> None:
    modest = replace(BTCUSDT, max_leverage=Decimal("25.00"))

    assert {row["maxLeverage"] for row in risk_rows(modest)} == {"25.00"}


def test_funding_intervals_are_told_in_hours() -> None:
    assert [hours_text(minutes) for minutes in (480, 60, 90)] == ["8", "1", "1.5"]

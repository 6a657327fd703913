"""Positions as rows (bybit.md A.5, B.4)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import NewOrder, OrderType, PrivateTopic
from gridcore.sides import SELL

FIELDS = {
    "positionIdx",
    "riskId",
    "riskLimitValue",
    "symbol",
    "side",
    "size",
    "avgPrice",
    "positionValue",
    "autoAddMargin",
    "positionStatus",
    "leverage",
    "breakEvenPrice",
    "markPrice",
    "liqPrice",
    "positionIM",
    "positionIMByMp",
    "positionMM",
    "positionMMByMp",
    "takeProfit",
    "stopLoss",
    "trailingStop",
    "sessionAvgPrice",
    "unrealisedPnl",
    "curRealisedPnl",
    "cumRealisedPnl",
    "adlRankIndicator",
    "createdTime",
    "updatedTime",
    "openTime",
    "seq",
    "isReduceOnly",
    "mmrSysUpdatedTime",
    "leverageSysUpdatedTime",
    "tradeMode",
    "tpslMode",
    "bustPrice",
    "positionBalance",
}
Orders = Callable[..., NewOrder]


@pytest.fixture
def short(exchange: Exchange, account: Account, new_order: Orders, ticker: Any) -> Account:
    """1 BTC short at 50,000.00, marked at 50,100.55."""
    account.create(
        new_order(None, "1", order_type=OrderType.MARKET, side=SELL, idx=2), exchange.now
    )
    ticker(exchange, "50100", mark="50100.55")
    exchange.take_pushes()
    return account


def test_an_open_leg_shows_value_margin_and_profit_at_the_mark(
    exchange: Exchange, short: Account
) -> None:
    flat, row = short.position_rows("BTCUSDT", exchange.now)

    assert set(flat) == set(row) == FIELDS
    assert (row["positionIdx"], row["side"], row["size"], row["avgPrice"]) == (
        2,
        "Sell",
        "1.000",
        "50000",
    )
    assert (row["markPrice"], row["positionValue"], row["unrealisedPnl"]) == (
        "50100.55",
        "50100.55",
        "-100.55",
    )
    assert (row["positionIM"], row["positionMM"], row["leverage"]) == (
        "5010.055",
        "165.331815",
        "10",
    )
    assert (row["riskId"], row["riskLimitValue"]) == (1, "300000")
    # 9,972.5 of cash are left: 9972.5 + 50000 - p = 0.0033 p.
    assert row["liqPrice"] == "59775.24"
    # (-50000 + 27.5) / (-1 - 0.00055)
    assert row["breakEvenPrice"] == "49945.03023337"
    assert (row["curRealisedPnl"], row["openTime"]) == ("-27.5", 1767261601000)


def test_a_flat_leg_has_empty_numbers_in_the_listing(exchange: Exchange, short: Account) -> None:
    flat, _ = short.position_rows("BTCUSDT", exchange.now)

    assert (flat["side"], flat["size"], flat["avgPrice"], flat["liqPrice"]) == (
        "",
        "0.000",
        "0",
        "",
    )
    empty = ("positionValue", "positionIM", "positionMM", "unrealisedPnl", "breakEvenPrice")
    assert [flat[name] for name in empty] == [""] * 5
    assert (flat["seq"], flat["openTime"]) == (-1, 0)


def test_the_stream_names_the_entry_and_the_category(
    exchange: Exchange, short: Account, new_order: Orders
) -> None:
    short.create(new_order("51000", side=SELL, idx=2, qty="0.001"), exchange.now)

    (row,) = [
        row
        for push in exchange.take_pushes()
        if push.topic is PrivateTopic.POSITION
        for row in push.rows
    ]
    assert set(row) == FIELDS - {"avgPrice"} | {"category", "entryPrice"}
    assert (row["category"], row["entryPrice"]) == ("linear", "50000")


def test_before_any_price_a_position_row_is_flat_and_unmarked(
    make_exchange: Callable[..., Exchange],
) -> None:
    exchange = make_exchange()

    row = exchange.accounts[1001].position_rows("BTCUSDT", exchange.now)[0]

    assert (row["markPrice"], row["size"]) == ("", "0.000")


def test_all_symbols_are_listed_long_before_short(exchange: Exchange, account: Account) -> None:
    assert [
        (row["symbol"], row["positionIdx"]) for row in account.position_rows(None, exchange.now)
    ] == [
        ("BTCUSDT", 1),
        ("BTCUSDT", 2),
        ("ETHUSDT", 1),
        ("ETHUSDT", 2),
    ]


@pytest.mark.parametrize(("qty", "number", "limit"), [("6", 1, "300000"), ("7", 2, "2000000")])
def test_the_risk_limit_is_that_of_the_position_value(
    make_exchange: Callable[..., Exchange],
    trade: Any,
    new_order: Orders,
    qty: str,
    number: int,
    limit: str,
) -> None:
    exchange = make_exchange(balance=Decimal(1_000_000))
    trade(exchange, "50000")
    account = exchange.accounts[1001]
    account.create(new_order(None, qty, order_type=OrderType.MARKET), exchange.now)

    row = account.position_rows("BTCUSDT", exchange.now)[0]

    assert (row["riskId"], row["riskLimitValue"]) == (number, limit)

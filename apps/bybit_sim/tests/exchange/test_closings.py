"""Closed profit and loss: one row per closing order (bybit.md A.5)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import NewOrder, OrderRecord, OrderType
from gridcore.sides import BUY, SELL

FIELDS = (
    "symbol orderId side qty orderPrice orderType execType closedSize cumEntryValue avgEntryPrice "
    "cumExitValue avgExitPrice closedPnl fillCount leverage openFee closeFee createdTime "
    "updatedTime"
)
Orders = Callable[..., NewOrder]


def test_several_fills_of_one_closing_order_make_one_row(
    make_exchange: Callable[..., Exchange], trade: Any, new_order: Orders
) -> None:
    exchange = make_exchange(partial_fills=1000, seed=5)
    trade(exchange, "50000")
    account = exchange.accounts[1001]
    account.create(new_order(None, "0.020", order_type=OrderType.MARKET), exchange.now)
    order = account.create(new_order("50400", "0.020", side=SELL, reduce_only=True), exchange.now)
    while account.open_orders(None):
        trade(exchange, "50400.1")

    (row,) = account.closed_pnl_rows(None)

    assert isinstance(order, OrderRecord)
    assert list(row) == FIELDS.split()
    assert int(str(row["fillCount"])) == len(account.executions(None)) - 1 > 1
    assert (row["closedSize"], row["avgEntryPrice"], row["avgExitPrice"], row["leverage"]) == (
        "0.020",
        "50000",
        "50400",
        "10",
    )
    # 8 of profit, 0.55 to open as taker, 0.2016 to close as maker.
    assert (row["closedPnl"], row["openFee"], row["closeFee"]) == ("7.2484", "0.55", "0.2016")
    assert account.order_row(order)["cumExecFee"] == "0.2016"


def test_rows_are_listed_by_their_last_update_newest_first_and_by_symbol(
    exchange: Exchange, account: Account, new_order: Orders, trade: Any
) -> None:
    account.create(new_order(None, "0.010", order_type=OrderType.MARKET), exchange.now)
    account.create(
        new_order(None, "0.010", order_type=OrderType.MARKET, side=SELL, idx=2), exchange.now
    )
    for idx, side in ((1, SELL), (2, BUY)):
        account.create(
            new_order(
                None, "0.010", order_type=OrderType.MARKET, side=side, idx=idx, reduce_only=True
            ),
            exchange.now,
        )

    assert [row["side"] for row in account.closed_pnl_rows("BTCUSDT")] == ["Buy", "Sell"]
    assert account.closed_pnl_rows("ETHUSDT") == []


def test_a_row_of_a_deleveraged_leg_names_the_kind(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    account.create(new_order(None, order_type=OrderType.MARKET), exchange.now)
    account.deleverage("BTCUSDT", 1, Decimal("0.010"), exchange.now)

    (row,) = account.closed_pnl_rows(None)

    assert (row["execType"], row["orderType"]) == ("AdlTrade", "Market")

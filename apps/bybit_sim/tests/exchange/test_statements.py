"""The standing of an account agrees with its venue."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import NewOrder, OrderType


def test_the_margin_of_orders_and_positions_is_told_apart(
    exchange: Exchange, account: Account, new_order: Callable[..., NewOrder]
) -> None:
    account.create(new_order(None, "0.1", order_type=OrderType.MARKET), exchange.now)
    account.create(new_order("40000", "0.1"), exchange.now)

    row: Any = account.wallet_row(exchange.now)

    (coin,) = row["coin"]
    assert (coin["totalOrderIM"], coin["totalPositionIM"], row["totalInitialMargin"]) == (
        "400",
        "500",
        "900",
    )
    assert Decimal(row["totalInitialMargin"]) == account.venue.initial_margin()
    assert Decimal(row["totalMaintenanceMargin"]) == account.venue.maintenance_margin()
    assert Decimal(row["totalEquity"]) == account.venue.equity()
    assert (coin["walletBalance"], coin["cumRealisedPnl"]) == ("9997.25", "-2.75")


def test_before_any_price_all_margin_is_that_of_resting_orders(
    make_exchange: Callable[..., Exchange], new_order: Callable[..., NewOrder]
) -> None:
    exchange = make_exchange()
    account = exchange.accounts[1001]
    account.create(new_order("40000", "0.1"), exchange.now)

    row: Any = account.wallet_row(exchange.now)

    assert (row["coin"][0]["totalOrderIM"], row["coin"][0]["totalPositionIM"]) == ("400", "0")

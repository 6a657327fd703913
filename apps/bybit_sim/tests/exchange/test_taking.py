"""Orders that never rest: Market, IOC, FOK (bybit.md A.4, A.7)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import Lifetime, NewOrder, OrderRecord, OrderType, State
from gridcore.sides import SELL

UID = 1001
Orders = Callable[..., NewOrder]


@pytest.mark.parametrize(
    ("lifetime", "reason"),
    [
        (Lifetime.IOC, "EC_NoImmediateQtyToFill"),
        (Lifetime.FOK, "EC_CancelForNoFullFill"),
    ],
)
def test_a_limit_that_reaches_no_maker_is_cancelled_at_once(
    exchange: Exchange,
    account: Account,
    new_order: Orders,
    lifetime: Lifetime,
    reason: str,
) -> None:
    order = account.create(new_order("49999.9", lifetime=lifetime), exchange.now)

    assert isinstance(order, OrderRecord)
    assert (order.state, order.reject_reason, order.cum_qty) == (
        State.CANCELLED,
        reason,
        Decimal(0),
    )


@pytest.mark.parametrize("lifetime", [Lifetime.IOC, Lifetime.FOK])
def test_a_limit_through_the_market_fills_wholly_at_the_opposite_price(
    exchange: Exchange, account: Account, new_order: Orders, lifetime: Lifetime
) -> None:
    order = account.create(new_order("50100", lifetime=lifetime), exchange.now)

    assert isinstance(order, OrderRecord)
    assert (order.state, order.cum_value) == (State.FILLED, Decimal("500.0"))
    (fill,) = account.executions(None)
    assert (fill.is_maker, fill.fee_rate, fill.fee) == (False, Decimal("0.00055"), Decimal("0.275"))


def test_a_thin_book_fills_a_part_of_an_ioc_and_nothing_of_a_fok(
    make_exchange: Callable[..., Exchange], trade: Any, new_order: Orders
) -> None:
    exchange = make_exchange(partial_fills=1000)
    trade(exchange, "50000")
    account = exchange.accounts[UID]

    part = account.create(new_order("50100", lifetime=Lifetime.IOC), exchange.now)
    nothing = account.create(new_order("50100", lifetime=Lifetime.FOK), exchange.now)

    assert isinstance(part, OrderRecord)
    assert isinstance(nothing, OrderRecord)
    assert 0 < part.cum_qty < part.qty == Decimal("0.010")
    assert (part.state, part.reject_reason) == (State.CANCELLED, "EC_NoEnoughQtyToFill")
    assert (nothing.state, nothing.cum_qty, nothing.reject_reason) == (
        State.CANCELLED,
        Decimal(0),
        "EC_CancelForNoFullFill",
    )


def test_a_market_close_goes_before_resting_closes_which_are_cancelled(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    account.create(new_order(None, order_type=OrderType.MARKET), exchange.now)
    resting = account.create(new_order("51000", side=SELL, reduce_only=True), exchange.now)

    closing = account.create(
        new_order(None, "0.020", side=SELL, order_type=OrderType.MARKET, reduce_only=True),
        exchange.now,
    )

    assert isinstance(resting, OrderRecord)
    assert isinstance(closing, OrderRecord)
    assert (closing.state, closing.cum_qty) == (State.FILLED, Decimal("0.010"))
    assert (resting.state, resting.cancel_type) == (State.CANCELLED, "CancelByReduceOnly")


def test_with_quotes_a_sell_takes_at_the_bid(
    exchange: Exchange, account: Account, new_order: Orders, ticker: Any
) -> None:
    ticker(exchange, "50000", bid="49990", ask="50010")

    account.create(new_order(None, order_type=OrderType.MARKET, side=SELL, idx=2), exchange.now)

    (fill,) = account.executions(None)
    assert fill.price == Decimal("49990.00")
    assert account.execution_row(fill)["execPrice"] == "49990.00"


def test_a_close_that_arrives_after_its_leg_is_gone_finds_nothing(
    make_exchange: Callable[..., Exchange], trade: Any, new_order: Orders
) -> None:
    exchange = make_exchange(latency_us=50_000)
    trade(exchange, "50000")
    account = exchange.accounts[UID]
    account.create(new_order(None, order_type=OrderType.MARKET), exchange.now)
    trade(exchange, "50000")
    close = new_order(None, side=SELL, order_type=OrderType.MARKET, reduce_only=True)
    first = account.create(close, exchange.now)
    second = account.create(close, exchange.now)

    trade(exchange, "50000")

    assert isinstance(first, OrderRecord)
    assert isinstance(second, OrderRecord)
    assert (first.state, second.state, second.cum_qty) == (
        State.FILLED,
        State.CANCELLED,
        Decimal(0),
    )


def test_a_fok_close_that_arrives_at_a_smaller_leg_fills_nothing(
    make_exchange: Callable[..., Exchange], trade: Any, new_order: Orders
) -> None:
    exchange = make_exchange(latency_us=50_000)
    trade(exchange, "50000")
    account = exchange.accounts[UID]
    account.create(new_order(None, "0.010", order_type=OrderType.MARKET), exchange.now)
    trade(exchange, "50000")
    part = new_order(None, "0.004", side=SELL, order_type=OrderType.MARKET, reduce_only=True)
    account.create(part, exchange.now)

    whole = account.create(new_order("49900", side=SELL, lifetime=Lifetime.FOK), exchange.now)
    trade(exchange, "50000")

    assert isinstance(whole, OrderRecord)
    assert (whole.state, whole.cum_qty, whole.reject_reason) == (
        State.CANCELLED,
        Decimal(0),
        "EC_CancelForNoFullFill",
    )


def test_the_part_that_a_thin_book_gives_is_never_below_the_least_order(
    make_exchange: Callable[..., Exchange], trade: Any, new_order: Orders
) -> None:
    exchange = make_exchange(partial_fills=1000, seed=1)
    trade(exchange, "1000")
    account = exchange.accounts[UID]
    buy = new_order("1005", "0.008", lifetime=Lifetime.IOC)

    orders = [account.create(buy, exchange.now) for _ in range(20)]

    assert all(isinstance(order, OrderRecord) for order in orders)
    assert {order.state for order in orders if isinstance(order, OrderRecord)} <= {
        State.FILLED,
        State.CANCELLED,
    }
    # 5 USDT at a limit of 1005 are five steps at least.
    assert min(fill.qty for fill in account.executions(None)) >= Decimal("0.005")


def test_a_market_order_takes_although_the_market_moved_while_it_travelled(
    make_exchange: Callable[..., Exchange], trade: Any, new_order: Orders
) -> None:
    exchange = make_exchange(latency_us=50_000)
    trade(exchange, "50000")
    account = exchange.accounts[UID]

    order = account.create(new_order(None, order_type=OrderType.MARKET), exchange.now)
    trade(exchange, "50100", after_us=10_000)
    trade(exchange, "50100")

    assert isinstance(order, OrderRecord)
    assert (order.state, order.cum_value) == (State.FILLED, Decimal("501.000"))
    # The bound of the price band is what the order shows as its price.
    assert order.price == Decimal("50500.00")


def test_a_market_order_beyond_its_bound_is_not_executed(
    make_exchange: Callable[..., Exchange], trade: Any, new_order: Orders
) -> None:
    exchange = make_exchange(latency_us=50_000)
    trade(exchange, "50000")
    account = exchange.accounts[UID]

    order = account.create(new_order(None, order_type=OrderType.MARKET), exchange.now)
    trade(exchange, "50600", after_us=10_000)
    trade(exchange, "50600")

    assert isinstance(order, OrderRecord)
    assert (order.state, order.reject_reason) == (State.CANCELLED, "EC_NoImmediateQtyToFill")

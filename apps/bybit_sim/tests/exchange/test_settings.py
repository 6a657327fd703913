"""Leverage and position mode (bybit.md A.5, A.6)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import NewOrder, OrderType, PrivateTopic
from simvenue.limits import Refusal

Orders = Callable[..., NewOrder]


def code(outcome: Refusal | None) -> int:
    assert outcome is not None
    return outcome.code


def test_a_new_leverage_is_charged_shown_and_pushed_for_both_legs(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    account.create(new_order(), exchange.now)
    exchange.take_pushes()
    assert account.venue.initial_margin() == 49

    assert account.set_leverage("BTCUSDT", "20", "20", exchange.now) is None

    assert account.venue.initial_margin() == 24.5
    (push,) = exchange.take_pushes()
    assert (push.topic, [row["leverage"] for row in push.rows]) == (
        PrivateTopic.POSITION,
        ["20", "20"],
    )
    assert [row["leverage"] for row in account.position_rows("ETHUSDT", exchange.now)] == [
        "10",
        "10",
    ]


@pytest.mark.parametrize(
    ("symbol", "buy", "sell", "expected"),
    [
        ("BTCUSDT", "10", "10.00", 110043),
        ("BTCUSDT", "100.01", "100.01", 110013),
        ("BTCUSDT", "1e50", "1e50", 110013),
        ("BTCUSDT", "1_0.5", "1_0.5", 10001),
        ("BTCUSDT", "20", "10", 10001),
        ("BTCUSDT", "0.5", "0.5", 10001),
        ("BTCUSDT", "10.005", "10.005", 10001),
        ("BTCUSDT", "ten", "ten", 10001),
        ("XRPUSDT", "20", "20", 10001),
    ],
)
def test_an_impossible_leverage_is_refused(
    exchange: Exchange, account: Account, symbol: str, buy: str, sell: str, expected: int
) -> None:
    assert code(account.set_leverage(symbol, buy, sell, exchange.now)) == expected
    assert exchange.take_pushes() == ()


def test_a_leverage_that_the_wallet_can_not_carry_is_refused_and_the_old_one_stays(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    account.create(new_order(qty="1"), exchange.now)

    assert code(account.set_leverage("BTCUSDT", "2", "2", exchange.now)) == 110044
    assert account.venue.initial_margin() == 4900


def test_the_tier_of_a_position_limits_the_leverage_110013(
    make_exchange: Callable[..., Exchange], trade: Any, new_order: Orders
) -> None:
    exchange = make_exchange(balance=Decimal(10_000_000))
    trade(exchange, "50000")
    account = exchange.accounts[1001]
    market = new_order(None, "60", order_type=OrderType.MARKET)
    account.create(market, exchange.now)

    outcome = account.set_leverage("BTCUSDT", "60", "60", exchange.now)

    assert outcome == (110013, "cannot set leverage [60] gt maxLeverage [50.00] by risk limit")


def test_before_any_price_only_the_symbol_limits_the_leverage(
    make_exchange: Callable[..., Exchange],
) -> None:
    exchange = make_exchange()
    account = exchange.accounts[1001]

    assert account.set_leverage("BTCUSDT", "100", "100", exchange.now) is None


def test_the_mode_is_switched_and_shows_in_the_position_rows(
    exchange: Exchange, account: Account
) -> None:
    assert code(account.switch_mode("BTCUSDT", 3, exchange.now)) == 110025
    assert code(account.switch_mode(None, 1, exchange.now)) == 10001
    assert code(account.switch_mode("XRPUSDT", 0, exchange.now)) == 10001

    assert account.switch_mode("BTCUSDT", 0, exchange.now) is None

    assert not account.hedge_mode
    assert [row["positionIdx"] for row in account.position_rows("BTCUSDT", exchange.now)] == [0]
    assert account.switch_mode(None, 3, exchange.now) is None
    assert [row["positionIdx"] for row in account.position_rows("BTCUSDT", exchange.now)] == [1, 2]


def test_positions_and_orders_block_the_switch(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    account.create(new_order(), exchange.now)
    assert code(account.switch_mode(None, 0, exchange.now)) == 110028

    account.create(new_order(None, order_type=OrderType.MARKET), exchange.now)
    assert code(account.switch_mode(None, 0, exchange.now)) == 110024

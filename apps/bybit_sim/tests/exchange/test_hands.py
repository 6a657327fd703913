"""What an operator or the exchange does to an account, and what is refused."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import NewOrder, OrderType


@pytest.mark.parametrize(
    ("symbol", "idx", "qty", "code"),
    [
        ("XRPUSDT", 1, "1", 10001),
        ("BTCUSDT", 0, "1", 10001),
        ("BTCUSDT", 1, "0.0005", 10001),
        ("BTCUSDT", 1, "0", 10001),
        ("BTCUSDT", 2, "1", 110017),
    ],
)
def test_deleveraging_of_nothing_is_refused(
    exchange: Exchange,
    account: Account,
    new_order: Callable[..., NewOrder],
    symbol: str,
    idx: int,
    qty: str,
    code: int,
) -> None:
    account.create(new_order(None, order_type=OrderType.MARKET), exchange.now)

    outcome = account.deleverage(symbol, idx, Decimal(qty), exchange.now)

    assert outcome is not None
    assert outcome.code == code


def test_deleveraging_takes_at_most_the_leg(
    exchange: Exchange, account: Account, new_order: Callable[..., NewOrder]
) -> None:
    account.create(new_order(None, order_type=OrderType.MARKET), exchange.now)

    assert account.deleverage("BTCUSDT", 1, Decimal(5), exchange.now) is None

    assert account.venue.legs("BTCUSDT")[0].size == 0


def test_a_flat_account_is_not_liquidated(exchange: Exchange, account: Account) -> None:
    account.liquidate(exchange.now)

    assert exchange.take_pushes() == ()


def test_a_withdrawal_takes_at_most_the_wallet(exchange: Exchange, account: Account) -> None:
    account.move_cash(Decimal(-99_999), exchange.now)

    assert account.venue.wallet == 0

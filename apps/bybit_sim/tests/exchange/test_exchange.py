"""The exchange moves accounts and markets together, in order of time."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bybit_sim.exchange.account_spec import AccountSpec
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import ApiKey, NewOrder, OrderType
from gridcore.clock import HOUR_US, SECOND_US, Instant

Specs = Callable[..., AccountSpec]
Exchanges = Callable[..., Exchange]


def two(make_exchange: Exchanges, make_spec: Specs) -> Exchange:
    other = make_spec(
        uid=1002, name="other", keys=(ApiKey(key="other-key", secret="s", read_only=True),)
    )
    return make_exchange(make_spec(), other)


def test_a_key_belongs_to_one_account(make_exchange: Exchanges, make_spec: Specs) -> None:
    exchange = two(make_exchange, make_spec)

    found = exchange.account_of("other-key")

    assert found is not None
    account, key = found
    assert (account.uid, account.name, key.read_only) == (1002, "other", True)
    assert exchange.account_of("nobody") is None


def test_every_account_sees_the_same_market_and_fills_on_its_own(
    make_exchange: Exchanges,
    make_spec: Specs,
    trade: Any,
    new_order: Callable[..., NewOrder],
) -> None:
    exchange = two(make_exchange, make_spec)
    trade(exchange, "50000")
    for uid, price in ((1001, "49000"), (1002, "48000")):
        exchange.accounts[uid].create(new_order(price), exchange.now)
    exchange.take_pushes()

    pushes = trade(exchange, "48500")

    assert {push.uid for push in pushes} == {1001}
    assert exchange.markets["BTCUSDT"].last_price == Decimal(48500)
    assert [account.venue.mark("BTCUSDT") for account in exchange.accounts.values()] == [48500] * 2


def test_timers_fire_at_their_own_deadline_before_the_rows_of_a_step(
    make_exchange: Exchanges, trade: Any, new_order: Callable[..., NewOrder], start: Instant
) -> None:
    exchange = make_exchange(latency_us=100_000)
    trade(exchange, "50000")
    account = exchange.accounts[1001]
    account.create(new_order(None, order_type=OrderType.MARKET), exchange.now)

    pushes = trade(exchange, "51000", after_us=7 * HOUR_US)

    assert {push.at for push in pushes} == {
        start + SECOND_US + 100_000,
        start + 6 * HOUR_US,
    }
    assert [push.at for push in pushes] == sorted(push.at for push in pushes)
    assert exchange.now == start + SECOND_US + 7 * HOUR_US


def test_market_time_never_goes_back(exchange: Exchange) -> None:
    now = exchange.now

    exchange.advance(Instant(now - 5))

    assert exchange.now == now


def test_the_quiet_band_is_the_narrowest_of_all_accounts(
    make_exchange: Exchanges,
    make_spec: Specs,
    trade: Any,
    new_order: Callable[..., NewOrder],
) -> None:
    exchange = two(make_exchange, make_spec)
    trade(exchange, "50000")
    for uid, price in ((1001, "49000"), (1002, "48000")):
        exchange.accounts[uid].create(new_order(price), exchange.now)

    band = exchange.quiet_band("BTCUSDT")

    assert (band.trade_low, band.trade_high) == (489_999, None)


def test_the_next_deadline_is_the_earliest_of_all_accounts(
    make_exchange: Exchanges, trade: Any, new_order: Callable[..., NewOrder], start: Instant
) -> None:
    exchange = make_exchange(latency_us=100_000)
    trade(exchange, "50000")
    assert exchange.next_deadline() == start + 6 * HOUR_US

    exchange.accounts[1001].create(new_order(), exchange.now)

    assert exchange.next_deadline() == exchange.now + 100_000

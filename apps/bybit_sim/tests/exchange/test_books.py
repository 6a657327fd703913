"""The books agree with the venue whatever happens (law), and tell what only they can know."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import (
    Amendment,
    Lifetime,
    NewOrder,
    OrderRecord,
    OrderType,
    PrivateTopic,
    Push,
)
from gridcore.clock import HOUR_US, Instant
from gridcore.sides import BUY, SELL

UID = 1001
SYMBOL = "BTCUSDT"

acts = st.one_of(
    st.tuples(st.just("trade"), st.integers(480, 520)),
    st.tuples(
        st.just("create"),
        st.sampled_from([BUY, SELL]),
        st.sampled_from([1, 2]),
        st.integers(480, 520),
        st.integers(1, 90),
        st.sampled_from(list(Lifetime)),
        st.sampled_from(list(OrderType)),
    ),
    st.tuples(st.just("amend"), st.integers(0, 5), st.integers(480, 520), st.integers(1, 90)),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("fund")),
    st.tuples(st.just("adl"), st.sampled_from([1, 2]), st.integers(1, 50)),
    st.tuples(st.just("cash"), st.integers(-500, 500)),
    st.tuples(st.just("liquidate")),
)


def act(
    exchange: Exchange, account: Account, step: tuple[Any, ...], trade: Any, order: Any
) -> None:
    now = exchange.now
    match step:
        case ("trade", price):
            trade(exchange, str(price * 100))
        case ("create", side, idx, price, qty, lifetime, order_type):
            account.create(
                order(
                    str(price * 100),
                    str(Decimal(qty) / 1000),
                    side=side,
                    idx=idx,
                    lifetime=lifetime,
                    order_type=order_type,
                    reduce_only=(side is BUY) is (idx == 2),
                ),
                now,
            )
        case ("amend", number, price, qty):
            for each in account.open_orders(None)[number : number + 1]:
                account.amend(
                    Amendment(
                        symbol=SYMBOL,
                        order_id=each.order_id,
                        order_link_id="",
                        qty=str(Decimal(qty) / 1000),
                        price=str(price * 100),
                    ),
                    now,
                )
        case ("cancel", number):
            for each in account.open_orders(None)[number : number + 1]:
                account.cancel(SYMBOL, each.order_id, "", now)
        case ("fund",):
            exchange.advance(Instant(now + 8 * HOUR_US))
        case ("adl", idx, qty):
            account.deleverage(SYMBOL, idx, Decimal(qty) / 1000, now)
        case ("cash", amount):
            account.move_cash(Decimal(amount), now)
        case ("liquidate",):
            account.liquidate(now)
        case _:
            raise AssertionError(step)


def check_books(account: Account, now: Instant) -> None:
    venue = account.venue
    instrument = venue.clearing.markets[0].instrument
    resting = {
        (
            order.wire_id,
            instrument.price(order.price),
            instrument.qty(order.qty),
            instrument.qty(order.leaves),
            order.status.value,
        )
        for order in venue.open_orders(SYMBOL)
    }
    assert resting == {
        (
            order.order_id,
            order.price,
            order.qty,
            order.leaves,
            order.state.value,
        )
        for order in account.open_orders(SYMBOL)
    }
    for leg, row in zip(venue.legs(SYMBOL), account.position_rows(SYMBOL, now), strict=True):
        assert Decimal(str(row["size"])) == instrument.qty(leg.size)
        assert row["avgPrice"] == "0" if leg.entry is None else Decimal(str(row["avgPrice"])) > 0
    rows = account.transaction_rows()
    assert sum((Decimal(str(row["change"])) for row in rows), Decimal(10_000)) == venue.wallet
    if rows:
        assert Decimal(str(rows[0]["cashBalance"])) == venue.wallet
    for order in [*account.open_orders(None), *account.ended_orders(None, now)]:
        fills = [
            fill
            for fill in account.executions(None)
            if fill.order is not None and fill.order.order_id == order.order_id
        ]
        assert sum(fill.qty for fill in fills) == order.cum_qty
        assert sum(fill.fee for fill in fills) == order.cum_fee
        assert order.cum_qty <= order.qty


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(acts, max_size=25),
    partial=st.sampled_from([0, 600]),
    latency_us=st.sampled_from([0, 300_000, 3_000_000]),
)
def test_orders_legs_cash_and_executions_agree_with_the_venue(
    make_exchange: Callable[..., Exchange],
    trade: Any,
    new_order: Any,
    steps: list[tuple[Any, ...]],
    partial: int,
    latency_us: int,
) -> None:
    exchange = make_exchange(partial_fills=partial, latency_us=latency_us)
    trade(exchange, "50000")
    account = exchange.accounts[UID]

    for step in steps:
        act(exchange, account, step, trade, new_order)
        check_books(account, exchange.now)


@pytest.fixture
def held(exchange: Exchange, account: Account, new_order: Callable[..., NewOrder]) -> Account:
    """0.010 BTC long with two closes resting at 51,000 and 52,000."""
    account.create(new_order(None, order_type=OrderType.MARKET), exchange.now)
    for price in ("51000", "52000"):
        account.create(
            new_order(price, "0.005", side=SELL, reduce_only=True, link=f"c{price}"), exchange.now
        )
    exchange.take_pushes()
    return account


def order_rows(pushes: tuple[Push, ...]) -> list[dict[str, Any]]:
    return [row for push in pushes if push.topic is PrivateTopic.ORDER for row in push.rows]


def test_closes_that_a_smaller_leg_no_longer_covers_end_by_reduce_only(
    exchange: Exchange, held: Account
) -> None:
    held.deleverage("BTCUSDT", 1, Decimal("0.007"), exchange.now)

    told = order_rows(exchange.take_pushes())
    assert [(row["orderLinkId"], row["orderStatus"], row["cancelType"]) for row in told] == [
        ("", "Filled", "UNKNOWN"),
        ("c52000", "Cancelled", "CancelByReduceOnly"),
        ("c51000", "New", "UNKNOWN"),
    ]
    assert told[2]["qty"] == "0.003"


def test_a_liquidation_cancels_orders_first_and_is_remembered(
    exchange: Exchange, held: Account
) -> None:
    held.liquidate(exchange.now)

    told = order_rows(exchange.take_pushes())
    assert [(row["cancelType"], row["rejectReason"]) for row in told[:2]] == [
        ("CancelAllBeforeLiq", "EC_NoError")
    ] * 2
    assert told[2]["createType"] == "CreateByLiq"
    liquidations = held.dump(exchange.now)["liquidations"]
    assert isinstance(liquidations, list)
    assert len(liquidations) == 1


def test_an_execution_shows_its_order_as_it_was_then(
    make_exchange: Callable[..., Exchange],
    trade: Any,
    new_order: Callable[..., NewOrder],
) -> None:
    exchange = make_exchange(partial_fills=1000)
    trade(exchange, "50000")
    account = exchange.accounts[UID]
    order = account.create(new_order(qty="0.010"), exchange.now)
    assert isinstance(order, OrderRecord)
    trade(exchange, "48900")

    account.amend(
        Amendment(
            symbol=SYMBOL, order_id=order.order_id, order_link_id="", qty=None, price="48000"
        ),
        exchange.now,
    )

    (fill,) = account.executions(None)
    assert account.execution_row(fill)["orderPrice"] == "49000.00"
    assert account.order_row(order)["price"] == "48000.00"

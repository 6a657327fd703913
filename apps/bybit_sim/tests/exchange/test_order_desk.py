"""When requests act: at once, or after the account's latency, in the order sent."""

from collections.abc import Callable
from typing import Any

import pytest

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import (
    Amendment,
    NewOrder,
    OrderRecord,
    OrderType,
    PrivateTopic,
    Push,
    State,
)
from gridcore.sides import BUY, SELL
from simvenue.limits import Refusal

Orders = Callable[..., NewOrder]


@pytest.fixture
def slow(make_exchange: Callable[..., Exchange], trade: Any) -> Exchange:
    """Requests of the account take 50 ms."""
    made = make_exchange(latency_us=50_000)
    trade(made, "50000")
    return made


def told(pushes: tuple[Push, ...], topic: PrivateTopic) -> list[dict[str, Any]]:
    return [row for push in pushes if push.topic is topic for row in push.rows]


def test_create_amend_and_cancel_on_their_way_act_in_the_order_sent(
    slow: Exchange, new_order: Orders, trade: Any
) -> None:
    account = slow.accounts[1001]
    order = account.create(new_order(), slow.now)
    assert isinstance(order, OrderRecord)
    change = Amendment(
        symbol="BTCUSDT", order_id=order.order_id, order_link_id="", qty="0.005", price=None
    )
    assert account.amend(change, slow.now) is order
    assert account.cancel("BTCUSDT", order.order_id, "", slow.now) is order

    rows = told(trade(slow, "50000"), PrivateTopic.ORDER)

    assert [(row["orderStatus"], row["qty"]) for row in rows] == [
        ("New", "0.010"),
        ("New", "0.005"),
        ("Cancelled", "0.005"),
    ]


def test_a_change_that_arrives_too_late_tells_no_order(
    slow: Exchange, new_order: Orders, trade: Any
) -> None:
    account = slow.accounts[1001]
    order = account.create(new_order(), slow.now)
    assert isinstance(order, OrderRecord)
    trade(slow, "50000")
    change = Amendment(
        symbol="BTCUSDT", order_id=order.order_id, order_link_id="", qty="0.005", price=None
    )
    account.amend(change, slow.now)
    trade(slow, "48000", after_us=10_000)

    pushes = trade(slow, "48000")

    assert told(pushes, PrivateTopic.ORDER) == []
    assert order.state is State.FILLED


def test_a_second_cancel_on_its_way_finds_a_cancelled_order_and_tells_nothing_of_it(
    slow: Exchange, new_order: Orders, trade: Any
) -> None:
    account = slow.accounts[1001]
    order = account.create(new_order(), slow.now)
    assert isinstance(order, OrderRecord)
    trade(slow, "50000")
    for _ in range(2):
        account.cancel("BTCUSDT", order.order_id, "", slow.now)

    rows = told(trade(slow, "50000"), PrivateTopic.ORDER)

    assert [row["orderStatus"] for row in rows] == ["Cancelled"]


def test_a_market_order_that_arrives_too_dear_is_rejected_and_told_once(
    slow: Exchange, new_order: Orders, trade: Any
) -> None:
    account = slow.accounts[1001]
    dear = new_order(None, "1.5", order_type=OrderType.MARKET)
    orders = [account.create(dear, slow.now) for _ in range(2)]

    rows = told(trade(slow, "50000"), PrivateTopic.ORDER)

    assert [row["orderStatus"] for row in rows] == ["Filled", "Rejected"]
    assert account.ended_orders(None, slow.now) == orders[::-1]


def test_every_request_pushes_the_position_of_its_leg_b4(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    order = account.create(new_order("51000", side=SELL, idx=2), exchange.now)
    assert isinstance(order, OrderRecord)
    created = told(exchange.take_pushes(), PrivateTopic.POSITION)
    change = Amendment(
        symbol="BTCUSDT", order_id=order.order_id, order_link_id="", qty="0.005", price=None
    )
    account.amend(change, exchange.now)
    amended = told(exchange.take_pushes(), PrivateTopic.POSITION)
    account.cancel_all(None, exchange.now)
    cancelled = told(exchange.take_pushes(), PrivateTopic.POSITION)

    assert [[row["positionIdx"] for row in rows] for rows in (created, amended, cancelled)] == [
        [2],
        [2],
        [2],
    ]


def test_a_refused_request_pushes_nothing(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    assert isinstance(account.create(new_order("51000", side=SELL), exchange.now), Refusal)
    assert isinstance(account.cancel("BTCUSDT", "x", "", exchange.now), Refusal)

    assert exchange.take_pushes() == ()


def test_cancel_all_takes_at_most_500(
    exchange: Exchange, account: Account, new_order: Orders, trade: Any
) -> None:
    trade(exchange, "3000", symbol="ETHUSDT")
    for _ in range(260):
        account.create(new_order("10000", "0.001", side=BUY), exchange.now)
        account.create(new_order("1000", "0.01", symbol="ETHUSDT"), exchange.now)

    assert len(account.cancel_all(None, exchange.now)) == 500
    assert len(account.open_orders(None)) == 20

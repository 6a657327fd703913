"""The orders of an account by id, by link id and by what became of them."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from bybit_sim.exchange.orders import Orders
from bybit_sim.exchange.words import Lifetime, OrderRecord, OrderType, State
from gridcore.clock import DAY_US, Instant
from gridcore.sides import BUY

Making = Callable[..., OrderRecord]


@pytest.fixture
def make_order() -> Making:
    def make(order_id: str, link: str = "", symbol: str = "BTCUSDT") -> OrderRecord:
        return OrderRecord(
            order_id=order_id,
            order_link_id=link,
            symbol=symbol,
            side=BUY,
            position_idx=1,
            order_type=OrderType.LIMIT,
            lifetime=Lifetime.GTC,
            price=Decimal(1),
            qty=Decimal(1),
            leaves=Decimal(1),
            state=State.NEW,
            reduce_only=False,
            close_on_trigger=False,
            created_at=Instant(0),
            updated_at=Instant(0),
            last_price_on_created=None,
        )

    return make


def test_an_order_in_transit_is_known_but_neither_found_nor_listed(make_order: Making) -> None:
    orders, order = Orders(), make_order("a", "link")

    orders.acknowledge(order)

    assert orders.known("a", "") is orders.known("", "link") is order
    assert orders.find("a", "") is None
    assert orders.open(None) == []
    assert orders.has_link("link")
    assert orders.in_transit(None)
    assert orders.in_transit("BTCUSDT")
    assert not orders.in_transit("ETHUSDT")


def test_the_order_id_wins_over_the_link_id(make_order: Making) -> None:
    orders = Orders()
    for order in (make_order("a", "one"), make_order("b", "two")):
        orders.acknowledge(order)
        orders.arrive(order)

    found = orders.find("a", "two")

    assert found is not None
    assert found.order_id == "a"
    assert orders.find("", "") is None
    assert orders.find("c", "two") is None


def test_open_and_ended_orders_are_listed_newest_first_by_symbol(make_order: Making) -> None:
    orders = Orders()
    made = [make_order("a"), make_order("b", symbol="ETHUSDT"), make_order("c")]
    for order in made:
        orders.acknowledge(order)
        orders.arrive(order)

    assert [order.order_id for order in orders.open(None)] == ["c", "b", "a"]
    assert [order.order_id for order in orders.open("BTCUSDT")] == ["c", "a"]

    for order in made:
        order.state = State.CANCELLED
        orders.end(order)
        orders.end(order)

    assert orders.open(None) == []
    assert [order.order_id for order in orders.ended("BTCUSDT", Instant(0))] == ["c", "a"]
    assert orders.all() == made


@pytest.mark.parametrize(
    ("filled", "age_us", "listed"),
    [(0, DAY_US, True), (0, DAY_US + 1, False), (1, DAY_US + 1, True)],
)
def test_only_orders_with_a_fill_are_listed_longer_than_a_day(
    make_order: Making, filled: int, age_us: int, listed: bool
) -> None:
    orders, order = Orders(), make_order("a")
    orders.acknowledge(order)
    orders.arrive(order)
    order.state, order.cum_qty = State.CANCELLED, Decimal(filled)
    orders.end(order)

    assert bool(orders.ended(None, Instant(age_us))) is listed
    assert orders.find("a", "") is order

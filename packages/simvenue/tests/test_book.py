"""The book keeps price-time order and the sums that margin and coverage need."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.instrument import Steps
from gridcore.session.effects import PlaceOrder
from gridcore.sides import BUY, LONG, SELL, SHORT
from simvenue.book import BEYOND, Book, RestingOrder

Placing = Callable[..., PlaceOrder]


def rest(book: Book, request: PlaceOrder, number: int) -> RestingOrder:
    order = RestingOrder(request, f"O{number}", request.qty, number, Instant(0))
    book.add(order)
    return order


def test_an_empty_side_has_a_best_price_that_nothing_reaches() -> None:
    book = Book()

    assert (book.best_buy, book.best_sell) == (0, BEYOND)


def test_orders_at_one_price_keep_their_order_of_acceptance(place: Placing) -> None:
    book = Book()
    first = rest(book, place("a", 100), 1)
    second = rest(book, place("b", 100), 2)
    third = rest(book, place("c", 100), 3)

    book.reduce(second, 10)

    assert book.buys.at[100] == [first, third]


def test_an_order_leaves_the_book_only_when_nothing_is_left(place: Placing) -> None:
    book = Book()
    order = rest(book, place("a", 100, 10), 1)

    book.reduce(order, 4)
    still_there = book.find("O1", "")
    book.reduce(order, 6)

    assert still_there is order
    assert book.find("O1", "") is None


def test_an_order_is_found_by_wire_id_when_the_order_id_is_not_known(place: Placing) -> None:
    book = Book()
    rest(book, place("a", 100), 1)
    order = rest(book, place("b", 99), 2)

    assert book.find("", "b") is order
    assert book.find("", "c") is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from([BUY, SELL]),
            st.sampled_from([LONG, SHORT]),
            st.integers(90, 110),
            st.integers(1, 20),
        ),
        max_size=30,
    ),
    st.lists(st.tuples(st.integers(0, 29), st.integers(1, 20)), max_size=40),
)
def test_sums_and_best_prices_always_equal_those_of_the_orders_left(
    place: Placing,
    placements: list[tuple[object, object, int, int]],
    reductions: list[tuple[int, int]],
) -> None:
    book = Book()
    for number, (side, direction, price, qty) in enumerate(placements):
        rest(book, place(str(number), price, qty, side=side, direction=direction), number)

    for index, qty in reductions:
        orders = list(book.orders.values())
        if index < len(orders):
            book.reduce(orders[index], min(qty, orders[index].leaves))

    left = list(book.orders.values())
    buys = [order.price for order in left if order.side is BUY]
    sells = [order.price for order in left if order.side is SELL]
    assert book.best_buy == max(buys, default=0)
    assert book.best_sell == min(sells, default=BEYOND)
    assert book.buys.prices == sorted(set(buys))
    assert book.sells.prices == sorted(set(sells))
    for leg in (0, 1):
        mine = [order for order in left if order.leg == leg]
        assert book.opening_value[leg] == sum(
            order.price * order.leaves for order in mine if not order.closing
        )
        assert book.closing_qty[leg] == sum(order.leaves for order in mine if order.closing)
        assert book.closes_of(leg) == [order for order in mine if order.closing]
    assert all(isinstance(order.leaves, int) and order.leaves > Steps(0) for order in left)

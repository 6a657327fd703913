"""Truth tables of the fill models (F-0 to F-4, 18.1, A-11)."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.events import FillEvidence
from gridcore.instrument import Price, Steps
from gridcore.session.effects import PlaceOrder
from gridcore.sides import BUY, SELL, SHORT, SideType
from simvenue.book import Book, RestingOrder
from simvenue.matching import (
    BookTouch,
    LastCross,
    Matching,
    Queue,
    StrictCross,
    Touch,
    crossed_price,
    matching_for,
)
from simvenue.messages import FillModel, SymbolSpec

Placing = Callable[..., PlaceOrder]
LIMIT = 100


def book_of(*requests: PlaceOrder, ahead: int = 0) -> Book:
    book = Book()
    for number, request in enumerate(requests, start=1):
        order = RestingOrder(request, f"O{number}", request.qty, number, Instant(0))
        order.ahead = ahead
        book.add(order)
    return book


def evidence(
    model: Matching, book: Book, previous: Price | None, last: Price
) -> FillEvidence | None:
    fills = model.on_last(book, previous, last)
    return fills[0][2] if fills else None


@pytest.mark.parametrize(
    ("model", "side", "previous", "last", "expected"),
    [
        (StrictCross(), BUY, 101, 99, "crossed"),
        (StrictCross(), BUY, 101, 100, None),
        (StrictCross(), BUY, 99, 101, None),
        (StrictCross(), BUY, None, 99, "crossed"),
        (StrictCross(), SELL, 99, 101, "crossed"),
        (StrictCross(), SELL, 99, 100, None),
        (StrictCross(), SELL, None, 101, "crossed"),
        (Touch(), BUY, 101, 99, "crossed"),
        (Touch(), BUY, 101, 100, "touched"),
        (Touch(), BUY, 100, 100, "touched"),
        (Touch(), BUY, 99, 101, None),
        (Touch(), SELL, 99, 101, "crossed"),
        (Touch(), SELL, 99, 100, "touched"),
        (Touch(), SELL, 101, 99, None),
        (LastCross(), BUY, None, 99, None),
        (LastCross(), BUY, 101, 99, "passed"),
        (LastCross(), BUY, 101, 100, "passed"),
        (LastCross(), BUY, 100, 99, None),
        (LastCross(), BUY, 100, 100, None),
        (LastCross(), BUY, 99, 98, None),
        (LastCross(), BUY, 99, 101, None),
        (LastCross(), SELL, None, 101, None),
        (LastCross(), SELL, 99, 101, "passed"),
        (LastCross(), SELL, 99, 100, "passed"),
        (LastCross(), SELL, 100, 101, None),
        (LastCross(), SELL, 100, 100, None),
        (LastCross(), SELL, 101, 102, None),
        (BookTouch(), BUY, 101, 99, None),
        (BookTouch(), SELL, 99, 101, None),
    ],
)
def test_last_price_models_fill_as_their_truth_tables_say(
    place: Placing,
    model: Matching,
    side: SideType,
    previous: int | None,
    last: int,
    expected: str | None,
) -> None:
    book = book_of(place("a", LIMIT, side=side))

    assert evidence(model, book, previous, last) == expected


@pytest.mark.parametrize(
    ("side", "bid", "ask", "expected"),
    [
        (BUY, 99, 100, "book"),
        (BUY, 98, 99, "book"),
        (BUY, 100, 101, None),
        (BUY, 101, None, None),
        (BUY, None, None, None),
        (SELL, 100, 101, "book"),
        (SELL, 101, 102, "book"),
        (SELL, 99, 100, None),
        (SELL, None, 99, None),
    ],
)
def test_book_touch_fills_against_the_opposite_quote_and_never_without_it_ls_60(
    place: Placing, side: SideType, bid: int | None, ask: int | None, expected: str | None
) -> None:
    book = book_of(place("a", LIMIT, side=side))

    fills = BookTouch().on_quotes(book, bid, ask)

    assert (fills[0][2] if fills else None) == expected


def test_prices_between_two_ticks_are_compared_exactly(place: Placing) -> None:
    book = book_of(place("a", LIMIT))

    assert evidence(StrictCross(), book, None, Fraction(199, 2)) == "crossed"
    assert evidence(StrictCross(), book, None, Fraction(201, 2)) is None
    assert evidence(LastCross(), book, Fraction(201, 2), Fraction(199, 2)) == "passed"


@pytest.mark.parametrize("model", [StrictCross(), Touch(), LastCross()])
def test_one_row_fills_the_best_price_first_and_then_the_oldest_order(
    place: Placing, model: Matching
) -> None:
    book = book_of(
        place("low", 95), place("first", 98), place("short", 98, direction=SHORT), place("top", 99)
    )

    fills = model.on_last(book, 101, 90)

    assert [order.wire_id for order, _, _ in fills] == ["top", "first", "short", "low"]


def test_sells_fill_from_the_lowest_price_up(place: Placing) -> None:
    book = book_of(place("high", 105, side=SELL), place("low", 101, side=SELL))

    fills = StrictCross().on_last(book, 100, 110)

    assert [order.wire_id for order, _, _ in fills] == ["low", "high"]


def print_at(model: Matching, book: Book, price: int, qty: int, side: int) -> list[int]:
    filled = []
    for order, steps, _ in model.on_trade(book, None, price, Steps(qty), side):
        order.filled = Steps(order.filled + steps)
        book.reduce(order, steps)
        filled.append(int(steps))
    return filled


def test_a_queued_order_fills_partially_once_the_queue_ahead_has_traded(place: Placing) -> None:
    book = book_of(place("a", LIMIT, 10), ahead=5)
    model = Queue(5)

    volumes = [print_at(model, book, LIMIT, qty, -1) for qty in (4, 1, 3, 20)]

    assert volumes == [[], [], [3], [7]]


def test_prints_of_the_own_side_do_not_move_the_queue_but_unknown_ones_do(place: Placing) -> None:
    book = book_of(place("a", LIMIT, 10))
    model = Queue(0)

    assert print_at(model, book, LIMIT, 4, +1) == []
    assert print_at(model, book, LIMIT, 4, 0) == [4]


def test_a_sell_queue_moves_with_buying_takers(place: Placing) -> None:
    book = book_of(place("a", LIMIT, 10, side=SELL))
    model = Queue(0)

    assert print_at(model, book, LIMIT, 4, -1) == []
    assert print_at(model, book, LIMIT, 4, +1) == [4]
    assert print_at(model, book, LIMIT + 1, 1, -1) == [6]


def test_a_print_through_the_price_fills_the_whole_rest(place: Placing) -> None:
    book = book_of(place("a", LIMIT, 10), ahead=50)

    assert print_at(Queue(50), book, LIMIT - 1, 1, 0) == [10]


def test_own_orders_at_one_price_share_the_printed_volume(place: Placing) -> None:
    book = book_of(place("a", LIMIT, 6), place("b", LIMIT, 6, direction=SHORT))

    assert print_at(Queue(0), book, LIMIT, 8, -1) == [6, 2]


@given(st.integers(0, 30), st.lists(st.integers(1, 15), max_size=12))
def test_the_queue_never_fills_more_than_traded_beyond_it(
    place: Placing, ahead: int, prints: list[int]
) -> None:
    book = book_of(place("a", LIMIT, 40), ahead=ahead)
    model = Queue(ahead)

    filled = sum(sum(print_at(model, book, LIMIT, qty, -1)) for qty in prints)

    assert filled == min(40, max(0, sum(prints) - ahead))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("strict_cross", StrictCross),
        ("touch", Touch),
        ("last_cross", LastCross),
        ("book_touch", BookTouch),
        ("queue", Queue),
    ],
)
def test_every_fill_model_has_its_policy(
    make_spec: Callable[..., SymbolSpec], name: str, expected: type[Matching]
) -> None:
    assert type(matching_for(FillModel(name), make_spec(), Decimal(1))) is expected


def test_the_queue_ahead_is_rounded_up_and_without_trades_the_queue_reads_last_prices(
    make_spec: Callable[..., SymbolSpec],
) -> None:
    spec = make_spec(typical_trade=Steps(7))
    no_trades = make_spec(has_trades=False)

    assert matching_for(FillModel.QUEUE, spec, Decimal("1.5")).queue_ahead() == 11
    assert type(matching_for(FillModel.QUEUE, no_trades, Decimal(1))) is LastCross


@given(
    model=st.sampled_from([StrictCross(), Touch(), LastCross(), BookTouch(), Queue(3)]),
    buys=st.lists(st.integers(80, 120), max_size=5),
    sells=st.lists(st.integers(80, 120), max_size=5),
    last=st.integers(75, 125),
    steps=st.lists(st.integers(75, 125), max_size=8),
)
def test_strictly_inside_its_bounds_a_model_never_fills_and_keeps_its_bounds(
    place: Placing,
    model: Matching,
    buys: list[int],
    sells: list[int],
    last: int,
    steps: list[int],
) -> None:
    requests = [place(f"b{n}", price) for n, price in enumerate(buys)]
    requests += [place(f"s{n}", price, side=SELL) for n, price in enumerate(sells)]
    book = book_of(*requests)
    bounds = model.bounds(book, last)

    for price in steps:
        if bounds.low < price < bounds.high:
            assert model.on_trade(book, last, price, 5, 0) == []
            last = price
            if bounds.low < last < bounds.high:
                assert model.bounds(book, last) == bounds


@pytest.mark.parametrize(
    ("side", "last", "bid", "ask", "expected"),
    [
        (BUY, 105, 98, 100, 100),
        (BUY, 95, 100, 101, None),
        (BUY, 99, None, None, 99),
        (BUY, 100, None, None, None),
        (BUY, 101, 90, None, None),
        (BUY, None, None, None, None),
        (SELL, 95, 100, 101, 100),
        (SELL, 105, 99, 101, None),
        (SELL, 101, None, None, 101),
        (SELL, 100, None, None, None),
        (SELL, None, None, None, None),
    ],
)
def test_a_new_order_takes_the_opposite_quote_or_without_one_the_last_price(
    place: Placing,
    side: SideType,
    last: int | None,
    bid: int | None,
    ask: int | None,
    expected: int | None,
) -> None:
    order = RestingOrder(place("a", LIMIT, side=side), "O1", Steps(10), 1, Instant(0))

    assert crossed_price(order, last, bid, ask) == expected

"""Amending a resting order (bybit.md A.4): refusals, the place in the queue, taking."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.events import Event, Execution, OrderUpdate, PositionUpdate, WalletUpdate
from gridcore.instrument import Steps, Ticks
from gridcore.session.effects import PlaceOrder, TimeInForce
from gridcore.sides import BUY, LONG, SELL, SHORT
from simvenue.amending import amend
from simvenue.limits import Refusal
from simvenue.messages import FillModel
from simvenue.venue import SimVenue

Venues = Callable[..., SimVenue]
Placing = Callable[..., PlaceOrder]
Rows = Callable[..., list[Any]]
BTC = "BTCUSDT"
FIRST = "O00000001"


@pytest.fixture
def venue(make_venue: Venues, trade: Rows, place: Placing) -> SimVenue:
    """BTCUSDT at 50,000, a buy of 10 steps resting at 49,000."""
    made = make_venue()
    trade(made, 1, 500_000)
    made.submit(place("first", 490_000, 10), Instant(2))
    return made


def change(
    venue: SimVenue,
    price: int | None = None,
    qty: int | None = None,
    *,
    order_id: str = FIRST,
    symbol: str = BTC,
    post_only: bool = True,
) -> Refusal | list[Event]:
    return amend(
        venue,
        symbol,
        order_id,
        None if price is None else Ticks(price),
        None if qty is None else Steps(qty),
        Instant(3),
        post_only=post_only,
    )


def code(outcome: Refusal | list[Event]) -> int:
    assert isinstance(outcome, Refusal)
    return outcome.code


def test_a_new_price_and_quantity_are_told_once_and_rest_from_then_on(venue: SimVenue) -> None:
    outcome = change(venue, 480_000, 20)

    assert isinstance(outcome, list)
    (update,) = outcome
    assert isinstance(update, OrderUpdate)
    assert (update.price, update.qty, update.leaves, update.status, update.at) == (
        480_000,
        20,
        20,
        "New",
        3,
    )
    assert venue.open_orders(BTC) == [update]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 10001),
        ({"price": 490_000, "qty": 10}, 10001),
        ({"price": 0}, 10001),
        ({"qty": 0}, 10001),
        ({"qty": 100_001}, 10001),
        ({"price": 1_000, "qty": 1}, 110094),
        ({"qty": 3_000}, 110007),
        ({"order_id": "O00000009", "qty": 5}, 110001),
        ({"order_id": "", "qty": 5}, 110001),
        ({"symbol": "XRPUSDT", "qty": 5}, 10001),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_the_order_as_it_was(
    venue: SimVenue, changes: dict[str, Any], expected: int
) -> None:
    before = venue.snapshot()

    assert code(change(venue, **changes)) == expected
    assert venue.snapshot() == before


def test_the_filled_part_can_not_be_amended_away(
    make_venue: Venues, trade: Rows, place: Placing
) -> None:
    venue = make_venue(fill_model=FillModel.QUEUE, queue_ahead_factor=Decimal(0))
    trade(venue, 1, 500_000)
    venue.submit(place("first", 490_000, 10), Instant(2))
    trade(venue, 3, 490_000, 4, -1)

    assert code(change(venue, qty=4)) == 110064
    outcome = change(venue, qty=5)

    assert isinstance(outcome, list)
    (update,) = outcome
    assert isinstance(update, OrderUpdate)
    assert (update.qty, update.filled, update.leaves, update.status) == (
        5,
        4,
        1,
        "PartiallyFilled",
    )


def fills(events: list[Any]) -> list[tuple[str, int]]:
    return [(event.wire_id, event.qty) for event in events if isinstance(event, Execution)]


@pytest.mark.parametrize(
    ("qty", "expected"),
    [
        pytest.param(6, [("first", 6), ("second", 1)], id="smaller keeps its place"),
        pytest.param(12, [("second", 7)], id="larger goes to the end of the queue"),
    ],
)
def test_only_a_smaller_quantity_keeps_the_place_in_the_queue(
    make_venue: Venues,
    trade: Rows,
    place: Placing,
    qty: int,
    expected: list[tuple[str, int]],
) -> None:
    venue = make_venue(fill_model=FillModel.QUEUE, queue_ahead_factor=Decimal(0))
    trade(venue, 1, 500_000)
    venue.submit(place("first", 490_000, 10), Instant(2))
    venue.submit(place("second", 490_000, 10), Instant(2))

    assert isinstance(change(venue, qty=qty), list)

    assert fills(trade(venue, 4, 490_000, 7, -1)) == expected


def test_a_partly_filled_order_queues_anew_at_its_new_price(
    make_venue: Venues, make_spec: Callable[..., Any], trade: Rows, place: Placing
) -> None:
    venue = make_venue(
        make_spec(typical_trade=Steps(5)),
        fill_model=FillModel.QUEUE,
        queue_ahead_factor=Decimal(1),
    )
    trade(venue, 1, 500_000)
    venue.submit(place("first", 490_000, 10), Instant(2))
    assert fills(trade(venue, 3, 490_000, 9, -1)) == [("first", 4)]

    change(venue, 489_000)

    assert fills(trade(venue, 4, 489_000, 5, -1)) == []
    assert fills(trade(venue, 5, 489_000, 2, -1)) == [("first", 2)]


def test_an_order_moved_through_the_market_takes_at_the_opposite_price(venue: SimVenue) -> None:
    outcome = change(venue, 501_000, post_only=False)

    assert isinstance(outcome, list)
    assert [type(event) for event in outcome] == [
        OrderUpdate,
        Execution,
        OrderUpdate,
        PositionUpdate,
        WalletUpdate,
    ]
    fill = outcome[1]
    assert isinstance(fill, Execution)
    assert (fill.price, fill.qty, fill.is_maker) == (500_000, 10, False)
    assert venue.open_orders(BTC) == []


def test_a_post_only_order_moved_through_the_market_is_cancelled(venue: SimVenue) -> None:
    outcome = change(venue, 501_000)

    assert isinstance(outcome, list)
    (update,) = outcome
    assert isinstance(update, OrderUpdate)
    assert (update.status, update.reason, update.leaves) == (
        "Cancelled",
        "EC_PostOnlyWillTakeLiquidity",
        0,
    )


def test_the_margin_of_an_amended_open_is_reserved_and_the_band_is_renewed(
    venue: SimVenue,
) -> None:
    assert venue.initial_margin() == Decimal("49")
    assert venue.quiet_band(BTC).trade_low == 489_999

    change(venue, 480_000, 20)

    assert venue.initial_margin() == Decimal("96")
    assert venue.quiet_band(BTC).trade_low == 479_999


def test_a_close_is_amended_up_to_what_its_leg_leaves_uncovered(
    venue: SimVenue, place: Placing, trade: Rows
) -> None:
    trade(venue, 3, 489_000)
    venue.submit(place("close-1", 500_000, 6, side=SELL, direction=LONG), Instant(4))
    venue.submit(place("close-2", 501_000, 3, side=SELL, direction=LONG), Instant(4))

    assert code(change(venue, qty=8, order_id="O00000002")) == 110017
    outcome = change(venue, qty=7, order_id="O00000002")

    assert isinstance(outcome, list)
    assert [order.leaves for order in venue.open_orders(BTC)] == [3, 7]


def test_an_amended_order_counts_as_the_newest_of_its_price(
    venue: SimVenue, place: Placing, trade: Rows
) -> None:
    trade(venue, 3, 489_000)
    for number in (1, 2):
        venue.submit(place(f"close-{number}", 500_000, 4, side=SELL, direction=LONG), Instant(4))
    change(venue, qty=5, order_id="O00000002")

    events = venue.deleverage(BTC, LONG, Steps(3), Instant(5))

    assert [
        (event.wire_id, event.leaves) for event in events if isinstance(event, OrderUpdate)
    ] == [("close-1", 3)]


def test_an_order_that_may_take_is_still_not_filled_by_a_change_of_quantity_alone(
    make_venue: Venues, trade: Rows, place: Placing
) -> None:
    venue = make_venue(fill_model=FillModel.BOOK_TOUCH)
    trade(venue, 1, 500_000)
    venue.submit(place("first", 490_000, 10, time_in_force=TimeInForce.GTC), Instant(2))
    trade(venue, 3, 480_000)

    outcome = change(venue, qty=11, post_only=False)

    assert isinstance(outcome, list)
    assert [type(event) for event in outcome] == [OrderUpdate]


steps = st.one_of(
    st.tuples(
        st.just("place"),
        st.integers(4_950, 5_050),
        st.integers(1, 40),
        st.sampled_from([BUY, SELL]),
        st.sampled_from([LONG, SHORT]),
    ),
    st.tuples(
        st.just("amend"),
        st.integers(0, 5),
        st.none() | st.integers(4_950, 5_050),
        st.none() | st.integers(1, 40),
        st.booleans(),
    ),
    st.tuples(st.just("trade"), st.integers(4_950, 5_050), st.integers(1, 40)),
)


@given(st.sampled_from(list(FillModel)), st.lists(steps, max_size=30))
def test_sums_ladders_and_orders_of_the_book_agree_after_any_changes(
    make_venue: Venues,
    trade: Rows,
    place: Placing,
    model: FillModel,
    acts: list[tuple[Any, ...]],
) -> None:
    venue = make_venue(fill_model=model)
    trade(venue, 1, 500_000)
    for number, act in enumerate(acts):
        match act:
            case ("place", price, qty, side, direction):
                request = place(f"w{number}", price * 100, qty, side=side, direction=direction)
                venue.submit(request, Instant(2))
            case ("amend", index, price, qty, post_only):
                for order in venue.open_orders(BTC)[index : index + 1]:
                    change(
                        venue,
                        None if price is None else price * 100,
                        qty,
                        order_id=order.order_id,
                        post_only=post_only,
                    )
            case ("trade", price, qty):
                trade(venue, 4, price * 100, qty)
        check_book(venue)


def check_book(venue: SimVenue) -> None:
    (market,) = venue.clearing.markets
    book = market.book
    opening, closing = [0, 0], [0, 0]
    for order in book.orders.values():
        assert order.qty == order.filled + order.leaves
        assert order.leaves > 0
        if order.closing:
            closing[order.leg] += order.leaves
        else:
            opening[order.leg] += order.price * order.leaves
    assert (book.opening_value, book.closing_qty) == (opening, closing)
    assert all(closing[leg] <= market.pair.legs[leg].size for leg in (0, 1))
    for ladder, side in ((book.buys, BUY), (book.sells, SELL)):
        resting = [order for order in book.orders.values() if order.side is side]
        assert ladder.prices == sorted({order.price for order in resting})
        assert sorted(o.order_id for queue in ladder.at.values() for o in queue) == sorted(
            order.order_id for order in resting
        )
    assert book.best_buy == (book.buys.prices[-1] if book.buys.prices else 0)
    assert len({order.accepted for order in book.orders.values()}) == len(book.orders)

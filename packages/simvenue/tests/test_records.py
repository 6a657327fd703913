"""What the exchange remembers, and for how long."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import DAY_US, Instant
from gridcore.events import CashKind, CashMoved, Event, Execution, OrderUpdate
from gridcore.session.effects import CancelOrder, PlaceOrder
from simvenue.messages import FillModel
from simvenue.records import Records
from simvenue.venue import SimVenue

Venues = Callable[..., SimVenue]
Placing = Callable[..., PlaceOrder]
Cancelling = Callable[..., CancelOrder]
Rows = Callable[..., list[Any]]


def recorded(*batches: list[Event]) -> Records:
    records = Records(["BTCUSDT", "ETHUSDT"])
    for events in batches:
        records.take(events)
    return records


def test_an_order_enters_the_history_when_it_ends_and_not_before(
    make_venue: Venues, place: Placing, cancel: Cancelling
) -> None:
    venue = make_venue()
    placed = venue.submit(place("a", 500_000), Instant(1))
    cancelled = venue.submit(cancel("O00000001"), Instant(2))

    resting, ended = recorded(placed), recorded(placed, cancelled)

    assert resting.history("BTCUSDT", Instant(3)) == ()
    assert [(row.wire_id, row.status) for row in ended.history("BTCUSDT", Instant(3))] == [
        ("a", "Cancelled")
    ]
    assert ended.history("ETHUSDT", Instant(3)) == ()


def test_the_history_knows_the_last_24_hours(
    make_venue: Venues, place: Placing, cancel: Cancelling
) -> None:
    venue = make_venue()
    venue.submit(place("a", 500_000), Instant(1))
    records = recorded(venue.submit(cancel("O00000001"), Instant(2)))

    assert len(records.history("BTCUSDT", Instant(2 + DAY_US))) == 1
    assert records.history("BTCUSDT", Instant(3 + DAY_US)) == ()


def test_executions_are_answered_since_an_instant_in_the_exchange_s_order(
    make_venue: Venues, place: Placing, trade: Rows
) -> None:
    venue = make_venue()
    trade(venue, 1, 500_000)
    venue.submit(place("a", 499_000), Instant(1))
    venue.submit(place("b", 498_000), Instant(1))
    first, second = trade(venue, 2, 498_500), trade(venue, 3, 497_000)

    records = recorded(first, second)

    everything = [row.exec_id for row in records.executed("BTCUSDT", Instant(0))]
    assert everything == ["X00000001", "X00000002"]
    assert [row.exec_id for row in records.executed("BTCUSDT", Instant(3))] == everything[1:]
    assert [row.exec_id for row in records.executed("BTCUSDT", Instant(0), 1)] == everything[:1]
    assert all(isinstance(row, Execution) for row in records.executions["BTCUSDT"])


@given(st.lists(st.integers(0, 50), max_size=20), st.integers(0, 60), st.integers(0, 20))
def test_a_record_is_answered_exactly_when_it_is_not_older_than_asked(
    times: list[int], since: int, known: int
) -> None:
    moved: list[Event] = [
        CashMoved(
            at=Instant(at), kind=CashKind.DEPOSIT, amount=Decimal(1), movement_id=f"C{number}"
        )
        for number, at in enumerate(sorted(times))
    ]
    records = recorded(moved)

    answered = records.moved(Instant(since), known)

    assert list(answered) == [
        event for event in moved[:known] if isinstance(event, CashMoved) and event.at >= since
    ]


def test_a_cancelled_order_that_had_filled_in_part_is_remembered_as_last_reported_a10(
    make_venue: Venues, place: Placing, cancel: Cancelling, trade: Rows
) -> None:
    venue = make_venue(fill_model=FillModel.QUEUE, queue_ahead_factor=Decimal(0))
    trade(venue, 1, 500_000)
    placed = venue.submit(place("a", 499_000, 10), Instant(1))
    filled = trade(venue, 2, 499_000, 4, -1)
    cancelled = venue.submit(cancel("O00000001"), Instant(3))

    (row,) = recorded(placed, filled, cancelled).history("BTCUSDT", Instant(4))

    assert isinstance(row, OrderUpdate)
    assert (row.filled, row.leaves, row.qty, row.status) == (4, 0, 10, "Cancelled")

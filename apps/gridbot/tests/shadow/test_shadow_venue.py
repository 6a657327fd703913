"""A simulated venue behind the port of the real one: every request is answered at once."""

import asyncio
import threading
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from gridbot.shadow.shadow_venue import KEPT_US
from gridcore.clock import HOUR_US, SECOND_US, Instant
from gridcore.events import (
    CancelAccepted,
    CancelRejected,
    Execution,
    ExecutionsSnapshot,
    FundingPaid,
    HistorySnapshot,
    OrdersSnapshot,
    OrderStatus,
    OrderUpdate,
    PlaceAccepted,
    PlaceRejected,
    PositionsSnapshot,
    PositionUpdate,
    TimerFired,
    WalletSnapshot,
    WalletUpdate,
)
from gridcore.session.effects import SnapshotKind, TimeInForce
from gridcore.sides import SELL

CENTER = 1_000_000
PUSHES_OF_A_FILL = [Execution, OrderUpdate, PositionUpdate, WalletUpdate]


def kinds(events: Any) -> list[type]:
    return [type(event) for event in events]


def test_a_placement_rests_and_is_listed(shadow: Any) -> None:
    shadow.venue.send(shadow.order(990_000))
    accepted, pushed = shadow.new()
    shadow.venue.send(shadow.ask(SnapshotKind.ORDERS))
    (listing,) = shadow.new()

    assert isinstance(accepted, PlaceAccepted)
    assert accepted.wire_id == "0123456789abcdef-1"
    assert (pushed.order_id, pushed.status) == (accepted.order_id, OrderStatus.NEW)
    assert isinstance(listing, OrdersSnapshot)
    assert listing.complete
    assert listing.asked_at == shadow.now
    assert [one.order_id for one in listing.orders] == [accepted.order_id]


def test_only_a_trade_through_its_price_fills_an_order_and_the_books_follow(shadow: Any) -> None:
    shadow.venue.send(shadow.order(990_000))
    shadow.new()

    shadow.venue.hear(shadow.trade(990_000, SELL))
    shadow.venue.hear(shadow.ticker(980_000))
    assert shadow.new() == []
    shadow.now = Instant(shadow.now + SECOND_US)
    shadow.venue.hear(shadow.trade(989_999, SELL))

    filled = shadow.new()
    assert kinds(filled) == PUSHES_OF_A_FILL
    execution, order, leg, wallet = filled
    assert (execution.price, execution.qty, execution.at) == (990_000, 100, shadow.now)
    assert execution.fee == Decimal("0.0002") * 9900
    assert order.status is OrderStatus.FILLED
    assert (leg.size, leg.entry) == (100, Decimal(99_000))
    assert wallet.balance == Decimal(10_000) - execution.fee
    for kind, count in ((SnapshotKind.HISTORY, 1), (SnapshotKind.EXECUTIONS, 1)):
        shadow.venue.send(shadow.ask(kind))
        (found,) = shadow.new()
        rows = found.orders if isinstance(found, HistorySnapshot) else found.executions
        assert len(rows) == count
    shadow.venue.send(shadow.ask(SnapshotKind.POSITIONS))
    shadow.venue.send(shadow.ask(SnapshotKind.WALLET, since=shadow.now))
    positions, cash = shadow.new()
    assert isinstance(positions, PositionsSnapshot)
    assert [one.size for one in positions.legs] == [100, 0]
    assert isinstance(cash, WalletSnapshot)
    assert cash.wallet.balance == wallet.balance


def test_a_cancel_is_answered_before_its_push(shadow: Any) -> None:
    shadow.venue.send(shadow.order(990_000))
    order_id = shadow.new()[0].order_id

    shadow.venue.send(shadow.cancel(order_id))
    shadow.venue.send(shadow.cancel(order_id))

    accepted, pushed, again = shadow.new()
    assert isinstance(accepted, CancelAccepted)
    assert pushed.status is OrderStatus.CANCELLED
    assert isinstance(again, CancelRejected)
    assert again.code == 110001


def test_what_an_exchange_refuses_is_refused(shadow: Any) -> None:
    """A close without a position; an open that would take."""
    shadow.venue.send(shadow.order(1_010_000, 1, SELL))
    shadow.venue.send(shadow.order(1_000_001, 2))

    refused, accepted, cancelled = shadow.new()
    assert isinstance(refused, PlaceRejected)
    assert refused.code == 110017
    assert isinstance(accepted, PlaceAccepted)
    assert cancelled.status is OrderStatus.CANCELLED


def test_funding_is_settled_before_the_next_row_at_its_own_time(shadow: Any) -> None:
    """The start is 01:00 UTC, funding at 08:00."""
    shadow.venue.hear(shadow.ticker(rate="0.0001"))
    shadow.venue.send(shadow.order(1_000_001, tif=TimeInForce.GTC))
    shadow.new()
    boundary = Instant(shadow.now + 7 * HOUR_US)
    shadow.now = Instant(boundary + SECOND_US)

    shadow.venue.hear(shadow.ticker())

    paid = shadow.new()[0]
    assert isinstance(paid, FundingPaid)
    assert (paid.at, paid.amount) == (boundary, Decimal("-1.00000000"))


def test_a_trade_off_the_tick_is_of_an_instrument_that_has_changed(shadow: Any) -> None:
    shadow.venue.send(shadow.order(990_000))
    shadow.new()

    shadow.venue.hear(shadow.trade(Fraction(1_979_997, 2)))
    shadow.venue.hear(TimerFired(at=shadow.now))

    assert shadow.new() == []


@pytest.mark.parametrize(("age_us", "known"), [(KEPT_US - HOUR_US, 1), (KEPT_US + HOUR_US, 0)])
def test_what_nobody_asks_for_any_more_is_forgotten(shadow: Any, age_us: int, known: int) -> None:
    shadow.venue.send(shadow.order(990_000))
    shadow.venue.hear(shadow.trade(989_000))
    shadow.new()
    shadow.now = Instant(shadow.now + age_us)

    shadow.venue.send(shadow.ask(SnapshotKind.EXECUTIONS))

    found = next(one for one in shadow.new() if isinstance(one, ExecutionsSnapshot))
    assert len([row for row in found.executions if isinstance(row, Execution)]) == known


def test_questions_about_the_real_exchange_are_asked_beside(shadow: Any) -> None:
    event = TimerFired(at=shadow.now)
    asked, may_answer = threading.Event(), threading.Event()

    def question() -> TimerFired:
        asked.set()
        may_answer.wait(5)
        return event

    shadow.venue.ask(question)
    assert asked.wait(5)
    assert (shadow.venue.in_flight, shadow.new()) == (1, [])
    may_answer.set()
    asyncio.run(shadow.venue.close())

    assert (shadow.venue.in_flight, shadow.new()) == (0, [event])

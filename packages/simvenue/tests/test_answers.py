"""What the exchange answers, now and late."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    Event,
    ExecutionsSnapshot,
    HistorySnapshot,
    OrdersSnapshot,
    PositionsSnapshot,
    WalletSnapshot,
)
from gridcore.instrument import Steps
from gridcore.session.effects import AskSnapshot, PlaceOrder, SnapshotKind
from gridcore.sides import LONG
from simvenue.answers import Answers, listed_legs, thinned
from simvenue.other_hands import OtherHands
from simvenue.records import Records
from simvenue.venue import SimVenue

Venues = Callable[..., SimVenue]
Placing = Callable[..., PlaceOrder]
Rows = Callable[..., list[Any]]
BTC = "BTCUSDT"


def ask(kind: SnapshotKind, since: int | None = 0) -> AskSnapshot:
    return AskSnapshot(
        kind=kind,
        symbol=None if kind is SnapshotKind.WALLET else BTC,
        reason="test",
        since=None if since is None else Instant(since),
    )


class Exchange:
    """A venue whose events are remembered, as the link does it."""

    def __init__(self, venue: SimVenue) -> None:
        self.venue = venue
        self.records = Records([BTC])
        self.answers = Answers(venue, self.records)

    def tell(self, events: list[Event], now: int) -> None:
        self.records.take(events)
        self.answers.remember(Instant(now))

    def stale(self, kind: SnapshotKind, asked_at: int, lag_us: int) -> Any:
        now = Instant(asked_at + 5)
        return self.answers.stale(ask(kind), Instant(asked_at), lag_us, now)


@pytest.fixture
def exchange(make_venue: Venues, raw_place: Placing, trade: Rows) -> Exchange:
    """At 1 s an order rests, at 2 s it fills, at 3 s there is a deposit."""
    made = Exchange(make_venue())
    made.answers.remember(Instant(0))
    made.tell(trade(made.venue, 1, 500_000), 1)
    made.tell(made.venue.submit(raw_place("a", 499_000), Instant(SECOND_US)), SECOND_US)
    made.tell(trade(made.venue, 2 * SECOND_US, 498_000), 2 * SECOND_US)
    now = Instant(3 * SECOND_US)
    made.tell(OtherHands(made.venue).move_cash(made.venue.wallet, now), now)
    return made


def test_the_view_of_now_is_complete_and_names_when_it_was_asked(exchange: Exchange) -> None:
    asked_at, now = Instant(4 * SECOND_US), Instant(4 * SECOND_US + 7)

    orders, history, executions, positions, wallet = (
        exchange.answers.answer(ask(kind), asked_at, now) for kind in SnapshotKind
    )

    assert orders == OrdersSnapshot(symbol=BTC, asked_at=asked_at, orders=(), complete=True)
    assert isinstance(history, HistorySnapshot)
    assert [(row.wire_id, row.status) for row in history.orders] == [("a", "Filled")]
    assert isinstance(executions, ExecutionsSnapshot)
    assert (len(executions.executions), executions.since, executions.complete) == (1, 0, True)
    assert isinstance(positions, PositionsSnapshot)
    assert [(leg.direction, leg.size, leg.at) for leg in positions.legs] == [
        ("long", 10, now),
        ("short", 0, now),
    ]
    assert isinstance(wallet, WalletSnapshot)
    assert wallet.wallet.balance == exchange.venue.wallet
    assert [row.movement_id for row in wallet.movements] == ["C00000001"]
    assert {orders.asked_at, history.asked_at, wallet.asked_at} == {asked_at}


def test_executions_and_movements_are_answered_since_what_was_asked(exchange: Exchange) -> None:
    now = Instant(4 * SECOND_US)
    later = 3 * SECOND_US + 1

    executions = exchange.answers.answer(ask(SnapshotKind.EXECUTIONS, later), now, now)
    moved = exchange.answers.answer(ask(SnapshotKind.WALLET, later), now, now)
    unasked = exchange.answers.answer(ask(SnapshotKind.WALLET, None), now, now)
    everything = exchange.answers.answer(ask(SnapshotKind.EXECUTIONS, None), now, now)

    assert isinstance(executions, ExecutionsSnapshot)
    assert executions.executions == ()
    assert isinstance(moved, WalletSnapshot)
    assert moved.movements == ()
    assert isinstance(unasked, WalletSnapshot)
    assert unasked.movements == ()
    assert isinstance(everything, ExecutionsSnapshot)
    assert len(everything.executions) == 1


def test_a_stale_answer_shows_what_was_before_the_fill_and_says_it_was_asked_after_it(
    exchange: Exchange,
) -> None:
    asked_at = 2 * SECOND_US + 10

    orders = exchange.stale(SnapshotKind.ORDERS, asked_at, 20)
    history = exchange.stale(SnapshotKind.HISTORY, asked_at, 20)
    executions = exchange.stale(SnapshotKind.EXECUTIONS, asked_at, 20)
    positions = exchange.stale(SnapshotKind.POSITIONS, asked_at, 20)
    wallet = exchange.stale(SnapshotKind.WALLET, asked_at, 20)

    assert [(row.wire_id, row.status) for row in orders.orders] == [("a", "New")]
    assert history.orders == executions.executions == wallet.movements == ()
    assert [leg.size for leg in positions.legs] == [0, 0]
    assert wallet.wallet.balance == 10_000
    assert orders.asked_at == asked_at


def test_no_answer_is_older_than_1_9_seconds(exchange: Exchange) -> None:
    # The fill came at 2 s; a question at 3.95 s must see it.
    asked_at = 39 * SECOND_US // 10

    orders = exchange.stale(SnapshotKind.ORDERS, asked_at, 9 * SECOND_US)
    just_before = exchange.stale(SnapshotKind.ORDERS, asked_at - 1, 9 * SECOND_US)

    assert orders.orders == ()
    assert len(just_before.orders) == 1


def test_a_past_that_is_not_remembered_is_answered_with_the_view_of_now(
    exchange: Exchange,
) -> None:
    exchange.answers.forget()

    assert exchange.stale(SnapshotKind.ORDERS, 2 * SECOND_US, 100).orders == ()


def test_old_views_are_dropped_but_never_the_one_that_still_counts(exchange: Exchange) -> None:
    for seconds in range(4, 60):
        exchange.answers.remember(Instant(seconds * SECOND_US))

    legs = exchange.stale(SnapshotKind.POSITIONS, 58 * SECOND_US, SECOND_US + 1).legs
    assert [leg.at for leg in legs] == [56 * SECOND_US] * 2
    assert [leg.size for leg in legs] == [10, 0]


def test_rows_are_missing_and_a_listing_says_so_l30(exchange: Exchange, raw_place: Placing) -> None:
    for number in range(40):
        exchange.venue.submit(raw_place(f"n{number}", 400_000 + number, 1), Instant(4 * SECOND_US))
    now = Instant(5 * SECOND_US)
    whole = exchange.answers.answer(ask(SnapshotKind.ORDERS), now, now)

    thin = thinned(whole, Random(1))

    assert isinstance(whole, OrdersSnapshot)
    assert isinstance(thin, OrdersSnapshot)
    assert not thin.complete
    assert 0 < len(thin.orders) < 40
    assert [row for row in whole.orders if row in thin.orders] == list(thin.orders)


@pytest.mark.parametrize("kind", [SnapshotKind.HISTORY, SnapshotKind.EXECUTIONS])
def test_every_listing_with_pages_can_be_incomplete(exchange: Exchange, kind: SnapshotKind) -> None:
    now = Instant(5 * SECOND_US)

    thin: Any = thinned(exchange.answers.answer(ask(kind), now, now), Random(1))

    assert not thin.complete


def test_a_leg_that_is_left_out_is_unknown_and_the_wallet_has_no_pages(exchange: Exchange) -> None:
    now = Instant(5 * SECOND_US)
    positions = exchange.answers.answer(ask(SnapshotKind.POSITIONS), now, now)
    wallet = exchange.answers.answer(ask(SnapshotKind.WALLET), now, now)

    listed = set()
    for seed in range(20):
        thin = thinned(positions, Random(seed))
        assert isinstance(thin, PositionsSnapshot)
        listed.add(tuple(leg.direction for leg in thin.legs))

    assert listed == {(), (LONG,), ("short",), (LONG, "short")}
    assert thinned(wallet, Random(1)) == wallet
    assert [leg.size for leg in listed_legs(exchange.venue, BTC, now)] == [Steps(10), Steps(0)]

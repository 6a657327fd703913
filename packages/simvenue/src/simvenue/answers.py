"""What the exchange answers when it is asked for its view: complete, stale or with rows missing.

It knows the venue and its records, and for a while how they were; it refuses to decide which
answer a question gets.
"""

from collections import deque
from random import Random

from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    Event,
    ExecutionsSnapshot,
    HistorySnapshot,
    OrdersSnapshot,
    OrderUpdate,
    PositionsSnapshot,
    PositionUpdate,
    WalletSnapshot,
    WalletUpdate,
)
from gridcore.session.effects import AskSnapshot, SnapshotKind
from simvenue.records import Records
from simvenue.venue import SimVenue

STALE_US_MAX = 19 * SECOND_US // 10
"""A lagging replica is less than 2 s behind the question (L33 counts on it)."""

REMEMBERED_US = 5 * SECOND_US
"""How long past views are kept: a lag, and the time a question is on its way."""


class View:
    """How the exchange was at an instant: what it lists, and how much of its records existed."""

    __slots__ = ("at", "ended", "executed", "legs", "moved", "orders", "wallet")

    def __init__(self, venue: SimVenue, records: Records, at: Instant) -> None:
        self.at = at
        self.orders: dict[str, tuple[OrderUpdate, ...]] = {}
        self.legs: dict[str, tuple[PositionUpdate, ...]] = {}
        self.ended: dict[str, int] = {}
        self.executed: dict[str, int] = {}
        for symbol, ended in records.ended.items():
            self.orders[symbol] = tuple(venue.open_orders(symbol))
            self.legs[symbol] = listed_legs(venue, symbol, at)
            self.ended[symbol] = len(ended)
            self.executed[symbol] = len(records.executions[symbol])
        self.moved = len(records.movements)
        self.wallet: WalletUpdate = venue.wallet_update(at)


class Answers:
    """Answers questions from the venue of now or, while `remember` is called, of a moment ago."""

    __slots__ = ("_records", "_venue", "_views")

    def __init__(self, venue: SimVenue, records: Records) -> None:
        self._venue = venue
        self._records = records
        self._views: deque[View] = deque()

    def remember(self, now: Instant) -> None:
        """Keep the view of now; call it after every change while stale answers are possible."""
        views = self._views
        if views and views[-1].at == now:
            views.pop()
        views.append(View(self._venue, self._records, now))
        while len(views) > 1 and views[1].at < now - REMEMBERED_US:
            views.popleft()

    def forget(self) -> None:
        """Drop every past view: what comes next is not remembered."""
        self._views.clear()

    def answer(self, ask: AskSnapshot, asked_at: Instant, now: Instant) -> Event:
        """The exchange's view of now."""
        kind, symbol = ask.kind, ask.symbol
        venue, records = self._venue, self._records
        if kind is SnapshotKind.WALLET:
            since = now if ask.since is None else ask.since
            return WalletSnapshot(
                asked_at=asked_at,
                wallet=venue.wallet_update(now),
                movements=records.moved(since),
            )
        assert symbol is not None, "only the wallet is asked for without a symbol"
        if kind is SnapshotKind.ORDERS:
            return OrdersSnapshot(
                symbol=symbol,
                asked_at=asked_at,
                orders=tuple(venue.open_orders(symbol)),
                complete=True,
            )
        if kind is SnapshotKind.POSITIONS:
            legs = listed_legs(venue, symbol, now)
            return PositionsSnapshot(symbol=symbol, asked_at=asked_at, legs=legs)
        if kind is SnapshotKind.HISTORY:
            ended = records.history(symbol, now)
            return HistorySnapshot(symbol=symbol, asked_at=asked_at, orders=ended, complete=True)
        since = Instant(0) if ask.since is None else ask.since
        return ExecutionsSnapshot(
            symbol=symbol,
            asked_at=asked_at,
            since=since,
            executions=records.executed(symbol, since),
            complete=True,
        )

    def stale(self, ask: AskSnapshot, asked_at: Instant, lag_us: int, now: Instant) -> Event:
        """The view as it was `lag_us` (at most 1.9 s) before the question was asked.

        The view of now while none as old is remembered.
        """
        past = self._past(Instant(asked_at - min(lag_us, STALE_US_MAX)))
        if past is None:
            return self.answer(ask, asked_at, now)
        kind, symbol, records = ask.kind, ask.symbol, self._records
        if kind is SnapshotKind.WALLET:
            since = past.at if ask.since is None else ask.since
            movements = records.moved(since, past.moved)
            return WalletSnapshot(asked_at=asked_at, wallet=past.wallet, movements=movements)
        assert symbol is not None, "only the wallet is asked for without a symbol"
        if kind is SnapshotKind.ORDERS:
            return OrdersSnapshot(
                symbol=symbol, asked_at=asked_at, orders=past.orders[symbol], complete=True
            )
        if kind is SnapshotKind.POSITIONS:
            return PositionsSnapshot(symbol=symbol, asked_at=asked_at, legs=past.legs[symbol])
        if kind is SnapshotKind.HISTORY:
            ended = records.history(symbol, now, past.ended[symbol])
            return HistorySnapshot(symbol=symbol, asked_at=asked_at, orders=ended, complete=True)
        since = Instant(0) if ask.since is None else ask.since
        return ExecutionsSnapshot(
            symbol=symbol,
            asked_at=asked_at,
            since=since,
            executions=records.executed(symbol, since, past.executed[symbol]),
            complete=True,
        )

    def _past(self, at: Instant) -> View | None:
        for view in reversed(self._views):
            if view.at <= at:
                return view
        return None


def listed_legs(venue: SimVenue, symbol: str, at: Instant) -> tuple[PositionUpdate, ...]:
    """Both legs as a listing shows them."""
    legs: list[PositionUpdate] = []
    for event in venue.position_updates(symbol, at):
        assert isinstance(event, PositionUpdate), "positions are told as positions"
        legs.append(event)
    return tuple(legs)


def thinned(answer: Event, source: Random) -> Event:
    """The same answer with rows missing: each is left out one time in two (L30).

    A listing says that it is not complete; a leg that is left out is unknown. The wallet has no
    pages: it stays as it is.
    """
    if isinstance(answer, OrdersSnapshot):
        orders = tuple(row for row in answer.orders if source.randrange(2))
        return OrdersSnapshot(
            symbol=answer.symbol, asked_at=answer.asked_at, orders=orders, complete=False
        )
    if isinstance(answer, HistorySnapshot):
        orders = tuple(row for row in answer.orders if source.randrange(2))
        return HistorySnapshot(
            symbol=answer.symbol, asked_at=answer.asked_at, orders=orders, complete=False
        )
    if isinstance(answer, ExecutionsSnapshot):
        executions = tuple(row for row in answer.executions if source.randrange(2))
        return ExecutionsSnapshot(
            symbol=answer.symbol,
            asked_at=answer.asked_at,
            since=answer.since,
            executions=executions,
            complete=False,
        )
    if isinstance(answer, PositionsSnapshot):
        legs = tuple(leg for leg in answer.legs if source.randrange(2))
        return PositionsSnapshot(symbol=answer.symbol, asked_at=answer.asked_at, legs=legs)
    return answer

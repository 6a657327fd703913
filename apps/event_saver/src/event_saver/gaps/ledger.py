"""The gap ledger: stretches of a stream that are missing, open until filled or given up for good.

It knows rows and their states; it refuses to know how a gap is filled, and where rows are kept:
what it gives back is to be stored.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from event_saver.times import instant, moment
from grid_db.records import Gap
from grid_db.words import Environment, GapState, Stream
from gridcore.clock import MINUTE_US, SECOND_US, Instant

RETRY_US_MIN = SECOND_US
RETRY_US_MAX = 5 * MINUTE_US

Key = tuple[str | None, Stream, str | None]
"""Account (None: a public stream), stream, and symbol (None: the whole stream)."""


class GapLedger:
    """The open gaps of one process.

    `lost` opens a gap whose end is not known yet, `missed` one that can be filled; both join an
    open gap of the same stream that they touch. `row` makes one that was put on record elsewhere
    and comes in through `adopt`; `back` ends what has no end yet. `due` hands gaps out one by one;
    each comes back through `closed` or `failed`. `new_id` makes ids. Not for several threads at
    once, except for `row`.
    """

    def __init__(self, environment: Environment, new_id: Callable[[], str]) -> None:
        self._environment = environment
        self._new_id = new_id
        self._open: dict[str, Gap] = {}
        self._in_hand: set[str] = set()

    def __len__(self) -> int:
        return len(self._open)

    def gaps(self) -> tuple[Gap, ...]:
        """Every open gap, in the order of opening."""
        return tuple(self._open.values())

    def take_over(self, gaps: Iterable[Gap], now: Instant) -> None:
        """Take over the open gaps of former processes; they are due at once.

        One that was never due had no end yet: its stream may have been away until now.
        """
        at = moment(now)
        for gap in gaps:
            if gap.state is GapState.OPEN:
                to_ts = max(gap.to_ts, at) if gap.next_attempt_at is None else gap.to_ts
                self._open[gap.gap_id] = replace(gap, to_ts=to_ts, next_attempt_at=at)

    def lost(self, key: Key, since: Instant, now: Instant, reason: str) -> Gap:
        """A stream does not deliver since an instant: the row to store."""
        return self._opened(key, since, now, reason, None)

    def missed(self, key: Key, since: Instant, until: Instant, now: Instant, reason: str) -> Gap:
        """A stretch of a stream was not received and can be fetched now: the row to store."""
        return self._opened(key, since, until, reason, now)

    def row(self, key: Key, since: Instant, now: Instant, reason: str) -> Gap:
        """A new gap without an end, which is not kept here yet. From any thread."""
        account_id, stream, symbol = key
        return Gap(
            gap_id=self._new_id(),
            environment=self._environment,
            account_id=account_id,
            stream=stream,
            symbol=symbol,
            from_ts=moment(min(since, now)),
            to_ts=moment(now),
            reason=reason,
        )

    def adopt(self, gap: Gap) -> None:
        """Keep an open gap that is on record."""
        self._open[gap.gap_id] = gap

    def back(self, key: Key, since: Instant, until: Instant, reason: str) -> list[Gap]:
        """A stream delivers again: its gaps without an end get one, or one is opened. The rows."""
        at = moment(until)
        ended = [
            replace(gap, to_ts=max(gap.to_ts, at), next_attempt_at=at)
            for gap in self._open.values()
            if key_of(gap) == key and gap.next_attempt_at is None
        ]
        for gap in ended:
            self._open[gap.gap_id] = gap
        return ended or [self.missed(key, since, until, until, reason)]

    def due(self, now: Instant) -> Gap | None:
        """The open gap that has been due longest; it is in hand until its outcome is told.

        Public trades come before the rest: the exchange's newest trades do not wait.
        """
        waiting = [
            (gap.stream is not Stream.TRADES, gap.next_attempt_at, number, gap)
            for number, gap in enumerate(self._open.values())
            if gap.next_attempt_at is not None
            and instant(gap.next_attempt_at) <= now
            and gap.gap_id not in self._in_hand
        ]
        if not waiting:
            return None
        *_, gap = min(waiting)
        self._in_hand.add(gap.gap_id)
        return gap

    def next_deadline(self) -> Instant | None:
        """When the next gap is due."""
        times = [
            instant(gap.next_attempt_at)
            for gap in self._open.values()
            if gap.next_attempt_at is not None and gap.gap_id not in self._in_hand
        ]
        return min(times, default=None)

    def closed(self, gap: Gap) -> None:
        """A gap in hand was stored as filled or given up: it is not open any more."""
        del self._open[gap.gap_id]
        self._in_hand.discard(gap.gap_id)

    def failed(self, gap: Gap, text: str, now: Instant) -> Gap:
        """An attempt failed; the next comes twice as late each time: the row to store."""
        delay_us = min(RETRY_US_MIN << min(gap.attempts, 30), RETRY_US_MAX)
        later = replace(
            gap,
            attempts=gap.attempts + 1,
            next_attempt_at=moment(Instant(now + delay_us)),
            last_error=text,
        )
        self._open[gap.gap_id] = later
        self._in_hand.discard(gap.gap_id)
        return later

    def _opened(
        self, key: Key, since: Instant, until: Instant, reason: str, due_at: Instant | None
    ) -> Gap:
        from_ts, to_ts = moment(min(since, until)), moment(until)
        next_attempt_at = None if due_at is None else moment(due_at)
        for gap in self._open.values():
            if gap.gap_id in self._in_hand or key_of(gap) != key:
                continue
            if due_at is not None and gap.next_attempt_at is None:
                continue  # whatever was missed in it, its stream is still down
            if gap.from_ts <= to_ts and from_ts <= gap.to_ts:
                joined = replace(
                    gap,
                    from_ts=min(gap.from_ts, from_ts),
                    to_ts=max(gap.to_ts, to_ts),
                    next_attempt_at=next_attempt_at,
                )
                self._open[gap.gap_id] = joined
                return joined
        opened = replace(self.row(key, since, until, reason), next_attempt_at=next_attempt_at)
        self._open[opened.gap_id] = opened
        return opened


def key_of(gap: Gap) -> Key:
    """Which stream a gap is of."""
    return gap.account_id, gap.stream, gap.symbol


def as_filled(gap: Gap, rows: int) -> Gap:
    """The gap after everything that it hid was stored: `rows` of it were new."""
    return replace(
        gap,
        state=GapState.FILLED,
        attempts=gap.attempts + 1,
        rows_filled=gap.rows_filled + rows,
        next_attempt_at=None,
        last_error=None,
    )


def as_unrecoverable(gap: Gap, text: str) -> Gap:
    """The gap when nobody can tell any more what it hid: it stays on record for ever."""
    return replace(
        gap,
        state=GapState.UNRECOVERABLE,
        attempts=gap.attempts + 1,
        next_attempt_at=None,
        last_error=text,
    )

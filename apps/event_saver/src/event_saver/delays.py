"""How long rows took from their receipt to the commit, stream by stream, as counts within bounds.

It knows durations and counts; it refuses to know who shows them.
"""

import threading
from bisect import bisect_left
from collections.abc import Callable
from itertools import accumulate

from event_saver.codec import Item, Unreadable
from event_saver.times import instant
from event_saver.writer.batches import Fate, Settled
from grid_db.records import DeadLetter, Gap
from gridcore.clock import Instant
from gridcore.message import message

BOUNDS_US = (
    *(5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000),
    *(1_000_000, 2_000_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000),
)
"""Upper bounds, inclusive. Two seconds is what 99 of 100 rows are promised within."""
_NOTHING = (0,) * (len(BOUNDS_US) + 1)
_UNDATED = (DeadLetter, Gap, Unreadable)
"""Not rows of a stream."""


@message
class DelayCounts:
    """How many rows were committed within each of BOUNDS_US, how many in all, and the sum of all
    delays in microseconds."""

    within: tuple[int, ...]
    total: int
    sum_us: int


class Delays:
    """Counts every committed row that was received from a stream. Safe between threads.

    `now` is the clock that dated the receipt. What was asked for by REST came by no stream and is
    not counted; what a killed process left in its journal is, from its own receipt on.
    """

    def __init__(self, now: Callable[[], Instant]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, int] = {}

    def of_stream(self, name: str) -> Callable[[Settled[Item]], None]:
        """What a writer of this stream tells its settled items to."""

        def count(settled: Settled[Item]) -> None:
            if settled.fate is Fate.WRITTEN:
                self._count(name, settled)

        return count

    def counts(self, name: str) -> DelayCounts:
        """The counts of a stream since the start."""
        with self._lock:
            counts = list(self._counts.get(name, _NOTHING))
            sum_us = self._sums.get(name, 0)
        within = tuple(accumulate(counts))
        return DelayCounts(within=within[:-1], total=within[-1], sum_us=sum_us)

    def _count(self, name: str, settled: Settled[Item]) -> None:
        now = self._now()
        delays = [
            max(0, now - instant(item.local_ts))
            for item in settled.items
            if not isinstance(item, _UNDATED)
        ]
        with self._lock:
            counts = self._counts.setdefault(name, list(_NOTHING))
            for delay_us in delays:
                counts[bisect_left(BOUNDS_US, delay_us)] += 1
            self._sums[name] = self._sums.get(name, 0) + sum(delays)

"""Exact equity of one wallet over several markets, whose rows are merged by time.

Knows the order of rows (time, then the feed's number); refuses to know positions and money's unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tapes.columns import Times
from tapes.compiled import Integers, compiled
from tapes.scan.equity import EQUITY_LIMIT, EquityTrack
from tapes.scan.track import add_point

_CHUNK_ROWS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityFeed:
    """One market's rows [start, stop): equity moves by `slope` units for each unit of the column.

    `before` is the value in force before the first row.
    """

    times: Times
    values: Integers
    start: int
    stop: int
    before: int
    slope: int

    def reach(self) -> int:
        """How far from zero this feed's part of the equity can be."""
        rows = self.values[self.start : self.stop]
        bounds = (
            [self.before] if len(rows) == 0 else [self.before, int(rows.min()), int(rows.max())]
        )
        return abs(self.slope) * max(abs(bound) for bound in bounds)


def equity_walk(
    feeds: Sequence[EquityFeed], *, cash: int, track: EquityTrack, sample_times: Times
) -> npt.NDArray[np.int64]:
    """Feed every merged row's equity, cash + sum(slope * value), to `track`; return the samples.

    Rows of equal time go in the order of `feeds`. A sample is the equity after the last row not
    later than its time (before the first row: that of the `before` values). OverflowError when
    equity could leave 64 bits.
    """
    reach = abs(cash) + sum(feed.reach() for feed in feeds)
    if reach >= EQUITY_LIMIT:
        raise OverflowError(
            f"expected equity below {EQUITY_LIMIT} units, found up to {reach}; "
            "use a coarser unit of equity"
        )
    walk = _Walk(feeds, cash, sample_times)
    while walk.refill():
        walk.advance(track)
    return walk.finished_samples()


class _Walk:
    """The merge's place: a small buffer for each feed, so that columns of any width fit one
    kernel."""

    def __init__(self, feeds: Sequence[EquityFeed], cash: int, sample_times: Times) -> None:
        longest = max((feed.stop - feed.start for feed in feeds), default=0)
        shape = (len(feeds), min(_CHUNK_ROWS, max(longest, 1)))
        self._feeds = feeds
        self._next = [feed.start for feed in feeds]
        self._times = np.empty(shape, np.int64)
        self._values = np.empty(shape, np.int64)
        self._used = np.zeros(len(feeds), np.int64)
        self._filled = np.zeros(len(feeds), np.int64)
        self._more = np.zeros(len(feeds), np.bool_)
        self._slopes = np.array([feed.slope for feed in feeds], np.int64)
        self._current = np.array([feed.before for feed in feeds], np.int64)
        self._equity = cash + sum(feed.slope * feed.before for feed in feeds)
        self._sample_times = np.ascontiguousarray(sample_times, dtype=np.int64)
        self._samples = np.empty(len(sample_times), np.int64)
        self._sampled = 0

    def refill(self) -> bool:
        """Top up the buffers that were used up; False when every feed is at its end."""
        for number, feed in enumerate(self._feeds):
            if self._used[number] < self._filled[number]:
                continue
            first = self._next[number]
            last = min(first + self._times.shape[1], feed.stop)
            count = max(last - first, 0)
            self._times[number, :count] = feed.times[first:last]
            self._values[number, :count] = feed.values[first:last]
            self._used[number], self._filled[number] = 0, count
            self._next[number] = max(last, first)
            self._more[number] = self._next[number] < feed.stop
        return bool((self._used < self._filled).any())

    def advance(self, track: EquityTrack) -> None:
        """Merge until a buffer is used up whose feed goes on."""
        self._equity, self._sampled = merge_rows(
            self._times,
            self._values,
            self._used,
            self._filled,
            self._more,
            self._slopes,
            self._current,
            self._equity,
            track.record,
            self._sample_times,
            self._samples,
            self._sampled,
        )

    def finished_samples(self) -> npt.NDArray[np.int64]:
        """All samples; those after the last row have its equity."""
        self._samples[self._sampled :] = self._equity
        return self._samples


@compiled
def merge_rows(
    times: Integers,
    values: Integers,
    used: Integers,
    filled: Integers,
    more: Integers,
    slopes: Integers,
    current: Integers,
    equity: int,
    record: Integers,
    sample_times: Integers,
    samples: Integers,
    sampled: int,
) -> tuple[int, int]:
    """Take buffered rows in (time, feed) order; returns (equity, samples filled)."""
    while True:
        earliest = -1
        for feed in range(len(used)):
            if used[feed] < filled[feed]:
                if earliest < 0 or times[feed, used[feed]] < times[earliest, used[earliest]]:
                    earliest = feed
            elif more[feed]:
                return equity, sampled
        if earliest < 0:
            return equity, sampled
        time_us = times[earliest, used[earliest]]
        value = values[earliest, used[earliest]]
        used[earliest] += 1
        while sampled < len(sample_times) and sample_times[sampled] < time_us:
            samples[sampled] = equity
            sampled += 1
        equity += slopes[earliest] * (value - current[earliest])
        current[earliest] = value
        add_point(record, time_us, equity)

"""Exact equity over runs of rows between two events, where equity is linear in one price.

Knows extremes, the peak in force and drawdowns; refuses to know positions and money's unit: any
whole unit will do (equity curves use 1e-8 USDT).
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from tapes.columns import Times
from tapes.scan.bulk import add_rows
from tapes.scan.index import ScanIndex
from tapes.scan.track import (
    DEEP_PEAK,
    DEEP_TROUGH,
    LAST,
    LAST_TIME,
    LONGEST_US,
    LOW,
    NOT_RECOVERED,
    PEAK,
    PEAK_TIME,
    TRACK_FIELDS,
    TROUGH,
    WORST_PEAK,
    WORST_PEAK_TIME,
    WORST_RECOVERED,
    WORST_TROUGH,
    WORST_TROUGH_TIME,
    add_point,
    note_fall,
    start_record,
)

# Sums of two numbers below this stay inside 64 bits.
EQUITY_LIMIT = 2**62

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityLine:
    """Equity = base + slope * value: whole units, and whole units per unit of the column."""

    base: int
    slope: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """A fall from a peak to the lowest equity before the peak was reached again; times in us.

    `peak_at` is the last time at the peak, `recovered_at` None while it is not reached again.
    """

    amount: int
    peak: int
    peak_at: int
    trough_at: int
    recovered_at: int | None


class EquityTrack:
    """The record of an equity curve that is fed point by point or in bulk, with the same result.

    It begins with one point; times never decrease.
    """

    __slots__ = ("record",)

    def __init__(self, time_us: int, equity: int) -> None:
        self.record: Numbers = np.zeros(TRACK_FIELDS, np.int64)
        start_record(self.record, time_us, equity)

    def add(self, time_us: int, equity: int) -> None:
        """One more point."""
        add_point(self.record, time_us, equity)

    def add_segment(
        self, index: ScanIndex, times: Times, start: int, stop: int, line: EquityLine
    ) -> None:
        """The points of `line` over index.values[start:stop] at times[start:stop], in bulk.

        OverflowError when equity could leave 64 bits.
        """
        check_reach(index, abs(line.base), abs(line.slope))
        if start < stop:
            add_rows(
                index.values, index.nodes, times, start, stop, line.base, line.slope, self.record
            )

    @property
    def peak(self) -> int:
        """The greatest equity so far."""
        return int(self.record[PEAK])

    @property
    def low(self) -> int:
        """The smallest equity so far."""
        return int(self.record[LOW])

    @property
    def last(self) -> int:
        """The equity at the latest point."""
        return int(self.record[LAST])

    @property
    def max_drawdown(self) -> int:
        """The largest fall below the peak in force, in units of equity."""
        return self.worst.amount

    @property
    def worst(self) -> Fall:
        """The largest fall in units of equity, the first one of equals; amount 0 without any."""
        settled = self._settled()
        recovered = int(settled[WORST_RECOVERED])
        return Fall(
            amount=int(settled[WORST_PEAK] - settled[WORST_TROUGH]),
            peak=int(settled[WORST_PEAK]),
            peak_at=int(settled[WORST_PEAK_TIME]),
            trough_at=int(settled[WORST_TROUGH_TIME]),
            recovered_at=None if recovered == NOT_RECOVERED else recovered,
        )

    @property
    def max_drawdown_ratio(self) -> Fraction:
        """The largest fall as a part of the peak it fell from, exact (strategy.md Y-3 [REC])."""
        settled = self._settled()
        peak, trough = int(settled[DEEP_PEAK]), int(settled[DEEP_TROUGH])
        return Fraction(peak - trough, peak) if peak > trough else Fraction(0)

    @property
    def longest_under_peak_us(self) -> int:
        """The longest time from a peak to its recovery, or to the latest point without one."""
        longest = int(self.record[LONGEST_US])
        if self.record[TROUGH] < self.record[PEAK]:
            longest = max(longest, int(self.record[LAST_TIME] - self.record[PEAK_TIME]))
        return longest

    def _settled(self) -> Numbers:
        """A copy in which the fall that still lasts is among the worst."""
        settled = self.record.copy()
        note_fall(settled, NOT_RECOVERED)
        return settled


def sample_equity(
    index: ScanIndex, times: Times, start: int, stop: int, line: EquityLine, samples: Times
) -> Numbers:
    """Equity at each sample time: that of the last row in [start, stop) not later than it.

    ValueError for a sample before times[start]; OverflowError when equity could leave 64 bits.
    """
    check_reach(index, abs(line.base), abs(line.slope))
    rows = start + np.searchsorted(times[start:stop], samples, side="right") - 1
    if len(rows) and int(rows.min()) < start:
        raise ValueError(f"expected samples from {times[start]}, found {samples.min()}")
    return line.base + line.slope * index.values[rows].astype(np.int64)


def check_reach(index: ScanIndex, base: int, slope: int) -> None:
    """OverflowError when a line with these greatest magnitudes could leave 64 bits."""
    reach = base + slope * index.magnitude
    if reach >= EQUITY_LIMIT:
        raise OverflowError(
            f"expected equity below {EQUITY_LIMIT} units, found up to {reach}; "
            "use a coarser unit of equity"
        )

"""Equity between two events is linear in the mark prices, so it is kept as segments: from which row
on, and which line. Curve, samples and drawdown are computed in bulk when the run is over."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from appkit.exits import RunFailed
from backtest.outcome import MONEY_UNIT, Drawdown
from gridcore.clock import HOUR_US, Instant
from simvenue import LegState
from tapes.columns import UNKNOWN
from tapes.compiled import Integers
from tapes.scan import EquityFeed, EquityTrack, ScanIndex, equity_walk, load_or_build
from tapes.scan.segments import add_segments
from tapes.tape import Tape

MAX_CURVE_POINTS = 25_000
"""More than a picture can show; drawdown does not depend on it."""
_MONEY_DIGITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkColumn:
    """The prices that value one symbol: its marks, or its trades where no marks were recorded."""

    symbol: str
    times: NDArray[np.int64]
    index: ScanIndex
    unit: Decimal
    qty_step: Decimal

    @property
    def unit_slope(self) -> int:
        """Equity units per unit of the column for a net position of one step."""
        slope = self.unit * self.qty_step / MONEY_UNIT
        if slope != slope.to_integral_value():
            raise RunFailed(
                f"{self.symbol}: expected tick times step to be a multiple of {MONEY_UNIT} USDT, "
                f"found {self.unit * self.qty_step}",
                "equity is counted in that unit; use an instrument with a coarser tick or step",
            )
        return int(slope)


def mark_column(tape: Tape, symbol: str, qty_step: Decimal, prices: ScanIndex) -> MarkColumn:
    """The mark column of a tape; `prices` is the index of its trade prices."""
    header = tape.manifest.header
    if tape.tickers is None:
        return MarkColumn(
            symbol=symbol,
            times=tape.trades.time,
            index=prices,
            unit=Decimal(header.tick_size),
            qty_step=qty_step,
        )
    marks = tape.tickers.mark
    known = marks != UNKNOWN
    index = load_or_build(tape, "tickers.mark") if known.all() else ScanIndex.build(_filled(marks))
    return MarkColumn(
        symbol=symbol,
        times=tape.tickers.time,
        index=index,
        unit=Decimal(header.mark_unit or header.tick_size),
        qty_step=qty_step,
    )


def _filled(marks: Integers) -> Integers:
    """Unknown marks replaced by the latest known one, leading ones by the first."""
    known = np.flatnonzero(marks != UNKNOWN)
    if not len(known):
        raise RunFailed(
            "the tape's tickers never state a mark price",
            "make the tape without tickers, so that trades value the position",
        )
    latest = known[np.maximum(np.searchsorted(known, np.arange(len(marks)), side="right") - 1, 0)]
    filled: Integers = marks[latest]
    return filled


class Valued(Protocol):
    """What the curve needs of the venue."""

    @property
    def wallet(self) -> Decimal:
        """Cash in USDT."""
        ...

    def legs(self, symbol: str) -> tuple[LegState, LegState]:
        """The long and the short leg."""
        ...


def line(venue: Valued, symbols: Sequence[tuple[str, Decimal, int]]) -> tuple[int, list[int]]:
    """Equity in MONEY_UNIT as (base, slope per symbol): cash and entries make the base.

    `symbols` are (name, quantity step, slope of one step).
    """
    base = venue.wallet
    slopes = []
    for symbol, qty_step, unit_slope in symbols:
        long, short = venue.legs(symbol)
        if long.entry is not None:
            base -= qty_step * long.size * long.entry
        if short.entry is not None:
            base += qty_step * short.size * short.entry
        slopes.append(unit_slope * (long.size - short.size))
    return _money_units(base), slopes


def _money_units(amount: Decimal) -> int:
    return int(amount.scaleb(_MONEY_DIGITS).to_integral_value(ROUND_HALF_EVEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The finished curve: samples, whole hours, drawdown and the last value."""

    at: NDArray[np.int64]
    equity: NDArray[np.int64]
    hourly_at: NDArray[np.int64]
    hourly: NDArray[np.int64]
    drawdown: Drawdown
    final: int


class EquityCurve:
    """Collects segments while the run goes on. Rows are given per column, in the columns' order."""

    def __init__(
        self,
        columns: Sequence[MarkColumn],
        rows: Sequence[tuple[int, int]],
        start: Instant,
        initial: Decimal,
    ) -> None:
        self.columns = columns
        self._symbols = [(column.symbol, column.qty_step, column.unit_slope) for column in columns]
        self._rows = rows
        self._start = start
        self._initial = int(initial / MONEY_UNIT)
        self._firsts = [array("q", [first]) for first, _ in rows]
        self._bases = array("q", [self._initial])
        self._slopes = [array("q", [0]) for _ in rows]

    def change(self, venue: Valued, rows: Sequence[int]) -> None:
        """From these rows on, another line is in force."""
        base, slopes = line(venue, self._symbols)
        self._bases.append(base)
        for feed, row in enumerate(rows):
            self._firsts[feed].append(row)
            self._slopes[feed].append(slopes[feed])

    def finish(self, ends: Sequence[int], end: Instant, equity: Decimal) -> Curve:
        """Compute samples and drawdown over all rows up to `ends` (exclusive).

        `equity` is that of the account at `end`, not before any of these rows. It is the last
        point, since positions may have been closed after the last row.
        """
        firsts = [np.array(column, np.int64) for column in self._firsts]
        slopes = [np.array(column, np.int64) for column in self._slopes]
        bases = np.array(self._bases, np.int64)
        track = EquityTrack(self._start, self._initial)
        hours = np.arange(-(-self._start // HOUR_US) * HOUR_US, end, HOUR_US, dtype=np.int64)
        at: NDArray[np.int64]
        if len(self.columns) == 1:
            column, stop = self.columns[0], ends[0]
            stops = np.append(firsts[0][1:], stop)
            add_segments(track, column.index, column.times, firsts[0], stops, bases, slopes[0])
            rows = self._sample_rows(stop)
            at = column.times[rows]
            values = self._at_rows(rows, firsts[0], bases, slopes[0])
            hour_rows = np.searchsorted(column.times[:stop], hours, side="right") - 1
            hourly = self._at_rows(hour_rows, firsts[0], bases, slopes[0])
        else:
            at = np.linspace(self._start, end, MAX_CURVE_POINTS - 1).astype(np.int64)
            at = at[np.append(True, np.diff(at) > 0)]
            times = np.unique(np.concatenate([at, hours]))
            sampled = self._walk_many(firsts, ends, bases, slopes, track, times)
            values = sampled[np.searchsorted(times, at)]
            hourly = sampled[np.searchsorted(times, hours)]
        final = _money_units(equity)
        track.add(end, final)
        if not len(at) or (int(at[-1]), int(values[-1])) != (end, final):
            at, values = np.append(at, end), np.append(values, final)
        return Curve(
            at=at,
            equity=values,
            hourly_at=np.append(hours, end),
            hourly=np.append(hourly, final),
            drawdown=drawdown_of(track),
            final=final,
        )

    def _sample_rows(self, end: int) -> NDArray[np.int64]:
        """Evenly chosen rows of the one column, the first and the last among them; room for one
        point after them is left."""
        first = self._rows[0][0]
        stride = max(1, -(-(end - first) // (MAX_CURVE_POINTS - 2)))
        rows = np.arange(first, end, stride, dtype=np.int64)
        return rows if not len(rows) or rows[-1] == end - 1 else np.append(rows, end - 1)

    def _at_rows(
        self,
        rows: NDArray[np.int64],
        firsts: NDArray[np.int64],
        bases: NDArray[np.int64],
        slopes: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Equity at rows of the one column; before the first row it is the initial balance."""
        found: NDArray[np.int64] = np.full(len(rows), self._initial, np.int64)
        inside = rows >= firsts[0]
        rows = rows[inside]
        segment = np.searchsorted(firsts, rows, side="right") - 1
        values = self.columns[0].index.values[rows].astype(np.int64)
        found[inside] = bases[segment] + slopes[segment] * values
        return found

    def _walk_many(
        self,
        firsts: Sequence[NDArray[np.int64]],
        ends: Sequence[int],
        bases: NDArray[np.int64],
        slopes: Sequence[NDArray[np.int64]],
        track: EquityTrack,
        times: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Segment by segment: a sample belongs to the segment that begins last before it."""
        values = np.full(len(times), self._initial, np.int64)
        taken = 0
        for number, base in enumerate(bases):
            feeds = [
                self._feed(feed, number, firsts[feed], ends[feed], int(slopes[feed][number]))
                for feed in range(len(self.columns))
            ]
            next_at = self._segment_start(number + 1, firsts)
            upto = len(times) if next_at is None else int(np.searchsorted(times, next_at))
            samples = times[taken : max(upto, taken)]
            values[taken : taken + len(samples)] = equity_walk(
                feeds, cash=int(base), track=track, sample_times=samples
            )
            taken += len(samples)
        return values

    def _segment_start(self, number: int, firsts: Sequence[NDArray[np.int64]]) -> int | None:
        """Time of the first row of a segment, the earliest over the columns."""
        if number >= len(firsts[0]):
            return None
        starts = [
            int(column.times[rows[number]])
            for column, rows in zip(self.columns, firsts, strict=True)
            if rows[number] < len(column.times)
        ]
        return min(starts) if starts else None

    def _feed(
        self, feed: int, number: int, firsts: NDArray[np.int64], end: int, slope: int
    ) -> EquityFeed:
        column = self.columns[feed]
        start = int(firsts[number])
        stop = int(firsts[number + 1]) if number + 1 < len(firsts) else end
        before = int(column.index.values[start - 1]) if start > self._rows[feed][0] else 0
        if start == self._rows[feed][0] and start < len(column.index.values):
            before = int(column.index.values[start])
        return EquityFeed(
            times=column.times,
            values=column.index.values,
            start=start,
            stop=stop,
            before=before,
            slope=slope,
        )


def drawdown_of(track: EquityTrack) -> Drawdown:
    """The record's deepest fall in the words of the outcome."""
    worst = track.worst
    ratio = track.max_drawdown_ratio
    return Drawdown(
        amount=worst.amount * MONEY_UNIT,
        peak=worst.peak * MONEY_UNIT,
        deepest_pct=Decimal(ratio.numerator * 100) / ratio.denominator,
        peak_at=Instant(worst.peak_at) if worst.amount else None,
        trough_at=Instant(worst.trough_at) if worst.amount else None,
        recovered_at=None if worst.recovered_at is None else Instant(worst.recovered_at),
        longest_us=track.longest_under_peak_us,
    )

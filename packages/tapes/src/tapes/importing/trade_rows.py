"""Turns batches of text into trades in whole ticks and steps; counts every row that is not perfect.

Knows one file at a time; refuses to know the order of rows and other files.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tapes.columns import Times
from tapes.importing.counters import Example, Fault, ImportCounters, first_rows
from tapes.importing.decimals import Flags, WholeUnits, whole_units
from tapes.importing.fields import Fields
from tapes.importing.layouts import TradeLayout
from tapes.importing.moments import TimeUnit, moments, settle_unit
from tapes.importing.sources import Batch, Source
from tapes.importing.words import NO_SIDE, differs_from, taker_sides, text_hashes
from tapes.units import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The instrument the rows are read for."""

    symbol: str
    tick: Unit
    step: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRows:
    """Trades of one file: time us, price ticks, size steps, side, 64-bit hash of the id (0:
    none)."""

    time: Times
    price: npt.NDArray[np.int64]
    size: npt.NDArray[np.int64]
    side: npt.NDArray[np.int8]
    trade_id: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.time)

    def picked(self, rows: npt.NDArray[np.int64] | Flags | slice) -> "TradeRows":
        """The rows chosen, in the order chosen."""
        return TradeRows(
            time=self.time[rows],
            price=self.price[rows],
            size=self.size[rows],
            side=self.side[rows],
            trade_id=self.trade_id[rows],
        )


def joined(parts: list[TradeRows]) -> TradeRows:
    """All rows, one part after the other."""
    if not parts:
        empty = np.empty(0, np.int64)
        return TradeRows(
            time=empty,
            price=empty,
            size=empty,
            side=empty.astype(np.int8),
            trade_id=empty.astype(np.uint64),
        )
    return TradeRows(
        time=np.concatenate([part.time for part in parts]),
        price=np.concatenate([part.price for part in parts]),
        size=np.concatenate([part.size for part in parts]),
        side=np.concatenate([part.side for part in parts]),
        trade_id=np.concatenate([part.trade_id for part in parts]),
    )


class FaultFinder:
    """Collects the faults of one batch: a dropped row is counted once, under its first fault."""

    def __init__(self, source: Source, batch: Batch, counters: ImportCounters) -> None:
        self._source = source
        self._batch = batch
        self._counters = counters
        self.kept: Flags = np.ones(len(batch), np.bool_)

    def drop(self, fault: Fault, flags: Flags) -> None:
        """Count and drop the flagged rows that are still kept."""
        self.note(fault, flags)
        self.kept &= ~flags

    def note(self, fault: Fault, flags: Flags) -> None:
        """Count the flagged rows that are still kept."""
        hit = flags & self.kept
        count = int(np.count_nonzero(hit))
        if count:
            self._counters.add(fault, count, [self._example(row) for row in first_rows(hit)])

    def _example(self, row: int) -> Example:
        return Example(
            file=self._source.name,
            line=int(self._batch.numbers[row]),
            text=self._batch.line(row),
        )


def read_trades(
    source: Source,
    layout: TradeLayout,
    market: Market,
    time_unit: TimeUnit,
    counters: ImportCounters,
) -> TradeRows:
    """All good rows of a source, in the file's own order."""
    names = (layout.time, layout.price, layout.size, layout.side, layout.trade_id, layout.symbol)
    columns = [name for name in names if name is not None]
    parts: list[TradeRows] = []
    for batch in source.batches(columns):
        counters.rows_read += len(batch)
        if time_unit is TimeUnit.AUTO:
            time_unit = settle_unit(batch.fields[layout.time]) or TimeUnit.AUTO
        finder = FaultFinder(source, batch, counters)
        parts.append(_good_rows(batch, layout, market, time_unit, finder))
    return joined(parts)


def _good_rows(
    batch: Batch, layout: TradeLayout, market: Market, time_unit: TimeUnit, finder: FaultFinder
) -> TradeRows:
    # A batch without one readable time leaves the unit open: every row is then unreadable anyway.
    settled = TimeUnit.SECONDS if time_unit is TimeUnit.AUTO else time_unit
    time = moments(batch.fields[layout.time], settled)
    price = whole_units(batch.fields[layout.price], market.tick)
    size = whole_units(batch.fields[layout.size], market.step)
    side = _sides(batch, layout)
    unreadable = time.unreadable | price.unreadable | size.unreadable | (side == NO_SIDE)
    finder.drop(Fault.UNREADABLE, unreadable)
    symbol = _optional(batch, layout.symbol)
    if symbol is not None:
        finder.drop(Fault.OTHER_SYMBOL, differs_from(symbol, market.symbol))
    finder.drop(Fault.NON_POSITIVE, not_positive(price) | not_positive(size))
    finder.drop(Fault.ROUNDS_TO_ZERO, (price.values <= 0) | (size.values <= 0))
    finder.note(Fault.OFF_TICK, price.rounded)
    finder.note(Fault.OFF_STEP, size.rounded)
    finder.note(Fault.TIME_CUT, time.cut)
    if layout.side is not None:
        finder.note(Fault.SIDE_UNKNOWN, side == 0)
    rows = TradeRows(
        time=time.values,
        price=price.values,
        size=size.values,
        side=side,
        trade_id=_trade_ids(batch, layout),
    )
    return rows.picked(finder.kept)


def not_positive(read: WholeUnits) -> Flags:
    """True where the text itself is zero or negative, not merely rounded to zero."""
    flags: Flags = (read.values < 0) | ((read.values == 0) & ~read.rounded)
    return flags


def _optional(batch: Batch, name: str | None) -> Fields | None:
    return None if name is None else batch.fields[name]


def _sides(batch: Batch, layout: TradeLayout) -> npt.NDArray[np.int8]:
    fields = _optional(batch, layout.side)
    return np.zeros(len(batch), np.int8) if fields is None else taker_sides(fields)


def _trade_ids(batch: Batch, layout: TradeLayout) -> npt.NDArray[np.uint64]:
    fields = _optional(batch, layout.trade_id)
    if fields is None:
        return np.zeros(len(batch), np.uint64)
    return text_hashes(fields, fold_case=False)

"""Turns 1-minute bars into rows: open, the two extremes, close.

Knows what a bar must be; refuses to say which extreme came first (both orders can be played).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tapes.columns import Times, TradeColumns
from tapes.errors import TapeError
from tapes.importing.counters import Fault, ImportCounters
from tapes.importing.decimals import whole_units
from tapes.importing.layouts import BarLayout
from tapes.importing.moments import TimeUnit, moments, settle_unit
from tapes.importing.sources import Source
from tapes.importing.trade_rows import FaultFinder, Market, not_positive

MINUTE_US = 60_000_000
# A bar's rows lie inside its minute: at its start, a quarter, a half and its last microsecond.
ROW_OFFSETS_US = (0, 15_000_000, 30_000_000, 59_999_999)

Table = npt.NDArray[np.int64]

_PRICES = ("open", "high", "low", "close")
_TIME, _OPEN, _HIGH, _LOW, _CLOSE, _VOLUME, _FILE = 0, 1, 2, 3, 4, 5, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRows:
    """Bars as a table of columns: start us, open, high, low, close (ticks), volume (steps),
    file."""

    table: Table

    def __len__(self) -> int:
        return len(self.table[_TIME])

    def in_order(self, order: npt.NDArray[np.int64] | slice) -> "BarRows":
        """The bars in another order."""
        return BarRows(table=self.table[:, order])

    @property
    def starts(self) -> Times:
        """When each bar begins, us."""
        starts: Times = self.table[_TIME]
        return starts


def read_bars(
    source: Source,
    layout: BarLayout,
    market: Market,
    time_unit: TimeUnit,
    counters: ImportCounters,
    file_number: int,
) -> BarRows:
    """All good bars of a source, in the file's own order; a bar without volume is good."""
    columns = [layout.time, *(getattr(layout, name) for name in _PRICES), layout.volume]
    parts: list[Table] = [np.empty((_FILE + 1, 0), np.int64)]
    for batch in source.batches(columns):
        counters.rows_read += len(batch)
        if time_unit is TimeUnit.AUTO:
            time_unit = settle_unit(batch.fields[layout.time]) or TimeUnit.AUTO
        settled = TimeUnit.SECONDS if time_unit is TimeUnit.AUTO else time_unit
        finder = FaultFinder(source, batch, counters)
        time = moments(batch.fields[layout.time], settled)
        prices = [whole_units(batch.fields[name], market.tick) for name in columns[1:5]]
        volume = whole_units(batch.fields[layout.volume], market.step)
        opened, high, low, close = (price.values for price in prices)
        unreadable = time.unreadable | volume.unreadable
        for price in prices:
            unreadable |= price.unreadable
        finder.drop(Fault.UNREADABLE, unreadable)
        for price in prices:
            finder.drop(Fault.NON_POSITIVE, not_positive(price))
            finder.drop(Fault.ROUNDS_TO_ZERO, price.values <= 0)
        finder.drop(Fault.NON_POSITIVE, volume.values < 0)
        finder.drop(Fault.OFF_MINUTE, time.values % MINUTE_US != 0)
        broken = (high < np.maximum(opened, close)) | (low > np.minimum(opened, close))
        finder.drop(Fault.INCONSISTENT_BAR, broken)
        off_tick = np.logical_or.reduce([price.rounded for price in prices])
        finder.note(Fault.OFF_TICK, off_tick)
        finder.note(Fault.OFF_STEP, volume.rounded)
        file = np.full(len(batch), file_number, np.int64)
        table = np.stack([time.values, opened, high, low, close, volume.values, file])
        parts.append(table[:, finder.kept])
    return BarRows(table=np.concatenate(parts, axis=1))


def merged_bars(files: list[BarRows], counters: ImportCounters) -> BarRows:
    """All files' bars in time order; of bars with one start the first is kept.

    TapeError when the bars are not of one minute.
    """
    table = np.concatenate([file.table for file in files], axis=1)
    table = table[:, np.argsort(table[_TIME], kind="stable")]
    again = np.zeros(table.shape[1], np.bool_)
    again[1:] = table[_TIME, 1:] == table[_TIME, :-1]
    same_file = np.zeros_like(again)
    same_file[1:] = table[_FILE, 1:] == table[_FILE, :-1]
    counters.add(Fault.DUPLICATE, int(np.count_nonzero(again & same_file)))
    counters.add(Fault.OVERLAP, int(np.count_nonzero(again & ~same_file)))
    table = table[:, ~again]
    distances = np.diff(table[_TIME])
    if len(distances) and int(np.median(distances)) != MINUTE_US:
        raise TapeError(
            "the bars cannot be imported",
            expected="1-minute bars",
            found=f"bars that are {int(np.median(distances)) // 1_000_000} s apart",
            mend="Download the 1-minute bars: longer ones hide too much of the path.",
        )
    return BarRows(table=table)


def bar_trades(bars: BarRows) -> TradeColumns:
    """Four rows for each bar: open, high, low, close; side unknown.

    Each row gets a quarter of the volume in whole steps, the close also what is left over.
    """
    table = bars.table
    count = len(bars)
    time: Times = np.repeat(table[_TIME], 4) + np.tile(np.array(ROW_OFFSETS_US, np.int64), count)
    size = np.repeat(table[_VOLUME] // 4, 4)
    size[3::4] += table[_VOLUME] % 4
    return TradeColumns(
        time=time,
        price=table[_OPEN : _CLOSE + 1].T.reshape(-1),
        size=size,
        side=np.zeros(4 * count, np.int8),
        seq=None,
    )

"""What `tape info` shows: a tape's size, span, prices, silences, gaps and where it came from.

Knows the numbers; refuses to know how they are printed. Every field becomes JSON as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from tapes.compiled import Integers
from tapes.manifest import Gap
from tapes.silences import SILENCE_US, silences_between
from tapes.tape import Tape

SILENCES_LISTED_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A pause between two rows."""

    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceStatistics:
    """Pauses longer than `longer_than_us` between trades; `first` lists the first few."""

    longer_than_us: int
    count: int
    longest_us: int
    first: tuple[Silence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideCounts:
    """Trades by taker side."""

    buy: int
    sell: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeSummary:
    """A tape at a glance. Prices and sizes are in exchange units, times in us UTC."""

    path: str
    symbol: str
    source: str
    tick_size: str
    qty_step: str
    mark_unit: str | None
    bars: bool
    synthetic_seed: int | None
    trade_rows: int
    ticker_rows: int
    first_us: int
    last_us: int
    price_first: Decimal
    price_last: Decimal
    price_min: Decimal
    price_max: Decimal
    size_min: Decimal
    size_max: Decimal
    size_total: Decimal
    sides: SideCounts
    silences: SilenceStatistics
    gaps: tuple[Gap, ...]
    counters: Mapping[str, int]
    stored_bytes: int
    sha256: str


def summarise(tape: Tape) -> TapeSummary:
    """Read the whole tape once and describe it."""
    manifest, trades = tape.manifest, tape.trades
    header = manifest.header
    tick, step = Decimal(header.tick_size), Decimal(header.qty_step)
    widths = {record.name: np.dtype(record.dtype).itemsize for record in manifest.columns}
    return TapeSummary(
        path=str(tape.path),
        symbol=header.symbol,
        source=header.source,
        tick_size=header.tick_size,
        qty_step=header.qty_step,
        mark_unit=header.mark_unit,
        bars=manifest.bars,
        synthetic_seed=header.synthetic_seed,
        trade_rows=manifest.trade_rows,
        ticker_rows=manifest.ticker_rows,
        first_us=manifest.first_us,
        last_us=manifest.last_us,
        price_first=int(trades.price[0]) * tick,
        price_last=int(trades.price[-1]) * tick,
        price_min=int(trades.price.min()) * tick,
        price_max=int(trades.price.max()) * tick,
        size_min=int(trades.size.min()) * step,
        size_max=int(trades.size.max()) * step,
        size_total=int(trades.size.sum(dtype=np.int64)) * step,
        sides=_sides(trades.side),
        silences=_silences(tape),
        gaps=manifest.gaps,
        counters=manifest.counters,
        stored_bytes=sum(record.rows * widths[record.name] for record in manifest.columns),
        sha256=manifest.sha256,
    )


def _sides(side: Integers) -> SideCounts:
    buy, sell = int(np.count_nonzero(side == 1)), int(np.count_nonzero(side == -1))
    return SideCounts(buy=buy, sell=sell, unknown=len(side) - buy - sell)


def _silences(tape: Tape) -> SilenceStatistics:
    found = silences_between(tape.trades.time, SILENCE_US)
    return SilenceStatistics(
        longer_than_us=SILENCE_US,
        count=len(found),
        longest_us=max((end_us - start_us for start_us, end_us in found), default=0),
        first=tuple(
            Silence(start_us=start_us, end_us=end_us)
            for start_us, end_us in found[:SILENCES_LISTED_MAX]
        ),
    )

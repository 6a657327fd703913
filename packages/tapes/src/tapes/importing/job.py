"""An import from beginning to end: files in, one clean tape out, everything counted.

Knows the order of work; refuses to guess tick, step or symbol.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from tapes.columns import TradeColumns
from tapes.errors import TapeError, disk_error
from tapes.importing.bars import bar_trades, merged_bars, read_bars
from tapes.importing.counters import ImportCounters
from tapes.importing.layouts import (
    AS_THE_HEADER_SAYS,
    BarLayout,
    ColumnOptions,
    settle_layout,
)
from tapes.importing.ordering import time_order
from tapes.importing.sources import Source, open_source
from tapes.importing.staging import StagedFile, merged, stage
from tapes.importing.trade_rows import Market, read_trades
from tapes.manifest import BarOrder, Gap, TapeHeader
from tapes.silences import silences_between
from tapes.tape import Tape
from tapes.units import parse_unit
from tapes.writing import TapeWriter

DEFAULT_TOLERATE = Decimal("0.001")

# Hears (bytes done, bytes in all).
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What to import. `tolerate` is the ratio of rows that may have each limited fault; silences
    longer than `declare_gaps_us` become declared gaps (None: none does)."""

    files: tuple[Path, ...]
    target: Path
    symbol: str
    tick_size: str
    qty_step: str
    columns: ColumnOptions = AS_THE_HEADER_SAYS
    tolerate: Decimal = DEFAULT_TOLERATE
    declare_gaps_us: int | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """The tape and what the import met."""

    tape: Tape
    counters: ImportCounters


def import_files(request: ImportRequest, on_progress: Progress | None = None) -> ImportOutcome:
    """Make a tape from the files; TapeError when they are unreadable, too faulty, or empty."""
    if not request.files:
        raise TapeError(
            "nothing can be imported",
            expected="at least one file",
            found="none",
            mend="Name the files to import.",
        )
    market = Market(
        symbol=request.symbol,
        tick=parse_unit(request.tick_size, "tick size"),
        step=parse_unit(request.qty_step, "quantity step"),
    )
    counters = ImportCounters()
    hears = _progress_of_files(request.files, on_progress)
    sources = (open_source(path, request.columns.delimiter, hears(path)) for path in request.files)
    first = next(sources)
    layout = settle_layout(first.header, request.columns, first.name)
    if isinstance(layout, BarLayout):
        return _import_bars(request, market, _chain(first, sources), counters)
    return _import_trades(request, market, _chain(first, sources), counters)


def _import_trades(
    request: ImportRequest, market: Market, sources: Iterator[Source], counters: ImportCounters
) -> ImportOutcome:
    with _workspace(request.target) as folder:
        staged: list[StagedFile] = []
        for number, source in enumerate(sources):
            layout = settle_layout(source.header, request.columns, source.name)
            if isinstance(layout, BarLayout):
                raise _mixed(source)
            rows = read_trades(source, layout, market, request.columns.time_unit, counters)
            rows = rows.picked(time_order(rows.time, source.name, counters))
            if len(rows):
                staged.append(stage(folder, number, rows))
        batches = (
            TradeColumns(time=rows.time, price=rows.price, size=rows.size, side=rows.side, seq=None)
            for rows in merged(staged, counters)
        )
        return _write(request, None, batches, counters)


def _import_bars(
    request: ImportRequest, market: Market, sources: Iterator[Source], counters: ImportCounters
) -> ImportOutcome:
    files = []
    for number, source in enumerate(sources):
        layout = settle_layout(source.header, request.columns, source.name)
        if not isinstance(layout, BarLayout):
            raise _mixed(source)
        unit = request.columns.time_unit
        bars = read_bars(source, layout, market, unit, counters, number)
        order = time_order(bars.starts, source.name, counters)
        files.append(bars.in_order(order))
    batches = [bar_trades(merged_bars(files, counters))]
    return _write(request, BarOrder.HIGH_FIRST, batches, counters)


def _write(
    request: ImportRequest,
    bar_order: BarOrder | None,
    batches: Iterable[TradeColumns],
    counters: ImportCounters,
) -> ImportOutcome:
    header = TapeHeader(
        symbol=request.symbol,
        tick_size=parse_unit(request.tick_size, "tick size").text,
        qty_step=parse_unit(request.qty_step, "quantity step").text,
        source=("1-minute bars: " if bar_order else "trades: ")
        + ", ".join(path.name for path in request.files),
        bar_order=bar_order,
    )
    with TapeWriter(request.target, header, replace=request.replace) as writer:
        last_us: int | None = None
        for batch in batches:
            if len(batch) == 0:
                continue
            _declare_gaps(writer, request.declare_gaps_us, batch, last_us)
            last_us = int(batch.time[-1])
            writer.add_trades(batch)
            counters.rows_written += len(batch)
        counters.check(request.tolerate)
        return ImportOutcome(tape=writer.commit(counters.as_numbers()), counters=counters)


def _declare_gaps(
    writer: TapeWriter, limit_us: int | None, batch: TradeColumns, last_us: int | None
) -> None:
    if limit_us is None:
        return
    before = [] if last_us is None else [last_us]
    times = np.concatenate([np.array(before, np.int64), batch.time[:1]])
    reason = f"silence over {limit_us / 1_000_000:g} s, declared at the import"
    for part in (times, batch.time):
        for start_us, end_us in silences_between(part, limit_us):
            writer.declare_gap(Gap(start_us=start_us, end_us=end_us, reason=reason))


@contextmanager
def _workspace(target: Path) -> Iterator[Path]:
    """A folder for the rows in between, on the disk where the tape will be."""
    try:
        target.absolute().parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(
            prefix=f".{target.name}.rows-", dir=target.absolute().parent
        )
    except OSError as error:
        raise disk_error(f"{target} cannot be made", error) from error
    with folder as path:
        yield Path(path)


def _progress_of_files(
    files: tuple[Path, ...], on_progress: Progress | None
) -> Callable[[Path], Callable[[int], None] | None]:
    """Turn the bytes read of each file into the bytes read of all."""
    sizes = {path: path.stat().st_size if path.is_file() else 0 for path in files}
    total = sum(sizes[path] for path in files)

    def hear(path: Path) -> Callable[[int], None] | None:
        if on_progress is None:
            return None
        before = sum(sizes[earlier] for earlier in files[: files.index(path)])
        return lambda done: on_progress(before + done, total)

    return hear


def _chain(first: Source, rest: Iterator[Source]) -> Iterator[Source]:
    yield first
    yield from rest


def _mixed(source: Source) -> TapeError:
    return TapeError(
        f"{source.name} cannot be imported together with the other files",
        expected="all trades or all bars",
        found="both",
        mend="Import them into two tapes.",
    )

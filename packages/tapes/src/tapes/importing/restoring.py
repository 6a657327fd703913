"""Restores a tape from the Parquet that `tape export` wrote: the same columns, units and gaps.

Knows the metadata an export carries; refuses files whose rows no longer fit it.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from tapes.columns import UNKNOWN, TickerColumns, TradeColumns
from tapes.compiled import Integers
from tapes.errors import TapeError
from tapes.export import MANIFEST_KEY, tickers_file
from tapes.importing.decimals import whole_units
from tapes.importing.fields import Fields
from tapes.importing.moments import TimeUnit, moments
from tapes.importing.sources import ParquetSource
from tapes.importing.words import taker_sides
from tapes.manifest import Manifest, TapeHeader, manifest_from_json
from tapes.tape import Tape
from tapes.units import parse_unit
from tapes.writing import TapeWriter


def exported_manifest(path: Path) -> Manifest | None:
    """The manifest that an exported Parquet file carries; None for any other file."""
    if path.suffix != ".parquet" or not path.is_file():
        return None
    try:
        metadata = parquet.read_schema(path).metadata or {}
    except (OSError, pa.ArrowException):
        return None
    text = metadata.get(MANIFEST_KEY)
    return None if text is None else manifest_from_json(text.decode(), path.name)


def restore_tape(path: Path, target: Path, *, replace: bool = False) -> Tape:
    """Make the tape again that was exported to `path`; TapeError when it is not an export or its
    tickers file is missing."""
    manifest = exported_manifest(path)
    if manifest is None:
        raise TapeError(
            f"{path.name} cannot be restored",
            expected="a Parquet file that `backtest tape export` wrote",
            found="another file",
            mend="Import it with named columns.",
        )
    header = manifest.header
    tickers = header.mark_unit is not None
    with TapeWriter(target, header, tickers=tickers, replace=replace) as writer:
        for batch in _trades(path, header, tickers):
            writer.add_trades(batch)
        if tickers:
            for tickers_batch in _tickers(tickers_file(path), header):
                writer.add_tickers(tickers_batch)
        for gap in manifest.gaps:
            writer.declare_gap(gap)
        return writer.commit(manifest.counters)


def _trades(path: Path, header: TapeHeader, with_seq: bool) -> Iterator[TradeColumns]:
    names = ["time", "price", "size", "side", *(["seq"] if with_seq else [])]
    for batch in ParquetSource(path).batches(names):
        fields = batch.fields
        yield TradeColumns(
            time=_times(path, fields["time"]),
            price=_units(path, fields["price"], header.tick_size),
            size=_units(path, fields["size"], header.qty_step),
            side=taker_sides(fields["side"]),
            seq=_units(path, fields["seq"], "1") if with_seq else None,
        )


def _tickers(path: Path, header: TapeHeader) -> Iterator[TickerColumns]:
    assert header.mark_unit is not None
    assert header.funding_unit is not None
    names = ["time", "seq", "last", "bid", "ask", "mark", "funding"]
    for batch in ParquetSource(path).batches(names):
        fields = batch.fields
        yield TickerColumns(
            time=_times(path, fields["time"]),
            seq=_units(path, fields["seq"], "1"),
            last=_units(path, fields["last"], header.tick_size),
            bid=_units(path, fields["bid"], header.tick_size),
            ask=_units(path, fields["ask"], header.tick_size),
            mark=_units(path, fields["mark"], header.mark_unit),
            funding=_units(path, fields["funding"], header.funding_unit),
        )


def _times(path: Path, fields: Fields) -> Integers:
    read = moments(fields, TimeUnit.MICROSECONDS)
    if read.unreadable.any():
        raise _edited(path, "times", fields.field(int(np.argmax(read.unreadable))))
    return read.values


def _units(path: Path, fields: Fields, unit: str) -> Integers:
    """Whole units; an empty field is UNKNOWN."""
    read = whole_units(fields, parse_unit(unit, "unit"))
    missing = fields.ends == fields.starts
    wrong = (read.unreadable & ~missing) | read.rounded
    if wrong.any():
        raise _edited(path, f"multiples of {unit}", fields.field(int(np.argmax(wrong))))
    return np.where(missing, UNKNOWN, read.values)


def _edited(path: Path, expected: str, found: str) -> TapeError:
    return TapeError(
        f"{path.name} is not as it was exported",
        expected=expected,
        found=repr(found),
        mend="Export the tape again, or import the file with named columns.",
    )

"""Writes a tape as Parquet: exact decimals and UTC times that other tools understand.

Knows Parquet types; the tape's manifest goes along as metadata, so that an import restores the
tape.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from tapes.columns import UNKNOWN
from tapes.compiled import Integers
from tapes.errors import TapeError
from tapes.folders import whole_file
from tapes.manifest import manifest_to_json
from tapes.tape import Tape
from tapes.units import Unit, parse_unit

MANIFEST_KEY = b"tapes.manifest"
TICKERS_ENDING = ".tickers.parquet"
SIDE_WORDS = ("Sell", "", "Buy")

_ROWS_PER_GROUP = 1 << 20
# The most digits of a decimal that is stored in 16 bytes and made of a 64-bit integer.
_PRECISION = 19

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A Parquet column: its name, type, and how a slice of the tape becomes an array."""

    name: str
    type: Any
    array: Callable[[slice], Any]


def tickers_file(path: Path) -> Path:
    """Where the tickers of a tape go whose trades go to `path`."""
    return path.with_name(path.name.removesuffix(".parquet") + TICKERS_ENDING)


def export_parquet(
    tape: Tape, path: Path, *, replace: bool = False, on_rows: Progress | None = None
) -> list[Path]:
    """Write the trades to `path` and the tickers, if any, beside it; returns the files written.

    Each file appears only when it is complete. TapeError when a file exists already or cannot be
    written.
    """
    targets = [path] if tape.tickers is None else [path, tickers_file(path)]
    for target in targets:
        if target.exists() and not replace:
            raise TapeError(
                f"{target} cannot be written",
                expected="a name that is not taken",
                found="a file of that name",
                mend="Choose another name, or say that it may be replaced (--replace).",
            )
    tables = (
        [_trade_table(tape)] if tape.tickers is None else [_trade_table(tape), _ticker_table(tape)]
    )
    rows = [tape.manifest.trade_rows, tape.manifest.ticker_rows]
    done = 0
    for target, columns, count in zip(targets, tables, rows, strict=False):
        with whole_file(target) as partial:
            for written in _write(partial, columns, count, tape):
                if on_rows is not None:
                    on_rows(done + written)
        done += count
    return targets


def _write(path: Path, columns: list[_Column], rows: int, tape: Tape) -> Iterator[int]:
    metadata: dict[bytes | str, bytes | str] = {
        MANIFEST_KEY: manifest_to_json(tape.manifest).encode()
    }
    schema = pa.schema([(column.name, column.type) for column in columns], metadata=metadata)
    with path.open("wb") as sink, parquet.ParquetWriter(sink, schema) as writer:
        for first in range(0, rows, _ROWS_PER_GROUP):
            part = slice(first, min(first + _ROWS_PER_GROUP, rows))
            arrays = [column.array(part) for column in columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield part.stop


def _trade_table(tape: Tape) -> list[_Column]:
    trades, header = tape.trades, tape.manifest.header
    columns = [
        _time(trades.time),
        _decimal("price", trades.price, parse_unit(header.tick_size, "tick size")),
        _decimal("size", trades.size, parse_unit(header.qty_step, "quantity step")),
        _side(trades.side),
    ]
    return columns if trades.seq is None else [*columns, _whole("seq", trades.seq)]


def _ticker_table(tape: Tape) -> list[_Column]:
    tickers, header = tape.tickers, tape.manifest.header
    assert tickers is not None
    assert header.mark_unit is not None
    assert header.funding_unit is not None
    tick = parse_unit(header.tick_size, "tick size")
    return [
        _time(tickers.time),
        _whole("seq", tickers.seq),
        _decimal("last", tickers.last, tick),
        _decimal("bid", tickers.bid, tick),
        _decimal("ask", tickers.ask, tick),
        _decimal("mark", tickers.mark, parse_unit(header.mark_unit, "mark unit")),
        _decimal("funding", tickers.funding, parse_unit(header.funding_unit, "funding unit")),
    ]


def _time(values: Integers) -> _Column:
    kind = pa.timestamp("us", tz="UTC")
    return _Column(
        name="time",
        type=kind,
        array=lambda part: pa.array(np.ascontiguousarray(values[part])).cast(kind),
    )


def _whole(name: str, values: Integers) -> _Column:
    return _Column(
        name=name,
        type=pa.int64(),
        array=lambda part: pa.array(np.ascontiguousarray(values[part], dtype=np.int64)),
    )


def _side(values: Integers) -> _Column:
    words = pa.array(SIDE_WORDS)
    return _Column(
        name="side",
        type=pa.string(),
        array=lambda part: words.take(pa.array(values[part] + 1)),
    )


def _decimal(name: str, values: Integers, unit: Unit) -> _Column:
    return _Column(
        name=name,
        type=pa.decimal128(_PRECISION, unit.decimals),
        array=lambda part: decimals(values[part], unit),
    )


def decimals(values: Integers, unit: Unit) -> Any:
    """Whole units as exact Parquet decimals; UNKNOWN becomes null."""
    known = values != UNKNOWN
    scaled = np.where(known, values, 0).astype(np.int64) * unit.scaled
    halves = np.empty((len(values), 2), np.int64)
    halves[:, 0], halves[:, 1] = scaled, scaled >> 63
    bits = np.packbits(known, bitorder="little")
    return pa.Array.from_buffers(
        pa.decimal128(_PRECISION, unit.decimals),
        len(values),
        [pa.py_buffer(bits.tobytes()), pa.py_buffer(halves.tobytes())],
    )

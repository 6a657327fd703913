"""The manifest: what a tape's columns mean, where they came from and what they hash to.

Knows its own JSON; refuses to touch files.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tapes.columns import SPECS_BY_NAME
from tapes.errors import TapeError
from tapes.units import parse_unit

FORMAT_VERSION = 1
MANIFEST_FILE = "manifest.json"
DTYPES = {1: "|i1", 4: "<i4", 8: "<i8"}


class BarOrder(Enum):
    """Which extreme of a bar is played first."""

    HIGH_FIRST = "high_first"
    LOW_FIRST = "low_first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A declared outage of the recording: nothing is known strictly between the two instants."""

    start_us: int
    end_us: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRecord:
    """One stored column: full name, file name, numpy dtype text, rows and sha256 of its bytes."""

    name: str
    file: str
    dtype: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeHeader:
    """What the maker of a tape must say. Units are decimal text; mark_unit and funding_unit are
    None on a tape without tickers; bar_order is None unless the rows were made from bars."""

    symbol: str
    tick_size: str
    qty_step: str
    source: str
    mark_unit: str | None = None
    funding_unit: str | None = None
    bar_order: BarOrder | None = None
    synthetic_seed: int | None = None

    def __post_init__(self) -> None:
        if not self.symbol:
            raise TapeError(
                "a tape needs a symbol",
                expected="a name such as BTCUSDT",
                found="an empty text",
                mend="Give the symbol that the recording is of.",
            )
        parse_unit(self.tick_size, "tick size")
        parse_unit(self.qty_step, "quantity step")
        for name, text in (("mark unit", self.mark_unit), ("funding unit", self.funding_unit)):
            if text is not None:
                parse_unit(text, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The whole manifest. `counters` holds what the import met, by kind; `sha256` covers everything
    that gives the rows their meaning (columns, units, symbol, gaps, bars)."""

    header: TapeHeader
    trade_rows: int
    ticker_rows: int
    first_us: int
    last_us: int
    gaps: tuple[Gap, ...]
    columns: tuple[ColumnRecord, ...]
    counters: Mapping[str, int]
    sha256: str

    @property
    def bars(self) -> bool:
        """True when each four rows are one bar's open, extremes and close."""
        return self.header.bar_order is not None

    def column(self, name: str) -> ColumnRecord | None:
        """The record of a column by full name, None when the tape does not have it."""
        return next((record for record in self.columns if record.name == name), None)


def content_hash(
    header: TapeHeader, columns: tuple[ColumnRecord, ...], gaps: tuple[Gap, ...]
) -> str:
    """The sha256 over all: canonical JSON of units, symbol, bar order, gaps and column hashes."""
    body = {
        "symbol": header.symbol,
        "tick_size": header.tick_size,
        "qty_step": header.qty_step,
        "mark_unit": header.mark_unit,
        "funding_unit": header.funding_unit,
        "bar_order": header.bar_order.value if header.bar_order else None,
        "gaps": [[gap.start_us, gap.end_us, gap.reason] for gap in gaps],
        "columns": [[record.name, record.dtype, record.rows, record.sha256] for record in columns],
    }
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def manifest_to_json(manifest: Manifest) -> str:
    """The manifest as indented JSON text, ending in a newline."""
    header = manifest.header
    body = {
        "format_version": FORMAT_VERSION,
        "symbol": header.symbol,
        "tick_size": header.tick_size,
        "qty_step": header.qty_step,
        "mark_unit": header.mark_unit,
        "funding_unit": header.funding_unit,
        "source": header.source,
        "bars": manifest.bars,
        "bar_order": header.bar_order.value if header.bar_order else None,
        "synthetic_seed": header.synthetic_seed,
        "rows": {"trades": manifest.trade_rows, "tickers": manifest.ticker_rows},
        "first_us": manifest.first_us,
        "last_us": manifest.last_us,
        "gaps": [
            {"start_us": gap.start_us, "end_us": gap.end_us, "reason": gap.reason}
            for gap in manifest.gaps
        ],
        "columns": [
            {
                "name": record.name,
                "file": record.file,
                "dtype": record.dtype,
                "rows": record.rows,
                "sha256": record.sha256,
            }
            for record in manifest.columns
        ],
        "counters": dict(sorted(manifest.counters.items())),
        "sha256": manifest.sha256,
    }
    return json.dumps(body, indent=2) + "\n"


def manifest_from_json(text: str, where: str) -> Manifest:
    """Read a manifest back; TapeError tells which part of it is not as this version writes it."""
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise manifest_error(where, "JSON", f"text that breaks at line {error.lineno}") from None
    if not isinstance(body, dict):
        raise manifest_error(where, "a JSON object", type(body).__name__)
    if body.get("format_version") != FORMAT_VERSION:
        raise manifest_error(
            where, f"format_version {FORMAT_VERSION}", f"{body.get('format_version')!r}"
        )
    try:
        return _manifest_from_body(body)
    except (KeyError, TypeError, ValueError) as error:
        raise manifest_error(
            where, "every field of format 1", f"{type(error).__name__} at {error}"
        ) from None


def manifest_error(where: str, expected: str, found: str) -> TapeError:
    """The error for a manifest that cannot be understood."""
    return TapeError(
        f"the manifest of {where} cannot be used",
        expected=expected,
        found=found,
        mend="Make the tape again with `backtest tape import` or `backtest tape synth`.",
    )


def _manifest_from_body(body: dict[str, Any]) -> Manifest:
    order = body["bar_order"]
    header = TapeHeader(
        symbol=str(body["symbol"]),
        tick_size=str(body["tick_size"]),
        qty_step=str(body["qty_step"]),
        source=str(body["source"]),
        mark_unit=_optional_text(body["mark_unit"]),
        funding_unit=_optional_text(body["funding_unit"]),
        bar_order=None if order is None else BarOrder(order),
        synthetic_seed=None if body["synthetic_seed"] is None else int(body["synthetic_seed"]),
    )
    columns = tuple(_column_from_body(entry) for entry in body["columns"])
    gaps = tuple(
        Gap(start_us=int(gap["start_us"]), end_us=int(gap["end_us"]), reason=str(gap["reason"]))
        for gap in body["gaps"]
    )
    return Manifest(
        header=header,
        trade_rows=int(body["rows"]["trades"]),
        ticker_rows=int(body["rows"]["tickers"]),
        first_us=int(body["first_us"]),
        last_us=int(body["last_us"]),
        gaps=gaps,
        columns=columns,
        counters={str(kind): int(count) for kind, count in body["counters"].items()},
        sha256=str(body["sha256"]),
    )


def _column_from_body(entry: dict[str, Any]) -> ColumnRecord:
    record = ColumnRecord(
        name=str(entry["name"]),
        file=str(entry["file"]),
        dtype=str(entry["dtype"]),
        rows=int(entry["rows"]),
        sha256=str(entry["sha256"]),
    )
    if record.name not in SPECS_BY_NAME or record.dtype not in DTYPES.values():
        raise ValueError(f"column {record.name} of type {record.dtype}")
    if "/" in record.file or "\\" in record.file or record.file.startswith("."):
        raise ValueError(f"column file {record.file!r}")
    return record


def _optional_text(value: object) -> str | None:
    return None if value is None else str(value)

"""Trades of a backtest as fills: from a run in hand, a CSV file of either schema, or Parquet.

It knows columns (strategy.md 2.11, 13; backtest.tables); which run they are of it refuses to know.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from appkit.dates import parse_instant
from appkit.decimals import parse_decimal
from appkit.exits import UserError
from backtest.outcome import Fill, FillKind, RunOutcome
from comparator.fills import FillTable, Source
from comparator.grouping import Trade, group_trades
from grid_db.types import microseconds
from gridcore.clock import Instant
from gridcore.sides import DirectionType, SideType

REQUIRED = ("timestamp", "symbol", "side", "price", "qty", "client_order_id", "order_id")
"""Without these columns no trade can be compared; a CSV of `--export` of old lacks some (2.11)."""
_PARQUET = b"PAR1"
_BLOCK_ROWS = 65_536
_FORMULA_STARTS = ("=", "+", "-", "@", "\t")
_WORDS = {"true": True, "false": False, "1": True, "0": False}

Row = Mapping[str, Any]
Word = TypeVar("Word")


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestFills:
    """What was filled in the backtest. `wound_down` closes at its end are no fills of the grid and
    are left out."""

    table: FillTable
    wound_down: int


def load_file(path: Path) -> BacktestFills:
    """The trades of a CSV or Parquet file; naive times in it are UTC.

    UserError says what is wrong with the file, with row and column.
    """
    rows = _parquet_rows(path) if _is_parquet(path) else _csv_rows(path)
    kept = _Kept()
    try:
        table = group_trades(kept.grid_trades(_trades(path, rows)), Source.BACKTEST)
    except ValueError as error:
        raise UserError(f"{path}: {error}", "export the trades anew") from error
    return BacktestFills(table=table, wound_down=kept.wound_down)


def load_outcome(outcome: RunOutcome) -> BacktestFills:
    """The fills of a run in hand; ValueError for numbers that fit no column (FillTable.of)."""
    kept = _Kept()
    trades = ((_trade_of(fill), fill.kind.value) for fill in outcome.fills)
    table = group_trades(kept.grid_trades(trades), Source.BACKTEST)
    return BacktestFills(table=table, wound_down=kept.wound_down)


class _Kept:
    """Lets trades of the grid and liquidations pass, and counts the closes of a wind-down."""

    def __init__(self) -> None:
        self.wound_down = 0

    def grid_trades(self, trades: Iterable[tuple[Trade, str]]) -> Iterator[Trade]:
        for trade, kind in trades:
            if kind == FillKind.WIND_DOWN:
                self.wound_down += 1
            else:
                yield trade


def _trade_of(fill: Fill) -> Trade:
    return Trade(
        at=fill.at,
        exec_id=fill.exec_id,
        order_id=fill.order_id,
        order_link_id=fill.client_order_id,
        symbol=fill.symbol,
        strat_id=fill.strat_id,
        side=fill.side,
        direction=fill.direction,
        closed_size=fill.closed_qty,
        price=fill.price,
        qty=fill.qty,
        fee=fill.fee,
        realised=fill.realised,
        is_maker=fill.is_maker,
    )


# -- files -----------------------------------------------------------------------------------


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_PARQUET)) == _PARQUET
    except FileNotFoundError as error:
        raise UserError(
            f"expected a file of trades, found no {path}",
            "name the trades.csv that `backtest run --export FOLDER` writes",
        ) from error
    except IsADirectoryError as error:
        raise UserError(
            f"expected a file of trades, found the folder {path}",
            "name the trades.csv in it",
        ) from error


def _csv_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Number in the file and cells of each row."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _require(path, reader.fieldnames or ())
            for row in reader:
                if None in row or None in row.values():
                    raise UserError(
                        f"{path} row {reader.line_num}: expected {len(reader.fieldnames or ())} "
                        "cells, found another number",
                        "export the trades anew; the file may be cut off",
                    )
                yield reader.line_num, row
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(
            f"{path}: expected UTF-8 text of comma-separated values, found {error}",
            "name the trades.csv that `backtest run --export FOLDER` writes",
        ) from error


def _parquet_rows(path: Path) -> Iterator[tuple[int, Row]]:
    try:
        file = pq.ParquetFile(path)
        _require(path, file.schema_arrow.names)
        numbers = count(1)
        for batch in file.iter_batches(batch_size=_BLOCK_ROWS):
            for row in batch.to_pylist():
                yield next(numbers), row
    except pa.ArrowException as error:
        raise UserError(f"{path}: expected a Parquet file, found {error}") from error


def _require(path: Path, columns: Iterable[str]) -> None:
    present = list(columns)
    missing = [name for name in REQUIRED if name not in present]
    if missing:
        raise UserError(
            f"{path}: expected the columns {', '.join(REQUIRED)}, found no {', '.join(missing)} "
            f"among {', '.join(present) or 'none'}",
            "name the trades.csv that `backtest run --export FOLDER` writes; the trades of an "
            "older bot's --export have no order ids and cannot be compared",
        )


def _trades(path: Path, rows: Iterable[tuple[int, Row]]) -> Iterator[tuple[Trade, str]]:
    for number, row in rows:
        cells = _Cells(path, number, row)
        yield _trade(cells), cells.text("kind") or FillKind.GRID.value


class _Cells:
    """The cells of one row, each read as what it has to be; UserError names the cell."""

    __slots__ = ("_number", "_path", "_row")

    def __init__(self, path: Path, number: int, row: Row) -> None:
        self._path = path
        self._number = number
        self._row = row

    def text(self, name: str) -> str:
        """A text without the quote that keeps spreadsheets from running it; "" for none."""
        value = self._row.get(name)
        text = "" if value is None else str(value)
        return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA_STARTS) else text

    def required(self, name: str) -> str:
        """A text that has to be there."""
        text = self.text(name)
        if not text:
            self._refuse(name, "a text", text)
        return text

    def number(self, name: str) -> Decimal | None:
        """A finite number; None where there is none."""
        value = self._row.get(name)
        if value is None or value == "":
            return None
        found = parse_decimal(str(value))
        if found is None:
            self._refuse(name, "a number", value)
        return found

    def required_number(self, name: str) -> Decimal:
        """A finite number that has to be there."""
        found = self.number(name)
        if found is None:
            self._refuse(name, "a number", "")
        return found

    def positive(self, name: str) -> Decimal:
        """A number above 0."""
        found = self.required_number(name)
        if found <= 0:
            self._refuse(name, "a number above 0", str(found))
        return found

    def time(self, name: str) -> Instant:
        """An instant; what has no zone is UTC."""
        value = self._row.get(name)
        if isinstance(value, datetime):
            aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
            return Instant(microseconds(aware))
        try:
            return parse_instant(str(value), name)
        except UserError as error:
            self._refuse(name, "a UTC time such as 2026-01-31T14:30:00Z", value, error)

    def word(self, name: str, read: Callable[[str], Word], expected: str) -> Word:
        """A word of a closed set."""
        text = self.text(name)
        try:
            return read(text)
        except ValueError as error:
            self._refuse(name, expected, text, error)

    def truth(self, name: str) -> bool | None:
        """True or false; None where nothing is said."""
        text = self.text(name).lower()
        return _WORDS.get(text)

    def _refuse(
        self, name: str, expected: str, found: object, error: Exception | None = None
    ) -> NoReturn:
        raise UserError(
            f"{self._path} row {self._number}, {name}: expected {expected}, found {found!r}",
            "mend the file or export the trades anew",
        ) from error


def _trade(cells: _Cells) -> Trade:
    direction = cells.text("direction")
    return Trade(
        at=cells.time("timestamp"),
        exec_id=cells.text("exec_id") or cells.text("trade_id"),
        order_id=cells.required("order_id"),
        order_link_id=cells.text("client_order_id") or None,
        symbol=cells.required("symbol"),
        strat_id=cells.text("strat_id") or None,
        side=cells.word("side", SideType, "Buy or Sell"),
        direction=(cells.word("direction", DirectionType, "long or short") if direction else None),
        closed_size=cells.number("closed_qty"),
        price=cells.positive("price"),
        qty=cells.positive("qty"),
        fee=cells.number("commission"),
        realised=cells.number("realized_pnl"),
        is_maker=cells.truth("is_maker"),
    )

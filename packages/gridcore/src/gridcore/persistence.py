"""GridAnchorStore: grids and anchors in one JSON file. The only module of the kernel with files.

It imports files of the earlier bots and serves users of the engine alone; the session's memory is
kept elsewhere. It refuses to judge whether a saved grid still fits: the caller asks `mismatch`.
"""

import json
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import TypedDict

from gridcore.config import GridConfig
from gridcore.message import message

KEPT_REPORTS = 100
SCHEMA = 2
"""Version of an entry. Entries of the earlier bots carry none."""


class StoreError(OSError):
    """The file cannot be read or written for a reason that is not its content."""


class LevelRow(TypedDict):
    """One saved level; `price` is plain decimal text."""

    side: str
    price: str


class SavedGrid(TypedDict):
    """One entry. An anchor-only entry has no grid; old entries know no symbol and no tick."""

    anchor_price: Decimal | None
    grid: list[LevelRow] | None
    grid_step: Decimal
    grid_count: int
    symbol: str | None
    tick_size: Decimal | None
    last_fill: Decimal | None


class StoreEvent(StrEnum):
    """What the store has to tell."""

    FILE_CORRUPT = "file_corrupt"
    ENTRY_UNREADABLE = "entry_unreadable"
    WRITE_FAILED = "write_failed"


@message
class StoreReport:
    """One thing that went wrong with the file; saving never raises it."""

    event: StoreEvent
    path: Path
    text: str


class Disk:
    """The steps of a durable write; a test puts failures in their place."""

    def write(self, path: Path, content: bytes) -> None:
        """Write a file and wait until the content is on the disk."""
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def replace(self, source: Path, target: Path) -> None:
        """Put one file in the place of another, in one step that survives a crash."""
        os.replace(source, target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def mismatch(saved: SavedGrid, config: GridConfig, symbol: str, tick_size: Decimal) -> str | None:
    """Why a saved grid does not fit the configuration; None when it does (P-3).

    Old entries that know no symbol or tick are not refused for it.
    """
    pairs: tuple[tuple[str, object, object], ...] = (
        ("grid_step", saved["grid_step"], config.grid_step),
        ("grid_count", saved["grid_count"], config.grid_count),
        ("symbol", saved["symbol"] or symbol, symbol),
        ("tick_size", saved["tick_size"] or tick_size, tick_size),
    )
    for name, found, expected in pairs:
        if found != expected:
            return f"{name}: expected {expected}, found {found}"
    return None


class GridAnchorStore:
    """Grids by strategy. Saving never blocks: one thread writes, the latest entry wins (P-4)."""

    def __init__(
        self,
        path: str | Path,
        *,
        report: Callable[[StoreReport], None] | None = None,
        disk: Disk | None = None,
    ) -> None:
        self.path = Path(path)
        self.reports: deque[StoreReport] = deque(maxlen=KEPT_REPORTS)
        """The latest reports, for callers that gave no `report` to call."""
        self._report = report
        self._disk = disk or Disk()
        self._disk_lock = threading.Lock()
        self._changed = threading.Condition()
        self._pending: dict[str, dict[str, object]] = {}
        self._enqueued: dict[str, str] = {}
        self._writing = False

    def load(self, strat_id: str) -> SavedGrid | None:
        """The saved entry of a strategy; None when there is none or it cannot be read (P-2).

        Raises ValueError for an empty strat_id, StoreError when the file cannot be opened.
        """
        _require_strategy(strat_id)
        with self._disk_lock:
            entries = self._read()
        if strat_id not in entries:
            return None
        try:
            return _parse_entry(entries[strat_id])
        except ValueError as error:
            self._tell(StoreEvent.ENTRY_UNREADABLE, f"strat_id={strat_id} {error}")
            return None

    def save(
        self,
        strat_id: str,
        *,
        grid_step: Decimal,
        grid_count: int,
        anchor_price: Decimal | None = None,
        grid: Sequence[LevelRow] | None = None,
        symbol: str | None = None,
        tick_size: Decimal | None = None,
        last_fill: Decimal | None = None,
    ) -> None:
        """Have an entry written soon; equal to the last one saved: nothing happens (P-4).

        A grid of one level or none is not kept (P-7); nor is an entry without grid and anchor.
        """
        _require_strategy(strat_id)
        if (grid is None and anchor_price is None) or (grid is not None and len(grid) <= 1):
            return
        entry: dict[str, object] = {
            "schema": SCHEMA,
            "symbol": symbol,
            "tick_size": _text(tick_size),
            "grid_step": _text(grid_step),
            "grid_count": grid_count,
            "anchor_price": _text(anchor_price),
            "last_fill": _text(last_fill),
        }
        if grid is not None:
            entry["grid"] = [{"side": row["side"], "price": str(row["price"])} for row in grid]
        fingerprint = json.dumps(entry, sort_keys=True)
        with self._changed:
            if self._enqueued.get(strat_id) == fingerprint:
                return
            self._enqueued[strat_id] = fingerprint
            self._pending[strat_id] = entry
            if not self._writing:
                self._writing = True
                threading.Thread(target=self._drain, name="grid-anchor-store", daemon=True).start()

    def delete(self, strat_id: str) -> None:
        """Forget a strategy, on the disk too; an entry still waiting to be written is dropped.

        Raises StoreError when the file cannot be written.
        """
        _require_strategy(strat_id)
        with self._disk_lock:
            with self._changed:
                self._pending.pop(strat_id, None)
                self._enqueued.pop(strat_id, None)
            entries = self._read()
            if strat_id in entries:
                del entries[strat_id]
                self._write(entries)

    def flush(self, timeout_s: int = 10) -> bool:
        """Wait until everything saved is on the disk; False when it takes longer (P-6)."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._writing, timeout_s)

    def _drain(self) -> None:
        try:
            while self._write_pending():
                pass
        finally:
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _write_pending(self) -> bool:
        """Write what waits; whether there may be more. The thread ends when there is not."""
        with self._disk_lock:
            with self._changed:
                if not self._pending:
                    self._writing = False
                    return False
                # Taken under the disk lock, so that a delete cannot come in between.
                entries, self._pending = self._pending, {}
            try:
                self._write({**self._read(), **entries})
            except OSError as error:
                self._forget(entries)
                self._tell(StoreEvent.WRITE_FAILED, str(error))
        return True

    def _forget(self, entries: Mapping[str, object]) -> None:
        """Let the same grid be saved again, unless a newer one is already waiting."""
        with self._changed:
            for strat_id in entries:
                if strat_id not in self._pending:
                    self._enqueued.pop(strat_id, None)

    def _read(self) -> dict[str, object]:
        """All entries; a file that cannot be understood is put aside, not overwritten."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StoreError(f"cannot read {self.path}: {error}") from error
        try:
            entries = json.loads(content, parse_float=Decimal, parse_constant=_refuse_constant)
            if not isinstance(entries, dict):
                raise ValueError(f"expected an object, found {type(entries).__name__}")
        except ValueError as error:
            aside = self._put_aside()
            self._tell(StoreEvent.FILE_CORRUPT, f"kept as {aside}: {error}")
            return {}
        return entries

    def _put_aside(self) -> Path:
        number = 0
        aside = self.path.with_name(f"{self.path.name}.corrupt")
        while aside.exists():
            number += 1
            aside = self.path.with_name(f"{self.path.name}.corrupt.{number}")
        try:
            self._disk.replace(self.path, aside)
        except OSError as error:
            raise StoreError(f"cannot put {self.path} aside: {error}") from error
        return aside

    def _write(self, entries: Mapping[str, object]) -> None:
        temporary = self.path.with_name(f"{self.path.name}.tmp")
        content = json.dumps(entries, indent=1, sort_keys=True, default=_text).encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._disk.write(temporary, content)
            self._disk.replace(temporary, self.path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StoreError(f"cannot write {self.path}: {error}") from error

    def _tell(self, event: StoreEvent, text: str) -> None:
        report = StoreReport(event=event, path=self.path, text=text)
        self.reports.append(report)
        if self._report is not None:
            self._report(report)


def _require_strategy(strat_id: str) -> None:
    if not strat_id:
        raise ValueError("strat_id: expected a name, found an empty text")


def _refuse_constant(found: str) -> object:
    raise ValueError(f"expected a finite number, found {found}")


def _text(value: object) -> str | None:
    return (
        None if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)
    )


def _parse_entry(entry: object) -> SavedGrid:
    """An entry of this or of an earlier version; ValueError says what is wrong."""
    if not isinstance(entry, Mapping):
        raise ValueError(f"expected an object, found {type(entry).__name__}")
    schema = entry.get("schema", SCHEMA)
    if not isinstance(schema, int) or schema > SCHEMA:
        raise ValueError(f"schema: expected at most {SCHEMA}, found {schema!r}")
    grid_step = _number(entry, "grid_step")
    count = entry.get("grid_count")
    if grid_step is None or not isinstance(count, int) or isinstance(count, bool):
        raise ValueError("expected grid_step and grid_count")
    symbol = entry.get("symbol")
    saved = SavedGrid(
        anchor_price=_number(entry, "anchor_price"),
        grid=_rows(entry.get("grid")),
        grid_step=grid_step,
        grid_count=count,
        symbol=symbol if isinstance(symbol, str) else None,
        tick_size=_number(entry, "tick_size"),
        last_fill=_number(entry, "last_fill"),
    )
    if saved["grid"] is None and saved["anchor_price"] is None:
        raise ValueError("expected a grid or an anchor_price")
    return saved


def _rows(rows: object) -> list[LevelRow] | None:
    if rows is None:
        return None
    if not isinstance(rows, list):
        raise ValueError(f"grid: expected a list, found {type(rows).__name__}")
    parsed = []
    for row in rows:
        price = _number(row, "price") if isinstance(row, Mapping) else None
        if price is None or not isinstance(row.get("side"), str):
            raise ValueError(f"grid: expected levels with side and price, found {row!r}")
        parsed.append(LevelRow(side=row["side"], price=format(price, "f")))
    return parsed


def _number(entry: Mapping[str, object], name: str) -> Decimal | None:
    found = entry.get(name)
    if found is None:
        return None
    try:
        value = Decimal(str(found))
    except InvalidOperation as error:
        raise ValueError(f"{name}: expected a number, found {found!r}") from error
    if not value.is_finite():
        raise ValueError(f"{name}: expected a finite number, found {found!r}")
    return value

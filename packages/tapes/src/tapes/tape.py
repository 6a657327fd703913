"""A tape on disk, opened: its manifest and its columns as memory-mapped views.

Knows how to open and verify; refuses to know strategies, venues and how tapes are made.
"""

import hashlib
import mmap
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tapes.columns import (
    SPECS_BY_NAME,
    TICKER_SPECS,
    TRADE_SEQ_SPEC,
    TRADE_SPECS,
    ColumnSet,
    ColumnSpec,
    TickerColumns,
    TradeColumns,
)
from tapes.compiled import Integers, read_only
from tapes.errors import TapeError
from tapes.manifest import (
    MANIFEST_FILE,
    BarOrder,
    ColumnRecord,
    Manifest,
    content_hash,
    manifest_error,
    manifest_from_json,
)

_HASH_BYTES = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """A recorded market. `trades` and `tickers` are views of the files and use no memory of their
    own; `tickers` is None on a trade-only tape. `folder` is None for a view that is not on
    disk."""

    path: Path
    folder: Path | None
    manifest: Manifest
    trades: TradeColumns
    tickers: TickerColumns | None

    @classmethod
    def open(cls, path: Path | str) -> "Tape":
        """Open a tape's folder, however long, at once; TapeError says what is wrong with it."""
        folder = Path(path)
        manifest = _read_manifest(folder)
        mapped = {record.name: _map_column(folder, record) for record in manifest.columns}
        has_tickers = manifest.ticker_rows > 0 or TRADE_SEQ_SPEC.full_name in mapped
        wanted: tuple[ColumnSpec, ...] = TRADE_SPECS
        if has_tickers:
            wanted = (*TRADE_SPECS, TRADE_SEQ_SPEC, *TICKER_SPECS)
        missing = [spec.full_name for spec in wanted if spec.full_name not in mapped]
        if missing or manifest.trade_rows < 1 or not _counts_agree(manifest):
            expected = "at least one trade, all columns of each set, and as many rows in each"
            found = f"{manifest.trade_rows} trades, missing columns {missing}"
            raise manifest_error(str(path), expected, found)
        return cls(
            path=folder,
            folder=folder,
            manifest=manifest,
            trades=TradeColumns(
                time=mapped["trades.time"],
                price=mapped["trades.price"],
                size=mapped["trades.size"],
                side=mapped["trades.side"],
                seq=mapped.get("trades.seq"),
            ),
            tickers=_tickers(mapped) if has_tickers else None,
        )

    def verify(self) -> None:
        """Recompute every sha256; TapeError names the first column that changed since it was
        made."""
        if self.folder is None:
            return
        manifest = self.manifest
        for record in manifest.columns:
            found = _file_hash(self.folder / record.file)
            if found != record.sha256:
                raise _changed(self.path, record.name, record.sha256, found)
        found = content_hash(manifest.header, manifest.columns, manifest.gaps)
        if found != manifest.sha256:
            raise _changed(self.path, "the manifest", manifest.sha256, found)

    def with_bar_order(self, order: BarOrder) -> "Tape":
        """The same bars with the given extreme first (rows 4k+1 and 4k+2 change places).

        TapeError on a tape that was not made from bars.
        """
        header = self.manifest.header
        if header.bar_order is None:
            raise TapeError(
                f"tape {self.path} has no bar order",
                expected="a tape made from bars",
                found="recorded trades",
                mend="Run it as it is; only bars need both orders.",
            )
        if header.bar_order is order:
            return self
        price = np.array(self.trades.price)
        price[1::4], price[2::4] = self.trades.price[2::4], self.trades.price[1::4]
        columns = tuple(
            replace(record, sha256=hashlib.sha256(price.tobytes()).hexdigest())
            if record.name == "trades.price"
            else record
            for record in self.manifest.columns
        )
        turned = replace(header, bar_order=order)
        manifest = replace(
            self.manifest,
            header=turned,
            columns=columns,
            sha256=content_hash(turned, columns, self.manifest.gaps),
        )
        trades = replace(self.trades, price=read_only(price))
        return replace(self, folder=None, manifest=manifest, trades=trades)


def _read_manifest(folder: Path) -> Manifest:
    file = folder / MANIFEST_FILE
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        found = "no manifest.json in it" if folder.is_dir() else "no such folder"
        raise TapeError(
            f"tape {folder} cannot be opened",
            expected="a folder with manifest.json and columns",
            found=found,
            mend="Make one with `backtest tape import` or `backtest tape synth`.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise manifest_error(str(folder), "a readable text file", str(error)) from None
    return manifest_from_json(text, str(folder))


def _map_column(folder: Path, record: ColumnRecord) -> Integers:
    file = folder / record.file
    width = int(np.dtype(record.dtype).itemsize)
    found = file.stat().st_size if file.is_file() else None
    rows_right = record.rows == 0 or SPECS_BY_NAME[record.name].bytes_min <= width
    if found != record.rows * width or not rows_right:
        raise TapeError(
            f"column {record.name} of tape {folder} cannot be used",
            expected=f"{record.rows * width} bytes in {record.file}",
            found="no such file" if found is None else f"{found} bytes",
            mend="Make the tape again from its source.",
        )
    if record.rows == 0:
        return read_only(np.empty(0, dtype=record.dtype))
    with file.open("rb") as handle:
        mapped = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
    return np.frombuffer(mapped, dtype=record.dtype)


def _counts_agree(manifest: Manifest) -> bool:
    counts = {
        ColumnSet.TRADES: manifest.trade_rows,
        ColumnSet.TICKERS: manifest.ticker_rows,
    }
    return all(
        record.rows == counts[SPECS_BY_NAME[record.name].column_set] for record in manifest.columns
    )


def _tickers(mapped: dict[str, Integers]) -> TickerColumns:
    return TickerColumns(
        time=mapped["tickers.time"],
        seq=mapped["tickers.seq"],
        last=mapped["tickers.last"],
        bid=mapped["tickers.bid"],
        ask=mapped["tickers.ask"],
        mark=mapped["tickers.mark"],
        funding=mapped["tickers.funding"],
    )


def _file_hash(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as handle:
        while block := handle.read(_HASH_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _changed(path: Path, what: str, expected: str, found: str) -> TapeError:
    return TapeError(
        f"tape {path} was changed: {what}",
        expected=f"sha256 {expected}",
        found=found,
        mend="Make the tape again from its source; do not edit tapes.",
    )

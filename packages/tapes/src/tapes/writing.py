"""Writes a tape, batch by batch, in bounded memory; the folder appears only when it is complete.

Knows the order of work; refuses rows that break the laws of tapes.rows.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType

from tapes.column_file import ColumnFile
from tapes.columns import (
    TICKER_SPECS,
    TRADE_SEQ_SPEC,
    TRADE_SPECS,
    ColumnSet,
    ColumnSpec,
    TickerColumns,
    TradeColumns,
)
from tapes.compiled import Integers
from tapes.errors import TapeError, disk_error
from tapes.folders import FolderInMaking
from tapes.manifest import (
    MANIFEST_FILE,
    Gap,
    Manifest,
    TapeHeader,
    content_hash,
    manifest_to_json,
)
from tapes.rows import LastKey, check_tickers, check_trades
from tapes.tape import Tape


class TapeWriter:
    """Makes a tape at `path`; use it in a `with` block and call `commit()` at its end.

    Leaving the block without a commit, or with an error, removes everything. With `tickers` both
    column sets carry seq, and the header names the mark and funding units.
    """

    def __init__(
        self, path: Path, header: TapeHeader, *, tickers: bool = False, replace: bool = False
    ) -> None:
        if tickers != (header.mark_unit is not None and header.funding_unit is not None):
            raise TapeError(
                f"tape {path} cannot be begun",
                expected="mark_unit and funding_unit exactly when there are tickers",
                found=f"mark_unit {header.mark_unit!r}, funding_unit {header.funding_unit!r}",
                mend="Say both units in the header of a tape with tickers, none otherwise.",
            )
        self._path = path
        self._header = header
        self._folder = FolderInMaking(path, replace=replace)
        self._specs = (*TRADE_SPECS, *((TRADE_SEQ_SPEC, *TICKER_SPECS) if tickers else ()))
        self._files: dict[str, ColumnFile] = {}
        self._rows = dict.fromkeys(ColumnSet, 0)
        self._first: list[int] = []
        self._last: dict[ColumnSet, LastKey] = {}
        self._gaps: list[Gap] = []
        try:
            for spec in self._specs:
                self._files[spec.full_name] = ColumnFile(self._folder.path, spec)
        except OSError as error:
            self._abandon()
            raise disk_error(f"tape {path} cannot be begun", error) from error

    def __enter__(self) -> "TapeWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._abandon()

    def add_trades(self, columns: TradeColumns) -> None:
        """Append trades; they must follow those already written in (time, seq) order."""
        if len(columns):
            batch = self._batch(ColumnSet.TRADES, columns)
            last = self._last.get(ColumnSet.TRADES)
            bars = self._header.bar_order is not None
            self._append(ColumnSet.TRADES, batch, check_trades(batch, bars=bars, last=last))

    def add_tickers(self, columns: TickerColumns) -> None:
        """Append tickers; they must follow those already written in (time, seq) order."""
        if len(columns):
            batch = self._batch(ColumnSet.TICKERS, columns)
            last = self._last.get(ColumnSet.TICKERS)
            self._append(ColumnSet.TICKERS, batch, check_tickers(batch, last=last))

    def declare_gap(self, gap: Gap) -> None:
        """Declare an outage of the recording; gaps come in time order and do not overlap."""
        previous_us = self._gaps[-1].end_us if self._gaps else gap.start_us
        if not previous_us <= gap.start_us < gap.end_us:
            raise TapeError(
                f"gap {gap.reason!r} cannot be declared",
                expected=f"start before end, and no start before {previous_us}",
                found=f"start {gap.start_us}, end {gap.end_us}",
                mend="Merge overlapping gaps and declare them in time order.",
            )
        self._gaps.append(gap)

    def commit(self, counters: Mapping[str, int] | None = None) -> Tape:
        """Write the manifest, give the folder its name and open the tape."""
        if not self._rows[ColumnSet.TRADES]:
            raise TapeError(
                f"tape {self._path} cannot be made",
                expected="at least one trade",
                found="none",
                mend="Check the source files and the period asked for.",
            )
        try:
            manifest = self._finished_manifest(counters or {})
            text = manifest_to_json(manifest)
            (self._folder.path / MANIFEST_FILE).write_text(text, encoding="utf-8")
        except OSError as error:
            self._abandon()
            raise disk_error(f"tape {self._path} cannot be written", error) from error
        self._folder.publish()
        return Tape.open(self._path)

    def _finished_manifest(self, counters: Mapping[str, int]) -> Manifest:
        columns = tuple(self._files[spec.full_name].finish() for spec in self._specs)
        gaps = tuple(self._gaps)
        return Manifest(
            header=self._header,
            trade_rows=self._rows[ColumnSet.TRADES],
            ticker_rows=self._rows[ColumnSet.TICKERS],
            first_us=min(self._first),
            last_us=max(key.time_us for key in self._last.values()),
            gaps=gaps,
            columns=columns,
            counters=dict(counters),
            sha256=content_hash(self._header, columns, gaps),
        )

    def _batch(
        self, column_set: ColumnSet, columns: TradeColumns | TickerColumns
    ) -> dict[str, Integers]:
        return {spec.name: _present(columns, spec) for spec in self._specs_of(column_set)}

    def _append(self, column_set: ColumnSet, batch: dict[str, Integers], last: LastKey) -> None:
        for spec in self._specs_of(column_set):
            file, values = self._files[spec.full_name], batch[spec.name]
            try:
                file.append(values)
            except OSError as error:
                self._abandon()
                raise disk_error(f"tape {self._path} cannot be written", error) from error
        if column_set not in self._last:
            self._first.append(int(batch["time"][0]))
        self._last[column_set] = last
        self._rows[column_set] += len(batch["time"])

    def _specs_of(self, column_set: ColumnSet) -> Iterable[ColumnSpec]:
        found = [spec for spec in self._specs if spec.column_set is column_set]
        if not found:
            raise TapeError(
                f"{column_set.value} cannot be written to {self._path}",
                expected="a writer that was begun with tickers=True",
                found="one for trades alone",
                mend="Begin the writer with tickers and both units.",
            )
        return found

    def _abandon(self) -> None:
        for file in self._files.values():
            file.close()
        self._folder.discard()


def _present(columns: TradeColumns | TickerColumns, spec: ColumnSpec) -> Integers:
    values: Integers | None = getattr(columns, spec.name)
    if values is None:
        raise TapeError(
            f"column {spec.full_name} is missing",
            expected="a sequence number for every row of a tape with tickers",
            found="none",
            mend="Give each trade its place in the merged order.",
        )
    return values

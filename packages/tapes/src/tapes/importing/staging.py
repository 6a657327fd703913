"""Keeps the parsed rows of each file on disk until all files are known, and merges them in time
order.

Knows files that overlap; refuses to know what the rows were parsed from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tapes.errors import disk_error
from tapes.importing.counters import Fault, ImportCounters
from tapes.importing.repeats import DUPLICATE, OVERLAP, REPEATED, mark_repeats
from tapes.importing.trade_rows import TradeRows, joined

_COLUMNS = ("time", "price", "size", "side", "trade_id")
_FAULT_OF_MARK = {
    DUPLICATE: Fault.DUPLICATE,
    OVERLAP: Fault.OVERLAP,
    REPEATED: Fault.REPEATED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """One file's rows in time order, on disk."""

    folder: Path
    number: int
    first_us: int
    last_us: int

    def rows(self) -> TradeRows:
        """The rows, memory-mapped."""
        stored = {
            name: np.load(self.folder / f"{self.number}.{name}.npy", mmap_mode="r")
            for name in _COLUMNS
        }
        return TradeRows(**stored)


def stage(folder: Path, number: int, rows: TradeRows) -> StagedFile:
    """Put one file's rows (at least one) on disk; TapeError when there is no room."""
    try:
        for name in _COLUMNS:
            np.save(folder / f"{number}.{name}.npy", getattr(rows, name))
    except OSError as error:
        raise disk_error("the rows read cannot be kept while importing", error) from error
    return StagedFile(
        folder=folder, number=number, first_us=int(rows.time[0]), last_us=int(rows.time[-1])
    )


def merged(staged: list[StagedFile], counters: ImportCounters) -> Iterator[TradeRows]:
    """All files' rows in time order without repeats; files that do not overlap pass one by one."""
    for cluster in _clusters(staged):
        parts = [file.rows() for file in cluster]
        numbers = [np.full(len(part), place, np.int32) for place, part in enumerate(parts)]
        rows, file = joined(parts), np.concatenate(numbers)
        if len(parts) > 1:
            order = np.argsort(rows.time, kind="stable")
            rows, file = rows.picked(order), file[order]
        marks = mark_repeats(rows.time, rows.price, rows.size, rows.side, rows.trade_id, file)
        for mark, fault in _FAULT_OF_MARK.items():
            counters.add(fault, int(np.count_nonzero(marks == mark)))
        dropped = (marks == DUPLICATE) | (marks == OVERLAP)
        yield rows.picked(~dropped) if dropped.any() else rows


def _clusters(staged: list[StagedFile]) -> list[list[StagedFile]]:
    """Files in time order, those whose periods touch together."""
    clusters: list[list[StagedFile]] = []
    end_us = -1
    for file in sorted(staged, key=lambda entry: (entry.first_us, entry.number)):
        if clusters and file.first_us <= end_us:
            clusters[-1].append(file)
        else:
            clusters.append([file])
        end_us = max(end_us, file.last_us)
    return clusters

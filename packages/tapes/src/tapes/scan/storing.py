"""Keeps a scan index beside the tape's columns, keyed by the column's sha256.

Knows when a stored index may be trusted; a folder that cannot be written is no error.
"""

import os
from pathlib import Path

import numpy as np

from tapes.compiled import Integers, read_only
from tapes.errors import TapeError
from tapes.folders import whole_file
from tapes.manifest import ColumnRecord
from tapes.scan.index import ScanIndex
from tapes.scan.layout import BLOCK_ROWS, FAN_OUT, NODE_FIELDS, node_count
from tapes.tape import Tape


def load_or_build(tape: Tape, column: str = "trades.price") -> ScanIndex:
    """The index of a column by full name: the stored one when it belongs to exactly this column,
    else a new one, which is stored when the folder allows it. TapeError when the tape lacks the
    column."""
    record = tape.manifest.column(column)
    column_set, _, name = column.partition(".")
    if record is None:
        raise TapeError(
            f"tape {tape.path} has no column {column}",
            expected=f"one of {', '.join(entry.name for entry in tape.manifest.columns)}",
            found=column,
            mend="Use a tape that carries it.",
        )
    values = read_only(getattr(tape.trades if column_set == "trades" else tape.tickers, name))
    if tape.folder is None:
        return ScanIndex.build(values)
    file = _index_file(tape.folder, record)
    nodes = _load(file, len(values))
    if nodes is not None:
        return ScanIndex(values, nodes)
    index = ScanIndex.build(values)
    _store(file, index.nodes)
    return index


def _index_file(folder: Path, record: ColumnRecord) -> Path:
    shape = f"{BLOCK_ROWS}x{FAN_OUT}"
    return folder / f"{record.name}.index-{shape}-{record.sha256[:16]}.i8"


def _load(file: Path, rows: int) -> Integers | None:
    """The nodes, or None when the file is absent, of the wrong length or damaged."""
    count = node_count(rows)
    try:
        stored = np.fromfile(file, dtype="<i8")
    except OSError:
        return None
    if len(stored) != count * NODE_FIELDS + 1 or int(stored[-1]) != _checksum(stored[:-1]):
        return None
    return read_only(stored[:-1].reshape(count, NODE_FIELDS))


def _store(file: Path, nodes: Integers) -> None:
    if not os.access(file.parent, os.W_OK):
        return
    body = np.append(nodes.ravel(), _checksum(nodes.ravel())).astype("<i8")
    try:
        with whole_file(file) as partial:
            body.tofile(partial)
    except TapeError:
        # The index is an acceleration: a full disk costs its rebuilding next time, nothing else.
        return


def _checksum(flat: Integers) -> int:
    """A sum that depends on each number's place, so that exchanged blocks are noticed."""
    places = np.arange(1, len(flat) + 1, dtype=np.uint64)
    return int((flat.astype(np.uint64) * places).sum(dtype=np.uint64).astype(np.int64))

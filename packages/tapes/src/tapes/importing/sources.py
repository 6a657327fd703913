"""Opens a source file, CSV or Parquet, as batches of text fields by column name.

Knows file formats; refuses to know what the columns mean.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from tapes.errors import TapeError
from tapes.importing.fields import Fields, cut_fields, split_line
from tapes.importing.lines import Places, Progress, TextBlock, read_blocks

_PARQUET_ROWS = 1 << 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some rows of a source: the fields of each wanted column, the rows' line numbers, and a row's
    whole text for messages."""

    fields: dict[str, Fields]
    numbers: Places
    line: Callable[[int], str]

    def __len__(self) -> int:
        return len(self.numbers)


class Source(Protocol):
    """A file with named columns that can be read once."""

    name: str
    header: list[str]

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Yield all rows with the wanted columns."""


def open_source(path: Path, delimiter: str, on_bytes: Progress | None = None) -> Source:
    """Open by the file's ending: .parquet, else text (.gz unpacked); TapeError when unreadable."""
    if path.suffix == ".parquet":
        return ParquetSource(path, on_bytes)
    return TextSource(path, delimiter, on_bytes)


class TextSource:
    """A delimited text file; its first line names the columns."""

    def __init__(self, path: Path, delimiter: str, on_bytes: Progress | None = None) -> None:
        self.name = path.name
        self._delimiter = delimiter
        self._blocks = read_blocks(path, on_bytes)
        self._first = next(self._blocks, None)
        first = self._first
        has_header = first is not None and len(first.starts) > 0
        self.header = split_line(first.line(0), delimiter) if first and has_header else []

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Yield all rows after the header with the wanted columns."""
        places = [self.header.index(column) for column in columns]
        if self._first is not None:
            yield self._batch(_without_header(self._first), columns, places)
        for block in self._blocks:
            yield self._batch(block, columns, places)

    def _batch(self, block: TextBlock, columns: Sequence[str], places: list[int]) -> Batch:
        fields = cut_fields(block, places, self._delimiter)
        return Batch(
            fields=dict(zip(columns, fields, strict=True)), numbers=block.numbers, line=block.line
        )


class ParquetSource:
    """A Parquet file; numbers, decimals and times are turned into exact text."""

    def __init__(self, path: Path, on_bytes: Progress | None = None) -> None:
        self.name = path.name
        self._on_bytes = on_bytes
        self._size = path.stat().st_size if path.is_file() else 0
        try:
            self._file = parquet.ParquetFile(path)
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(path.name, str(error).splitlines()[0]) from None
        self.header = list(self._file.schema_arrow.names)

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Yield all rows with the wanted columns; row numbers count from 1."""
        done, rows = 0, max(self._file.metadata.num_rows, 1)
        try:
            for part in self._file.iter_batches(_PARQUET_ROWS, columns=list(columns)):
                fields = {column: text_fields(part.column(column)) for column in columns}
                numbers = np.arange(done + 1, done + 1 + part.num_rows, dtype=np.int64)
                done += part.num_rows
                if self._on_bytes is not None:
                    self._on_bytes(self._size * done // rows)
                yield Batch(fields=fields, numbers=numbers, line=_joined(fields))
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(self.name, str(error).splitlines()[0]) from None


def text_fields(column: Any) -> Fields:
    """A Parquet column as text fields: exact for integers, decimals, times and text; a float
    becomes the shortest decimal that means it; null becomes empty."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        column = column.cast(pa.large_binary())
    text = column.cast(pa.large_string()).fill_null("")
    _, offsets, letters = text.buffers()
    places = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    flat = np.frombuffer(letters, np.uint8) if letters else np.empty(0, np.uint8)
    return Fields(text=flat, starts=places[:-1], ends=places[1:])


def _without_header(block: TextBlock) -> TextBlock:
    return TextBlock(
        text=block.text,
        starts=block.starts[1:],
        ends=block.ends[1:],
        numbers=block.numbers[1:],
    )


def _joined(fields: dict[str, Fields]) -> Callable[[int], str]:
    return lambda row: ", ".join(f"{name}={part.field(row)}" for name, part in fields.items())


def _unreadable(name: str, found: str) -> TapeError:
    return TapeError(
        f"{name} cannot be read",
        expected="a complete Parquet file",
        found=found,
        mend="Check the path, or make the file again.",
    )

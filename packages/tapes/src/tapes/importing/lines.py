"""Reads text files, plain or gzip, as blocks of whole lines.

Knows bytes, line ends and line numbers; refuses to know columns.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt

from tapes.errors import TapeError

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Progress = Callable[[int], None]

_BLOCK_BYTES = 1 << 23
_LINE_BYTES_MAX = 1 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NEWLINE, _RETURN = 10, 13


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBlock:
    """Whole lines: line i is text[starts[i]:ends[i]] and stands at numbers[i] (from 1) in its file.
    Empty lines are left out."""

    text: Bytes
    starts: Places
    ends: Places
    numbers: Places

    def line(self, number: int) -> str:
        """Line i as text for a message."""
        raw = self.text[self.starts[number] : self.ends[number]].tobytes()
        return raw.decode("utf-8", errors="replace")


def read_blocks(path: Path, on_bytes: Progress | None = None) -> Iterator[TextBlock]:
    """Yield the file's lines in blocks; `on_bytes` hears how many bytes of the file are behind us.

    TapeError when the file is missing, is not gzip though named .gz, is cut off, or has a line
    longer than 1 MiB.
    """
    with _opened(path) as (raw, stream):
        rest, line_number = b"", 1
        while True:
            block = _read(path, stream)
            if line_number == 1 and not rest:
                block = block.removeprefix(_BYTE_ORDER_MARK)
            if on_bytes is not None:
                on_bytes(raw.tell())
            text = rest + block
            cut = len(text) if not block else text.rfind(b"\n") + 1
            if cut:
                yield _lines(text[:cut], line_number)
                line_number += text.count(b"\n", 0, cut)
            rest = text[cut:]
            if not block:
                return
            if len(rest) > _LINE_BYTES_MAX:
                raise _unreadable(path, "lines of text", f"more than 1 MiB in line {line_number}")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    try:
        raw = path.open("rb")
    except OSError as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else str(error.strerror)
        raise _unreadable(path, "a file that can be read", found) from None
    with raw:
        if path.suffix == ".gz":
            with gzip.open(raw, "rb") as unpacked:
                yield raw, cast(BinaryIO, unpacked)
        else:
            yield raw, raw


def _read(path: Path, stream: BinaryIO) -> bytes:
    try:
        return stream.read(_BLOCK_BYTES)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _unreadable(path, "a complete gzip file", str(error)) from None
    except OSError as error:
        raise _unreadable(path, "a file that can be read", str(error)) from None


def _lines(text: bytes, first_number: int) -> TextBlock:
    """Cut a block at its line ends, without a carriage return, without empty lines."""
    letters = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(letters == _NEWLINE)
    if not text.endswith(b"\n"):
        ends = np.append(ends, len(letters))
    starts = np.empty_like(ends)
    starts[0], starts[1:] = 0, ends[:-1] + 1
    ends = ends - ((ends > starts) & (letters[np.maximum(ends - 1, 0)] == _RETURN))
    numbers = first_number + np.arange(len(ends), dtype=np.int64)
    full = ends > starts
    return TextBlock(text=letters, starts=starts[full], ends=ends[full], numbers=numbers[full])


def _unreadable(path: Path, expected: str, found: str) -> TapeError:
    return TapeError(
        f"{path.name} cannot be read",
        expected=expected,
        found=found,
        mend="Check the path, or download the file again.",
    )

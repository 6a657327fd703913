"""Reads journal files, packed or not, line by line. It refuses to know what the lines mean."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

import zstandard

from appkit.journals.files import COMPRESSED
from gridcore.session.codec import Header, Line, read_body, unfold
from gridcore.session.forms import JournalError

_SEQ: Final = '{"seq":'


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """A journal file as text; iterating gives its lines with their newlines.

    Bytes that are no ASCII come as characters that no line holds. JournalError for a packed file
    that is damaged.
    """
    with path.open("rb") as file:
        raw: io.BufferedReader = file
        if path.name.endswith(COMPRESSED):
            raw = io.BufferedReader(
                zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
            )
        try:
            yield io.TextIOWrapper(raw, encoding="ascii", errors="surrogateescape", newline="\n")
        except zstandard.ZstdError as error:
            raise JournalError("a whole packed journal", str(error), f"{path}: ") from error


def header_of(path: Path) -> tuple[Line, Header]:
    """The first line of a file, and the header it holds; JournalError for anything else."""
    with opened(path) as lines:
        text = next(iter(lines), "")
    if not text:
        raise JournalError("a header", "an empty journal", f"{path}: ")
    line = read_body(unfold(text))
    if not isinstance(line.body, Header):
        raise JournalError("a header as the first line", text, f"{path}: ")
    return line, line.body


def lines_from(path: Path, seq: int) -> Iterator[str]:
    """The lines of a file from number `seq` on.

    Those before it are passed over by their numbers alone. From the first line on whose number
    cannot be read, all are given: whoever reads them refuses them.
    """
    with opened(path) as lines:
        passing = True
        for text in lines:
            passing = passing and _is_before(text, seq)
            if not passing:
                yield text


def _is_before(text: str, seq: int) -> bool:
    number, comma, _ = text.removeprefix(_SEQ).partition(",")
    return bool(comma) and number.isdecimal() and int(number) < seq

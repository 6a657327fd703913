"""Journal files are read line by line, packed or not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appkit.journals.files import compressed_path
from appkit.journals.reader import header_of, lines_from, opened
from gridcore.session.forms import JournalError

Pack = Callable[[Path], Path]


@pytest.fixture
def path(
    write_journal: Callable[..., Path], make_account_setup: Callable[..., Any], tmp_path: Path
) -> Path:
    """A journal of twenty events whose header is line 1."""
    return write_journal(tmp_path, make_account_setup(), 20)


def test_the_header_is_the_first_line_with_the_memory_before_all_others(
    path: Path, make_account_setup: Callable[..., Any]
) -> None:
    line, header = header_of(path)

    assert line.seq == 1
    assert (header.config_hash, header.code_version) == ("c0ffee", "gridbot test")
    assert header.snapshot == make_account_setup().session().snapshot()


def test_a_packed_file_gives_the_same_lines(path: Path, packed: Pack) -> None:
    plain = list(lines_from(path, 1))

    found = packed(path)

    assert list(lines_from(found, 1)) == plain
    assert header_of(found)[0].seq == 1


def test_lines_are_given_from_a_number_on(path: Path) -> None:
    every = path.read_text().splitlines(keepends=True)

    assert list(lines_from(path, 1)) == every
    assert list(lines_from(path, 7)) == every[6:]
    assert list(lines_from(path, 1 + len(every))) == []


def test_from_a_line_without_a_number_on_all_are_given(path: Path) -> None:
    every = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*every[:4], '{"seq":x\n', *every[5:]]))

    assert list(lines_from(path, 9)) == ['{"seq":x\n', *every[5:]]


def test_bytes_that_are_no_text_make_a_line_and_no_crash(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + b"\x00\xff\xfe")

    with opened(path) as lines:
        last = list(lines)[-1]

    assert last == "\x00\udcff\udcfe"


def test_a_file_that_is_named_packed_and_is_not_is_refused(path: Path) -> None:
    named = compressed_path(path)
    named.write_bytes(b"not packed at all")

    with pytest.raises(JournalError, match="expected a whole packed journal"):
        list(lines_from(named, 1))


@pytest.mark.parametrize(
    "content", ["", '{"seq":1,"now_us":1,"kind":"TimerFired","body":{"at":1}}\n']
)
def test_a_file_that_begins_otherwise_has_no_header(content: str, tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    path.write_text(content)

    with pytest.raises(JournalError, match="expected a header"):
        header_of(path)

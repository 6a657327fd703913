"""Journal files are read line by line, packed or not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gridbot.journal.archive import pack
from gridbot.journal.files import compressed_path
from gridbot.journal.reader import header_of, lines_from, opened
from gridcore.session.forms import JournalError

Lived = Callable[..., Any]


@pytest.fixture
def path(lived: Lived, make_account_setup: Callable[..., Any], tmp_path: Path) -> Path:
    """A journal of twenty events whose header is line 1."""
    journal, _ = lived(tmp_path, make_account_setup(), 20)
    journal.close()
    found: Path = journal.path
    return found


def test_the_header_is_the_first_line_with_the_memory_before_all_others(
    path: Path, make_account_setup: Callable[..., Any]
) -> None:
    line, header = header_of(path)

    assert line.seq == 1
    assert (header.config_hash, header.code_version) == ("c0ffee", "gridbot test")
    assert header.snapshot == make_account_setup().session().snapshot()


def test_a_packed_file_gives_the_same_lines(path: Path) -> None:
    plain = list(lines_from(path, 1))
    pack(path)

    assert list(lines_from(compressed_path(path), 1)) == plain
    assert header_of(compressed_path(path))[0].seq == 1


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


def test_a_packed_file_that_was_cut_is_refused_where_it_ends(path: Path) -> None:
    pack(path)
    packed = compressed_path(path)
    packed.write_bytes(b"not packed at all")

    with pytest.raises(JournalError, match="expected a whole packed journal"):
        list(lines_from(packed, 1))


@pytest.mark.parametrize(
    "content", ["", '{"seq":1,"now_us":1,"kind":"TimerFired","body":{"at":1}}\n']
)
def test_a_file_that_begins_otherwise_has_no_header(content: str, tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    path.write_text(content)

    with pytest.raises(JournalError, match="expected a header"):
        header_of(path)

"""Text files as lines with their numbers."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.errors import TapeError
from tapes.importing.lines import read_blocks

Write = Callable[..., Path]


def lines_of(path: Path) -> list[tuple[int, str]]:
    return [
        (int(block.numbers[row]), block.line(row))
        for block in read_blocks(path)
        for row in range(len(block.starts))
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_keep_their_numbers_and_empty_ones_are_left_out(
    write: Write, name: str, end: str
) -> None:
    path = write(name, "one", "", "three", "four", end=end)

    assert lines_of(path) == [(1, "one"), (3, "three"), (4, "four")]


def test_a_byte_order_mark_and_a_missing_last_line_end_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfone\ntwo")

    assert lines_of(path) == [(1, "one"), (2, "two")]


@settings(deadline=None, max_examples=40)
@given(lines=st.lists(st.text("ab,\r", max_size=6), max_size=12))
def test_any_lines_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.csv"
    path.write_bytes("\n".join(lines).encode())

    expected = [(number, line.removesuffix("\r")) for number, line in enumerate(lines, 1)]
    assert lines_of(path) == [(number, line) for number, line in expected if line]


def test_lines_across_blocks_are_whole_and_progress_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    line = b"x" * 999 + b"\n"
    path.write_bytes(line * 20_000)
    heard: list[int] = []

    blocks = list(read_blocks(path, heard.append))

    assert sum(len(block.starts) for block in blocks) == 20_000
    assert blocks[-1].numbers[-1] == 20_000
    assert all((block.ends - block.starts == 999).all() for block in blocks)
    assert heard == sorted(heard)
    assert heard[-1] == path.stat().st_size


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="no such file"):
        lines_of(tmp_path / "nothing.csv")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="expected a file that can be read"):
        lines_of(tmp_path)


@pytest.mark.parametrize("whole", [False, True])
def test_a_broken_gzip_file_is_told(tmp_path: Path, whole: bool) -> None:
    path = tmp_path / "a.csv.gz"
    packed = gzip.compress(b"one\n" * 100)
    path.write_bytes(b"one\ntwo\n" if whole else packed[:-5])

    with pytest.raises(TapeError, match="a complete gzip file"):
        lines_of(path)


def test_a_line_without_an_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x" * (10 << 20))

    with pytest.raises(TapeError, match="1 MiB in line 1"):
        lines_of(path)

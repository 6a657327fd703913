"""Names of journal files: they sort as they began, and no account's name leaves the folder."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appkit.journals.files import (
    account_folder,
    compressed_path,
    journal_files,
    journal_path,
    setup_path,
    state_path,
    stem_of,
)
from gridcore.clock import Instant

BEGAN = Instant(1_767_229_200_000_000)  # 2026-01-01 01:00 UTC


def test_a_file_is_named_after_its_first_line_and_the_second_in_which_it_began() -> None:
    path = journal_path(Path("data"), "main", 42, Instant(BEGAN + 7))

    assert path == Path("data/accounts/main/journal/000000000042-20260101T010000Z.jsonl")
    assert setup_path(path).name == "000000000042-20260101T010000Z.setup.json"
    assert compressed_path(path).name == "000000000042-20260101T010000Z.jsonl.zst"
    assert stem_of(compressed_path(path)) == stem_of(path)
    assert setup_path(compressed_path(path)) == setup_path(path)


@given(accounts=st.lists(st.text(min_size=1), min_size=2, max_size=2, unique=True))
def test_any_two_names_make_two_folders_inside_the_folder(accounts: list[str]) -> None:
    one, other = (account_folder(Path("/data"), account) for account in accounts)

    assert one != other
    assert one.parent == other.parent == Path("/data/accounts")
    assert one.name not in (".", "..")


@pytest.mark.parametrize("name", [".", "..", "...", "a/b", "../main", "über", "main account"])
def test_names_that_could_be_ways_up_are_names_of_folders(name: str, tmp_path: Path) -> None:
    path = state_path(tmp_path, name)
    path.parent.mkdir(parents=True)

    assert [found.name for found in (tmp_path / "accounts").iterdir()] == [path.parent.name]


def test_files_are_listed_as_they_began_and_of_a_packed_one_that_is_still_plain_the_plain(
    tmp_path: Path,
) -> None:
    paths = [journal_path(tmp_path, "main", seq, BEGAN) for seq in (2, 10, 7)]
    paths[0].parent.mkdir(parents=True)
    for path in paths:
        path.touch()
    compressed_path(paths[1]).touch()
    compressed_path(journal_path(tmp_path, "main", 1, BEGAN)).touch()
    for stranger in ("notes.jsonl", ".000000000009-20260101T010000Z.jsonl.tmp", "x.setup.json"):
        (paths[0].parent / stranger).touch()

    found = journal_files(tmp_path, "main")

    assert [(file.first_seq, file.is_compressed) for file in found] == [
        (1, True),
        (2, False),
        (7, False),
        (10, False),
    ]
    assert {file.began for file in found} == {BEGAN}


def test_an_account_without_a_journal_has_no_files(tmp_path: Path) -> None:
    assert journal_files(tmp_path, "main") == []

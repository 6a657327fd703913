"""Folders and files appear whole or not at all."""

import errno
from pathlib import Path

import pytest

from tapes.errors import TapeError, TapeNotWritten
from tapes.folders import FolderInMaking, whole_file


def test_a_published_folder_has_its_files_and_nothing_else_remains(tmp_path: Path) -> None:
    folder = FolderInMaking(tmp_path / "deep" / "x", replace=False)
    (folder.path / "a").write_text("1")

    folder.publish()

    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["x"]
    assert (tmp_path / "deep" / "x" / "a").read_text() == "1"


def test_a_discarded_folder_leaves_nothing(tmp_path: Path) -> None:
    folder = FolderInMaking(tmp_path / "x", replace=False)
    (folder.path / "a").write_text("1")

    folder.discard()

    assert list(tmp_path.iterdir()) == []


def test_a_taken_name_is_refused_unless_it_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "old").write_text("")
    with pytest.raises(TapeError, match="--replace"):
        FolderInMaking(tmp_path / "x", replace=False)

    folder = FolderInMaking(tmp_path / "x", replace=True)
    (folder.path / "new").write_text("")
    folder.publish()

    assert [path.name for path in (tmp_path / "x").iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_what_a_killed_process_left_behind_is_removed(tmp_path: Path) -> None:
    # No process has this number: Linux ends at 2**22.
    abandoned = tmp_path / ".x.partial-99999999"
    abandoned.mkdir()
    running = tmp_path / ".x.partial-1"
    running.mkdir()

    FolderInMaking(tmp_path / "x", replace=False).discard()

    assert not abandoned.exists()
    assert running.exists()


def test_a_folder_that_cannot_be_made_is_the_disks_refusal(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(TapeNotWritten, match="cannot be made"):
        FolderInMaking(tmp_path / "file" / "x", replace=False)


def test_a_folder_that_vanished_cannot_be_published(tmp_path: Path) -> None:
    folder = FolderInMaking(tmp_path / "x", replace=False)
    folder.discard()

    with pytest.raises(TapeNotWritten, match="cannot be written"):
        folder.publish()


def test_a_file_appears_when_its_block_ends_well(tmp_path: Path) -> None:
    with whole_file(tmp_path / "f") as partial:
        partial.write_text("1")
        assert not (tmp_path / "f").exists()

    assert (tmp_path / "f").read_text() == "1"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_leaves_no_part_of_a_file(tmp_path: Path) -> None:
    def fill_the_disk() -> None:
        with whole_file(tmp_path / "f") as partial:
            partial.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(TapeNotWritten, match="No space"):
        fill_the_disk()

    assert list(tmp_path.iterdir()) == []

"""Closed journal files are packed and pruned; what is being written is never touched."""

from pathlib import Path

from appkit.journals.files import compressed_path, journal_files, journal_path, setup_path
from appkit.journals.reader import opened
from gridbot.journal.archive import Archive, pack
from gridbot.journal.retention import Retention
from gridcore.clock import DAY_US, Instant

TEXT = '{"seq":1}\n{"seq":2}\n' * 1000


def files_of(folder: Path, *days: int) -> list[Path]:
    """A file for each day, with its setup."""
    paths = [journal_path(folder, "main", day, Instant(day * DAY_US)) for day in days]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXT)
        setup_path(path).write_text("{}")
    return paths


def test_a_packed_file_reads_as_the_plain_one_did(tmp_path: Path) -> None:
    (path,) = files_of(tmp_path, 1)

    pack(path)

    assert not path.exists()
    assert compressed_path(path).stat().st_size < len(TEXT) // 10
    with opened(compressed_path(path)) as lines:
        assert "".join(lines) == TEXT


def test_all_files_before_the_active_one_are_packed(tmp_path: Path) -> None:
    files_of(tmp_path, 1, 2, 3, 4)
    archive = Archive(tmp_path, "main", Retention())

    archive.tidy(3, Instant(5 * DAY_US))

    assert archive.wait(10)
    assert archive.error == ""
    # That of day 4 was begun while the files before that of day 3 were being packed.
    assert [(one.first_seq, one.is_compressed) for one in journal_files(tmp_path, "main")] == [
        (1, True),
        (2, True),
        (3, False),
        (4, False),
    ]


def test_surplus_files_go_with_their_setups(tmp_path: Path) -> None:
    paths = files_of(tmp_path, 1, 2, 3)
    archive = Archive(tmp_path, "main", Retention(days_max=1))

    archive.tidy_now(3, Instant(4 * DAY_US))

    assert [one.first_seq for one in journal_files(tmp_path, "main")] == [2, 3]
    assert [setup_path(path).exists() for path in paths] == [False, True, True]


def test_what_an_interrupted_packing_left_is_cleared(tmp_path: Path) -> None:
    (path,) = files_of(tmp_path, 1)
    remains = path.with_name(f".{compressed_path(path).name}.0a1b2c.tmp")
    remains.write_bytes(b"half")

    Archive(tmp_path, "main", Retention()).tidy_now(1, Instant(2 * DAY_US))

    assert not remains.exists()
    assert path.exists()


def test_a_disk_that_refuses_is_told_and_loses_nothing(tmp_path: Path) -> None:
    paths = files_of(tmp_path, 1, 2)
    compressed_path(paths[0]).mkdir()
    archive = Archive(tmp_path, "main", Retention())

    archive.tidy_now(2, Instant(3 * DAY_US))

    assert "000000000001-19700102T000000Z.jsonl.zst" in archive.error
    assert paths[0].read_text() == TEXT

    compressed_path(paths[0]).rmdir()
    archive.tidy_now(2, Instant(3 * DAY_US))

    assert archive.error == ""

"""The journal: what was appended is read again in order, whatever happened to the process."""

import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_saver.journal import ENTRY_BYTES_MAX, Journal, JournalBusy, JournalFailed

ENTRIES = [b"one", b"", b'{"two":2}', b"three"]


def left_in(folder: Path, limit: int = 1000) -> list[bytes]:
    journal = Journal(folder, "private")
    entries, _ = journal.read(journal.first, limit)
    journal.close()
    return entries


def files_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.journal"))


def test_entries_are_read_in_their_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "private")

    place = journal.append(ENTRIES[:2])
    journal.append(ENTRIES[2:])

    assert len(journal) == 4
    assert journal.read(place, 10)[0] == ENTRIES
    first, behind = journal.read(place, 3)
    assert first == ENTRIES[:3]
    assert journal.read(behind, 10)[0] == ENTRIES[3:]
    journal.close()


def test_a_killed_process_leaves_what_it_appended_although_nothing_was_synchronised(
    tmp_path: Path,
) -> None:
    program = (
        "import os, sys; from pathlib import Path; from event_saver.journal import Journal;"
        f"Journal(Path(sys.argv[1]), 'private').append({ENTRIES!r}); os.kill(os.getpid(), 9)"
    )

    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)

    assert ended.returncode == -9
    assert left_in(tmp_path) == ENTRIES


def test_an_entry_is_acknowledged_by_a_sync_and_not_before(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "private")
    assert not journal.unsynced

    journal.append(ENTRIES)
    assert journal.unsynced

    journal.sync()
    assert not journal.unsynced
    journal.close()


@given(cut=st.integers(1, 11))
def test_a_torn_last_line_is_cut_off_and_the_journal_goes_on(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    journal = Journal(folder, "private")
    journal.append([b"whole", b"ab"])
    journal.close()
    path = files_of(folder)[0]
    os.truncate(path, path.stat().st_size - cut)

    journal = Journal(folder, "private")
    journal.append([b"next"])
    entries, _ = journal.read(journal.first, 10)
    journal.close()

    assert entries == [b"whole", b"next"]
    assert journal.damaged == []


def test_a_damaged_line_between_good_ones_is_told_and_costs_no_neighbour(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "private")
    journal.append([b"aaa", b"bbb", b"ccc"])
    journal.close()
    path = files_of(tmp_path)[0]
    path.write_bytes(path.read_bytes().replace(b"bbb", b"bxb"))

    journal = Journal(tmp_path, "private")

    assert journal.damaged == [b"%08x bxb\n" % zlib.crc32(b"bbb")]
    assert len(journal) == 2
    assert journal.read(journal.first, 10)[0] == [b"aaa", b"ccc"]
    journal.close()


def test_settled_entries_do_not_come_again_once_all_are_settled(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "private")
    journal.append(ENTRIES)

    journal.settle(3)
    assert len(journal) == 1
    journal.settle(1)

    assert len(journal) == 0
    assert not journal.unsynced
    assert files_of(tmp_path)[0].stat().st_size == 0
    journal.close()
    assert left_in(tmp_path) == []


def test_more_than_is_owed_cannot_be_settled(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "private")
    journal.append(ENTRIES)

    with pytest.raises(ValueError, match="at most 4 entries to settle, found 5"):
        journal.settle(5)
    journal.close()


def test_a_settled_segment_vanishes_while_later_ones_are_owed(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "private", segment_bytes_max=40)
    entries = [b"%020d" % number for number in range(5)]
    for entry in entries:
        journal.append([entry])
    assert len(files_of(tmp_path)) == 5

    journal.settle(3)

    assert len(files_of(tmp_path)) == 2
    journal.close()
    assert left_in(tmp_path) == entries[3:]


def test_reading_crosses_segments_and_meets_entries_that_come_later(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "private", segment_bytes_max=40)
    place = journal.append([b"%020d" % 0])
    journal.append([b"%020d" % 1])

    entries, behind = journal.read(place, 10)
    journal.append([b"%020d" % 2])

    assert entries == [b"%020d" % 0, b"%020d" % 1]
    assert journal.read(behind, 10)[0] == [b"%020d" % 2]
    journal.close()


def test_reading_goes_on_behind_a_segment_that_has_vanished(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "private", segment_bytes_max=40)
    place = journal.append([b"%020d" % 0])
    journal.append([b"%020d" % 1])
    _, behind = journal.read(place, 1)

    journal.settle(1)

    assert journal.read(behind, 10)[0] == [b"%020d" % 1]
    journal.close()


def test_a_second_process_is_refused_with_what_to_do(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "private")

    with pytest.raises(JournalBusy, match="kept by another process; stop that one"):
        Journal(tmp_path, "private")

    journal.close()
    Journal(tmp_path, "private").close()


def test_two_streams_share_a_folder(tmp_path: Path) -> None:
    one, other = Journal(tmp_path, "a"), Journal(tmp_path, "a.b")
    one.append([b"of a"])
    other.append([b"of b"])
    one.close()
    other.close()

    one = Journal(tmp_path, "a")

    assert one.read(one.first, 10)[0] == [b"of a"]
    one.close()


@pytest.mark.parametrize("entry", [b"two\nlines", b"x" * (ENTRY_BYTES_MAX + 1)])
def test_an_entry_that_is_no_line_is_refused_and_nothing_is_added(
    tmp_path: Path, entry: bytes
) -> None:
    journal = Journal(tmp_path, "private")

    with pytest.raises(ValueError, match="expected one line"):
        journal.append([b"good", entry])

    assert len(journal) == 0
    journal.close()


def test_a_closed_journal_takes_nothing_and_settles_nothing(tmp_path: Path) -> None:
    """A writer whose database hung until after the end must not touch its successor's files."""
    journal = Journal(tmp_path, "private", segment_bytes_max=20)
    journal.append([b"first"])
    journal.append([b"second"])
    journal.close()

    journal.settle(2)
    journal.sync()
    with pytest.raises(JournalFailed, match="closed"):
        journal.append([b"third"])
    journal.close()

    assert left_in(tmp_path) == [b"first", b"second"]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from event_saver.journal import Journal, JournalFailed
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
unlimited = resource.RLIM_INFINITY
resource.setrlimit(resource.RLIMIT_FSIZE, (100, unlimited))
journal = Journal(Path(sys.argv[1]), "private")
journal.append([b"fits"])
try:
    journal.append([b"x" * 200])
except JournalFailed as error:
    print(Path(error.filename).name, len(journal))
resource.setrlimit(resource.RLIMIT_FSIZE, (unlimited, unlimited))
journal.append([b"fits again"])
print(journal.read(journal.first, 10)[0])
"""
"""A process whose files may not grow beyond 100 bytes: the disk is full in the middle of a line,
and then it is not any more."""


def test_a_full_disk_adds_nothing_and_spoils_nothing_that_follows(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path)]

    ended = subprocess.run(command, check=True, capture_output=True, text=True)

    assert ended.stdout.splitlines() == [
        "private.000001.journal 1",
        "[b'fits', b'fits again']",
    ]
    assert left_in(tmp_path) == [b"fits", b"fits again"]


@given(
    batches=st.lists(st.lists(st.binary(max_size=30).filter(lambda one: b"\n" not in one))),
    settled=st.integers(0, 200),
    segment_bytes_max=st.integers(1, 200),
)
def test_what_is_not_settled_is_read_by_the_next_process_in_order(
    tmp_path_factory: pytest.TempPathFactory,
    batches: list[list[bytes]],
    settled: int,
    segment_bytes_max: int,
) -> None:
    folder = tmp_path_factory.mktemp("law")
    journal = Journal(folder, "private", segment_bytes_max=segment_bytes_max)
    for batch in batches:
        journal.append(batch)
    everything = [entry for batch in batches for entry in batch]
    settled = min(settled, len(everything))

    journal.settle(settled)
    assert len(journal) == len(everything) - settled
    journal.close()

    # Settled ones of a segment that is still owed may come again; none is missing, none misplaced.
    found = left_in(folder)
    assert found == everything[len(everything) - len(found) :]
    assert len(found) >= len(everything) - settled
    if settled == len(everything):
        assert found == []

"""The journal on disk: what was committed is there, in the format that a replay reads."""

import asyncio
import json
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from appkit.account_setup import AccountSetup, read_setup
from appkit.exits import RunFailed
from appkit.journals.files import account_folder, journal_files, setup_path
from appkit.journals.reader import header_of, lines_from
from gridbot.journal.writer import JournalLimits, JournalWriter
from gridbot.words import JournalUnwritable
from gridcore.clock import DAY_US, HOUR_US, SECOND_US, Instant
from gridcore.events import TimerFired
from gridcore.session.effects import NO_EFFECTS
from gridcore.session.replay import replay

Lived = Callable[..., Any]
Make = Callable[..., AccountSetup]


@contextmanager
def full_disk(bytes_max: int) -> Iterator[None]:
    """No file of this process grows beyond a size, as on a disk that is full."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
        signal.signal(signal.SIGXFSZ, ignored)


def seqs(folder: Path) -> list[int]:
    """The numbers of all lines of all files, in order."""
    return [
        json.loads(line)["seq"]
        for file in journal_files(folder, "main")
        for line in lines_from(file.path, 0)
    ]


def test_what_was_committed_replays_without_a_difference(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    setup = make_account_setup()
    journal, _ = lived(tmp_path, setup, 60)

    found = list(lines_from(journal.path, 0))

    assert any('"kind":"Effects"' in line for line in found)
    assert replay(found, setup.session(), config_hash="c0ffee") is None
    assert seqs(tmp_path) == list(range(1, journal.next_seq))
    journal.close()


def test_nothing_is_on_disk_before_the_commit_and_all_is_after_it(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    journal, life = lived(tmp_path, make_account_setup(), 0)
    for _ in range(5):
        journal.append(*life.step())
    before = len(seqs(tmp_path))

    asyncio.run(journal.commit())

    assert before == 1
    assert seqs(tmp_path) == list(range(1, journal.next_seq))
    assert journal.waiting_bytes == 0
    journal.close()


def test_the_setup_lies_beside_every_file(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    setup = make_account_setup()
    journal, _ = lived(tmp_path, setup, 3)
    asyncio.run(journal.rotate())
    journal.close()

    files = journal_files(tmp_path, "main")

    assert len(files) == 2
    assert [read_setup(setup_path(file.path)) for file in files] == [setup, setup]


def test_a_new_day_begins_a_new_file_whose_header_is_the_memory_of_that_moment(
    lived: Lived, make_account_setup: Make, tmp_path: Path, start: Instant
) -> None:
    setup = make_account_setup()
    journal, life = lived(tmp_path, setup, 30)
    life.now = Instant(start + 23 * HOUR_US - 3 * SECOND_US)
    for _ in range(40):
        journal.append(*life.step())
        asyncio.run(journal.commit())
    journal.close()
    assert journal.archive.wait(10)

    first, second = journal_files(tmp_path, "main")

    assert (first.is_compressed, second.is_compressed) == (True, False)
    assert second.began - start in range(23 * HOUR_US, 23 * HOUR_US + 5 * SECOND_US)
    for file in (first, second):
        assert replay(lines_from(file.path, 0), setup.session()) is None
    risen = setup.session()
    assert replay(lines_from(second.path, 0), risen) is None
    assert risen.snapshot() == life.session.snapshot()
    assert seqs(tmp_path) == list(range(1, journal.next_seq))


def test_a_file_that_is_full_makes_way_for_the_next(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    setup = make_account_setup()
    journal, _ = lived(tmp_path, setup, 80, limits=JournalLimits(file_bytes_max=9_000))
    journal.close()
    assert journal.archive.wait(10)

    files = journal_files(tmp_path, "main")

    assert len(files) > 2
    assert all(replay(lines_from(file.path, 0), setup.session()) is None for file in files)


def test_lines_that_the_disk_does_not_take_go_with_the_next_commit_that_succeeds(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    setup = make_account_setup()
    journal, life = lived(tmp_path, setup, 10)
    committed = list(lines_from(journal.path, 0))
    with full_disk(journal.path.stat().st_size + 100):
        for _ in range(3):
            journal.append(*life.step())
            with pytest.raises(JournalUnwritable, match="File too large"):
                asyncio.run(journal.commit())
    torn = list(lines_from(journal.path, 0))
    asyncio.run(journal.commit())
    journal.close()

    # What could be written of them is a torn end until then: no part of it was acted upon.
    assert torn[: len(committed)] == committed
    assert replay(lines_from(journal.path, 0), setup.session()) is None
    assert seqs(tmp_path) == list(range(1, journal.next_seq))


def test_lines_beyond_the_bound_are_given_up_and_a_new_file_needs_none_of_them(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    setup = make_account_setup()
    journal, life = lived(tmp_path, setup, 10, limits=JournalLimits(waiting_bytes_max=3000))
    kept = journal.next_seq
    with full_disk(100):
        for _ in range(40):
            journal.append(*life.step())
            with pytest.raises(JournalUnwritable):
                journal.commit_now()
    missing = journal.next_seq
    journal.append(*life.step())
    waiting = journal.waiting_bytes
    journal.commit_now()
    for _ in range(10):
        journal.append(*life.step())
        journal.commit_now()
    journal.close()
    assert journal.archive.wait(10)

    first, second = journal_files(tmp_path, "main")
    risen = setup.session()

    assert waiting == 0
    assert first.first_seq == 1
    assert second.first_seq > missing >= kept
    assert replay(lines_from(first.path, 0), setup.session()) is None
    assert replay(lines_from(second.path, 0), risen) is None
    assert risen.snapshot() == life.session.snapshot()


def test_a_file_that_cannot_be_begun_leaves_the_old_one_in_use(
    lived: Lived, make_account_setup: Make, tmp_path: Path, start: Instant
) -> None:
    setup = make_account_setup()
    journal, _ = lived(tmp_path, setup, 5)
    seq, path = journal.next_seq, journal.path
    blocked = path.parent / f"{seq + 1:012d}-20260102T010001Z.setup.json"
    blocked.mkdir()
    later = Instant(start + DAY_US + SECOND_US)
    journal.append(TimerFired(at=later), NO_EFFECTS, later)
    journal.commit_now()

    assert journal.path == path
    assert seqs(tmp_path)[-1] == seq
    journal.close()


def test_a_beginning_that_the_disk_does_not_take_is_an_error_that_names_the_folder(
    make_account_setup: Make, tmp_path: Path, start: Instant
) -> None:
    (tmp_path / "accounts").write_text("a file where a folder belongs")
    setup = make_account_setup()

    with pytest.raises(RunFailed, match="cannot write the journal of main below"):
        JournalWriter.open(
            tmp_path,
            "main",
            setup=setup,
            code_version="test",
            memory=setup.session().snapshot,
            first_seq=1,
            now=start,
        )


def test_closing_commits_and_a_second_time_does_nothing(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    journal, life = lived(tmp_path, make_account_setup(), 2)
    journal.append(*life.step())

    journal.close()
    journal.close()

    assert seqs(tmp_path) == list(range(1, journal.next_seq))


def test_nobody_else_may_read_what_is_kept_of_an_account(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    journal, _ = lived(tmp_path, make_account_setup(), 0)
    journal.close()

    assert account_folder(tmp_path, "main").stat().st_mode & 0o777 == 0o700
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_the_header_names_the_configuration_and_the_code(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    journal, _ = lived(tmp_path, make_account_setup(config_hash="beef"), 0, first_seq=99)
    journal.close()

    line, header = header_of(journal.path)

    assert (line.seq, header.config_hash, header.code_version) == (99, "beef", "gridbot test")


class SlowDisk:
    """A disk that takes nothing until it is let go."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.answers.set()

    def __call__(self, file: int) -> None:
        assert self.answers.wait(60)
        os.fsync(file)


async def written(journal: JournalWriter) -> None:
    """Wait until a write that nobody waited for has ended, and commit what it left."""
    while True:
        try:
            await journal.commit()
        except JournalUnwritable:
            await asyncio.sleep(0.005)
        else:
            return


@pytest.mark.parametrize("file_bytes_max", [9_000, 10**9])
def test_a_disk_that_hangs_is_not_waited_for_and_what_came_meanwhile_is_not_lost(
    make_account_setup: Make, make_life: Callable[..., Any], tmp_path: Path, file_bytes_max: int
) -> None:
    """Also when it hangs while a file was to be begun, behind which lines are appended."""
    setup, disk = make_account_setup(), SlowDisk()
    life = make_life(setup.session())
    journal = JournalWriter.open(
        tmp_path,
        "main",
        setup=setup,
        code_version="gridbot test",
        memory=life.session.snapshot,
        first_seq=1,
        now=life.now,
        limits=JournalLimits(file_bytes_max=file_bytes_max),
        patience_s=0.02,
        sync=disk,
    )

    async def story() -> list[str]:
        told: list[str] = []
        for _ in range(15):
            journal.append(*life.step())
            await written(journal)
        disk.answers.clear()
        for _ in range(25):
            journal.append(*life.step())
            with pytest.raises(JournalUnwritable) as refused:
                await journal.commit()
            told.append(str(refused.value).rpartition(": ")[2])
        disk.answers.set()
        await written(journal)
        return told

    told = asyncio.run(story())
    waiting = journal.waiting_bytes
    journal.close()
    assert journal.archive.wait(10)

    files = journal_files(tmp_path, "main")
    assert told[1:] == 24 * ["the disk does not answer"]
    assert waiting == 0
    assert (len(files) > 1) is (file_bytes_max == 9_000)
    assert seqs(tmp_path) == list(range(1, journal.next_seq))
    assert all(replay(lines_from(file.path, 0), setup.session()) is None for file in files)


def test_it_tells_since_when_lines_wait(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    journal, life = lived(tmp_path, make_account_setup(), 3)
    before = journal.waiting_since
    first = life.step()
    journal.append(*first)
    journal.append(*life.step())
    waiting = journal.waiting_since

    journal.commit_now()

    assert before is None
    assert waiting == first[2]
    assert journal.waiting_since is None
    journal.close()

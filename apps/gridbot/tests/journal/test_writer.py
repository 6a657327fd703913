"""The journal on disk: what was committed is there, in the format that a replay reads."""

import asyncio
import json
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from appkit.exits import RunFailed
from gridbot.journal.files import account_folder, journal_files, setup_path
from gridbot.journal.reader import header_of, lines_from
from gridbot.journal.setup import AccountSetup, read_setup
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

"""A journal judged: identical, different, or nothing to judge."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appkit.account_setup import AccountSetup, read_setup, write_setup
from appkit.exits import UserError
from appkit.journals.files import setup_path
from appkit.journals.judging import JournalVerdict, Verdict, files_below, judge
from appkit.progress import progress_bar

Write = Callable[..., Path]
Make = Callable[..., AccountSetup]


def judged(path: Path) -> JournalVerdict:
    """The verdict, without a display."""
    with progress_bar(None, "replay", "events", quiet=True) as progress:
        return judge(path, progress)


@pytest.fixture
def path(write_journal: Write, make_account_setup: Make, tmp_path: Path) -> Path:
    """A journal of sixty events."""
    return write_journal(tmp_path, make_account_setup(), 60)


def test_what_a_process_wrote_is_identical(path: Path) -> None:
    found = judged(path)

    assert (found.verdict, found.events, found.first_seq) == (Verdict.IDENTICAL, 60, 1)
    assert (found.account_id, found.config_hash) == ("main", "c0ffee")
    assert (found.difference, found.ends_torn) == (None, False)
    assert found.last_at is not None
    assert found.last_at > found.first_at


def test_a_packed_file_is_judged_the_same(path: Path, packed: Callable[[Path], Path]) -> None:
    plain = judged(path)

    found = judged(packed(path))

    assert (found.verdict, found.events) == (plain.verdict, plain.events)


def test_an_altered_event_is_different_where_its_effects_are(path: Path) -> None:
    text = path.read_text()
    path.write_text(text.replace('"balance":"10000"', '"balance":"1"', 1))

    found = judged(path)

    assert found.verdict is Verdict.DIFFERENT
    assert found.difference is not None
    assert found.difference.seq > 1


def test_another_setup_is_different(path: Path, make_account_setup: Make) -> None:
    """What the session was told is part of what it decides."""
    text = setup_path(path).read_text()
    assert '"amount": "b0.1"' in text
    setup_path(path).write_text(text.replace('"amount": "b0.1"', '"amount": "b0.2"'))

    assert judged(path).verdict is Verdict.DIFFERENT


def test_a_torn_end_is_told_and_is_no_difference(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])

    found = judged(path)

    assert (found.verdict, found.ends_torn) == (Verdict.IDENTICAL, True)


def test_an_event_without_its_effects_at_the_end_is_a_torn_end_too(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    last = max(at for at, line in enumerate(lines) if '"kind":"Effects"' in line)
    path.write_text("".join(lines[:last]))

    found = judged(path)

    assert (found.verdict, found.ends_torn) == (Verdict.IDENTICAL, True)


def test_a_header_alone_is_nothing_to_judge(
    write_journal: Write, make_account_setup: Make, tmp_path: Path
) -> None:
    path = write_journal(tmp_path, make_account_setup(), 0)

    found = judged(path)

    assert (found.verdict, found.events, found.last_at) == (Verdict.EMPTY, 0, None)


def test_a_journal_of_another_configuration_than_its_setup_is_refused(path: Path) -> None:
    setup = read_setup(setup_path(path))
    write_setup(setup_path(path), replace(setup, config_hash="beef"))

    with pytest.raises(UserError, match="expected configuration beef, found 'c0ffee'"):
        judged(path)


def test_a_journal_that_cannot_be_read_is_refused_with_its_place(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:5], "nonsense\n", *lines[5:]]))

    with pytest.raises(UserError, match=r"cannot be replayed: .*expected a whole line of JSON"):
        judged(path)


def test_a_journal_without_its_setup_is_refused(path: Path) -> None:
    setup_path(path).unlink()

    with pytest.raises(UserError, match="expected the setup of the journal") as refused:
        judged(path)

    assert ".setup.json that lies beside it" in str(refused.value.hint)


def test_a_folder_stands_for_all_journals_below_it(path: Path, tmp_path: Path) -> None:
    # What else lies there is not looked at.
    (path.parent / "audit.jsonl").touch()
    (path.parent / f".{path.name}.tmp").touch()

    assert files_below(tmp_path) == [path]
    assert files_below(path) == [path]
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="found none"):
        files_below(tmp_path / "empty")
    with pytest.raises(UserError, match="found nothing at"):
        files_below(tmp_path / "nowhere")

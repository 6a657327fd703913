"""Journals of one process: left to the next, damaged, taken."""

from pathlib import Path

import pytest

from appkit.exits import UserError
from event_saver.codec import Unreadable
from event_saver.journals import Journals
from grid_db.words import Environment


def opened(folder: Path) -> Journals:
    return Journals(folder, Environment.SIM)


def lines_of(folder: Path) -> Path:
    (path,) = folder.glob("sim-demo.*.journal")
    return path


def test_what_is_left_is_there_for_the_next_process(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.queue("demo").put([Unreadable(line="one", text="")])
    first.close()

    second = opened(tmp_path)

    assert len(second.queue("demo")) == 1
    assert second.damaged == []
    second.close()


def test_a_damaged_line_is_handed_over_whole_and_its_journal_is_named(tmp_path: Path) -> None:
    """An acknowledged event is never lost in silence: it becomes a dead letter and a gap."""
    first = opened(tmp_path)
    first.queue("demo").put([Unreadable(line=text, text="") for text in ("one", "two", "three")])
    first.close()
    path = lines_of(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"two", b"tw\xff"))

    second = opened(tmp_path)
    queue = second.queue("demo")
    second.queue("ledger")

    assert second.damaged == ["demo"]
    taken = queue.take(10)
    assert [item.line for item in taken[:2] if isinstance(item, Unreadable)] == ["one", "three"]
    letter = taken[2]
    assert isinstance(letter, Unreadable)
    assert "tw\ufffd" in letter.line
    second.close()


def test_a_journal_that_another_process_keeps_is_refused(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.queue("demo")

    with pytest.raises(UserError, match="kept by another process"):
        opened(tmp_path).queue("demo")

    first.close()

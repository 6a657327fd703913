"""The history's file."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gridbot.surface.history import History
from gridbot.surface.memory import HistoryFile


def history_of(account: Any) -> History:
    history = History({"main": account})
    account.observers = (history,)
    return history


def test_what_was_saved_is_there_after_a_restart(account: Any, tmp_path: Path) -> None:
    history = history_of(account)
    account.walk(30)
    asyncio.run(HistoryFile(tmp_path / "new", history).save())

    again = history_of(account)
    trouble = HistoryFile(tmp_path / "new", again).load()

    assert trouble is None
    assert again.snapshot() == history.snapshot()


def test_a_first_start_finds_nothing_and_says_nothing(account: Any, tmp_path: Path) -> None:
    assert HistoryFile(tmp_path, history_of(account)).load() is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 7}', b"\xff"])
def test_a_file_that_does_not_fit_is_set_aside(
    account: Any, tmp_path: Path, content: bytes
) -> None:
    file = HistoryFile(tmp_path, history_of(account))
    file.path.write_bytes(content)

    trouble = file.load()

    assert trouble is not None
    assert trouble.endswith("kept as history.json.corrupt")
    assert (tmp_path / "history.json.corrupt").read_bytes() == content
    assert not file.path.exists()


def test_a_disk_that_refuses_costs_the_history_only(account: Any, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")

    asyncio.run(HistoryFile(blocked, history_of(account)).save())

    assert blocked.read_text() == "a file where a folder should be"

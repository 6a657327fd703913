"""`comparator twin`: 0 identical, 3 different, 4 nothing to compare."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from comparator.cli import entry

Write = Callable[..., Path]


@pytest.fixture
def path(write_journal: Write, make_account_setup: Callable[..., Any], tmp_path: Path) -> Path:
    """A journal of sixty events."""
    return write_journal(tmp_path, make_account_setup(), 60)


def alter(path: Path) -> str:
    """Changes the last price that an order was placed at; the event that placed it."""
    lines = path.read_text().splitlines()
    place = max(at for at, line in enumerate(lines) if '"price":' in line and "Effects" in line)
    lines[place] = lines[place].replace('"price":', '"price":1', 1)
    path.write_text("\n".join(lines) + "\n")
    return lines[place - 1]


def test_an_identical_twin_is_0(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["twin", str(path), "--quiet"]) == 0

    assert "identical: 60 events in 1 files" in capsys.readouterr().out


def test_a_different_twin_is_3_and_shows_the_event_and_both_effects(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    event = alter(path)

    assert entry(["twin", str(path.parent), "--quiet"]) == 3

    told = capsys.readouterr().out
    assert f"first difference: {path}, line " in told
    assert f"event: {event[:100]}" in told
    live, again = (
        next(line for line in told.splitlines() if line.startswith(name))
        for name in ("live: ", "twin: ")
    )
    assert '"price":1' in live
    assert live != again
    assert "written by: gridbot test" in told


def test_json_has_the_parting(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    event = alter(path)

    assert entry(["twin", str(path), "--json"]) == 3

    body = json.loads(capsys.readouterr().out)
    assert (body["verdict"], body["parting"]["event"]) == ("different", event)


def test_a_journal_without_events_is_4(
    write_journal: Write, make_account_setup: Callable[..., Any], tmp_path: Path
) -> None:
    assert entry(["twin", str(write_journal(tmp_path, make_account_setup(), 0))]) == 4


def test_a_path_without_journals_is_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert entry(["twin", str(tmp_path)]) == 1

    assert "expected journal files" in capsys.readouterr().err

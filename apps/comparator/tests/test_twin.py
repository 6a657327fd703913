"""A twin is identical to the last byte, or shows the event at which it parts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appkit.exits import UserError
from appkit.journals.judging import Verdict
from comparator.twin import Parting, twin

Write = Callable[..., Path]


@pytest.fixture
def path(write_journal: Write, make_account_setup: Callable[..., Any], tmp_path: Path) -> Path:
    """A journal of sixty events."""
    return write_journal(tmp_path, make_account_setup(), 60)


def parting_of(path: Path) -> Parting:
    found = twin([path])
    assert found.verdict is Verdict.DIFFERENT
    assert found.parting is not None
    return found.parting


def test_the_same_kernel_does_the_same(path: Path, tmp_path: Path) -> None:
    of_file, of_folder = twin([path]), twin([tmp_path])

    assert of_file == of_folder
    assert of_file.is_identical
    assert (of_file.events, of_file.parting) == (60, None)


def test_several_files_are_one_twin(path: Path) -> None:
    assert twin([path, path]).events == 120


def test_the_first_difference_is_shown_with_the_event_that_caused_it(path: Path) -> None:
    lines = path.read_text().splitlines()
    place = max(at for at, line in enumerate(lines) if '"price":' in line and "Effects" in line)
    lines[place] = lines[place].replace('"price":', '"price":1', 1)
    path.write_text("\n".join(lines) + "\n")

    parting = parting_of(path)

    assert parting.seq == place + 1
    assert parting.event == lines[place - 1]
    assert json.loads(parting.event)["kind"] != "Effects"
    assert (parting.live, parting.twin == parting.live) == (lines[place], False)


def test_effects_that_were_not_recorded_are_shown_with_their_event(path: Path) -> None:
    lines = path.read_text().splitlines()
    place = next(at for at, line in enumerate(lines) if '"kind":"Effects"' in line)
    renumbered = [*lines[:place]]
    for line in lines[place + 1 :]:
        seq = len(renumbered) + 1
        renumbered.append(line.replace(line[: line.index(",")], f'{{"seq":{seq}', 1))
    path.write_text("\n".join(renumbered) + "\n")

    parting = parting_of(path)

    assert parting.event == lines[place - 1]
    assert parting.twin == lines[place]


def test_a_journal_without_events_is_empty(
    write_journal: Write, make_account_setup: Callable[..., Any], tmp_path: Path
) -> None:
    found = twin([write_journal(tmp_path, make_account_setup(), 0)])

    assert (found.verdict, found.is_identical, found.events) == (Verdict.EMPTY, False, 0)


def test_a_folder_without_journals_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="found none"):
        twin([tmp_path])

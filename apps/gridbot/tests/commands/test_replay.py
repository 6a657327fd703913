"""`gridbot replay`: one exit code for each verdict, and the first difference for people."""

import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appkit.account_setup import AccountSetup
from appkit.arguments import CommandParser
from appkit.exits import UsageError, UserError
from gridbot.commands import replay
from gridbot.commands.replay import parting

Lived = Callable[..., Any]
Make = Callable[..., AccountSetup]
Capture = pytest.CaptureFixture[str]


def replayed(*words: str | Path) -> int:
    """The command's exit code."""
    parser = CommandParser(prog="gridbot")
    replay.add_parser(parser.add_subparsers(dest="command", required=True))
    arguments: Namespace = parser.parse_args(["replay", *(str(word) for word in words)])
    return int(arguments.handler(arguments))


@pytest.fixture
def write(
    lived: Lived, make_account_setup: Make, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int], Path]:
    """Writes a journal of so many events."""

    def make(steps: int) -> Path:
        journal, _ = lived(tmp_path_factory.mktemp("data"), make_account_setup(), steps)
        journal.close()
        path: Path = journal.path
        return path

    return make


def test_identical_journals_are_listed_and_end_with_0(
    write: Callable[[int], Path], capsys: Capture
) -> None:
    code = replayed(write(60), write(30).parent)

    out = capsys.readouterr().out
    assert code == 0
    assert out.count("identical") == 2
    assert "2026-01-01 01:00:00" in out


def test_the_first_difference_is_shown_with_what_stands_around_it(
    write: Callable[[int], Path], capsys: Capture
) -> None:
    path = write(60)
    path.write_text(path.read_text().replace('"reason":"start"', '"reason":"stars"', 1))

    code = replayed(write(5), path)

    out = capsys.readouterr().out
    assert code == 3
    assert "first difference at line 3, character" in out
    assert '"reason":"stars"' in out.partition("recorded: ")[2].partition("replayed: ")[0]
    assert '"reason":"start"' in out.partition("replayed: ")[2]
    assert "written by gridbot test" in out


def test_as_json_every_verdict_is_whole(write: Callable[[int], Path], capsys: Capture) -> None:
    path = write(60)
    path.write_text(path.read_text().replace('"reason":"start"', '"reason":"stars"', 1))

    code = replayed(path, "--json")

    (found,) = json.loads(capsys.readouterr().out)
    assert code == 3
    assert (found["verdict"], found["path"]) == ("different", str(path))
    assert found["difference"]["seq"] == 3
    assert "stars" in found["difference"]["expected"]
    assert "start" in found["difference"]["found"]


def test_journals_without_an_event_end_with_4_unless_another_has_some(
    write: Callable[[int], Path], capsys: Capture
) -> None:
    empty = write(0)

    assert replayed(empty) == 4
    assert replayed(empty, write(3)) == 0
    assert "empty" in capsys.readouterr().out


def test_what_is_no_journal_is_bad_usage(tmp_path: Path) -> None:
    (tmp_path / "some.jsonl").write_text("{}\n")

    with pytest.raises(UserError, match="cannot be replayed"):
        replayed(tmp_path / "some.jsonl")
    with pytest.raises(UserError, match="found nothing at"):
        replayed(tmp_path / "none.jsonl")
    with pytest.raises(UsageError):
        replayed()


@pytest.mark.parametrize(
    ("one", "other", "at"),
    [("abc", "abd", 2), ("abc", "abc", 3), ("ab", "abc", 2), ("", "a", 0), ("x", "y", 0)],
)
def test_texts_part_at_the_first_character_that_differs(one: str, other: str, at: int) -> None:
    assert parting(one, other) == at

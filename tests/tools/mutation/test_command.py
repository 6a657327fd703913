"""The command line, on a small tree of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.mutation.breaks import Break
from tools.mutation.command import entry

MakeBreak = Callable[..., Break]
Capture = pytest.CaptureFixture[str]


def test_breaks_that_tests_notice_are_a_success_and_leave_the_tree_alone(
    tree: Path, counter_break: MakeBreak, gate_break: Break, capsys: Capture
) -> None:
    file = tree / gate_break.path
    original = file.read_bytes()

    assert entry([], [counter_break(), gate_break], tree) == 0

    assert "2 deliberate breaks: 2 noticed" in capsys.readouterr().out
    assert file.read_bytes() == original


def test_a_break_that_no_test_notices_is_a_failure(
    tree: Path, counter_break: MakeBreak, gate_break: Break, capsys: Capture
) -> None:
    wrong_tests = counter_break(tests=gate_break.tests)

    assert entry([], [wrong_tests], tree) == 3
    assert "NOTHING" in capsys.readouterr().out


def test_what_is_known_is_not_run_again_until_the_code_changes(
    tree: Path, gate_break: Break, capsys: Capture
) -> None:
    entry([], [gate_break], tree)
    first = capsys.readouterr()
    entry([], [gate_break], tree)
    again = capsys.readouterr()
    (tree / gate_break.tests[0]).write_text("def test_x(): pass\n", encoding="utf-8")
    changed = entry([], [gate_break], tree)

    assert again.out == first.out
    assert "noticed by packages" in first.err
    assert "noticed by packages" not in again.err
    assert changed == 3


def test_mutants_are_drawn_and_what_survives_is_listed(tree: Path, capsys: Capture) -> None:
    """The sample's tests never see a sum that just fits, nor an odd number."""
    code = entry(["--drawn", "100", "--seed", "7"], [], tree)

    said = capsys.readouterr().out
    assert code == 3
    assert "Survivors:" in said
    assert "self.seen + by > self.limit -> (self.seen + by >= self.limit): no reason given" in said
    assert "| session/counter.py:17 | removed: self.seen += by | own tests" in said


def test_a_campaign_that_notices_kills_what_the_tests_let_live(tree: Path, capsys: Capture) -> None:
    package = tree / "packages/simvenue/src/simvenue"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "campaign.py").write_text(
        "from gridcore.session.counter import Counter\n"
        "from gridcore.session.gates import CHAIN\n"
        "raise SystemExit(0 if Counter(1).add(1) and CHAIN[0].check(1) else 3)\n",
        encoding="utf-8",
    )

    code = entry(["--drawn", "100", "--seed", "7", "--only", "Counter.add"], [], tree)

    said = capsys.readouterr().out
    assert code == 0
    assert "(self.seen + by >= self.limit) | campaign |" in said


def test_a_run_that_is_out_of_time_says_what_is_left(
    tree: Path, gate_break: Break, capsys: Capture
) -> None:
    assert entry(["--limit-s", "0"], [gate_break], tree) == 2
    assert "run again" in capsys.readouterr().err


def test_an_unchanged_tree_that_fails_its_tests_is_said_first(
    tree: Path, gate_break: Break, capsys: Capture
) -> None:
    (tree / gate_break.tests[0]).write_text("def test_x(): assert 0\n", encoding="utf-8")

    assert entry([], [gate_break], tree) == 2
    assert "mend that first" in capsys.readouterr().err


def test_a_break_that_no_longer_applies_ends_the_run(
    tree: Path, counter_break: MakeBreak, capsys: Capture
) -> None:
    assert entry([], [counter_break(old="gone")], tree) == 2
    assert "expected its old text once" in capsys.readouterr().err


def test_the_check_runs_nothing_and_finds_what_is_missing(
    tree: Path, counter_break: MakeBreak, gate_break: Break, capsys: Capture
) -> None:
    assert entry(["--check"], [counter_break(), gate_break], tree) == 0
    assert entry(["--check"], [gate_break], tree) == 3
    assert "session/counter.py: expected at least one" in capsys.readouterr().out


def test_drawn_mutants_can_be_listed_without_a_run(tree: Path, capsys: Capture) -> None:
    assert entry(["--drawn", "3", "--list"], [], tree) == 0
    assert capsys.readouterr().out.count("session/") == 6


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--drawn", "0"], "expected at least 1"),
        (["--drawn", "x"], "invalid int"),
        (["--list"], "with it"),
        (["--workers", "0"], "expected at least 1"),
        (["--other"], "unrecognized"),
        (["--only", "nobody"], "which is in none"),
    ],
)
def test_bad_usage_is_refused(
    tree: Path, gate_break: Break, capsys: Capture, arguments: list[str], says: str
) -> None:
    assert entry(arguments, [gate_break], tree) == 1
    assert says in capsys.readouterr().err

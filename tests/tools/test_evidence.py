"""Evidence is kept per piece and commit, and collected only once."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tools import evidence
from tools.evidence import Piece

GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]


def piece(
    name: str = "count", script: str = "echo run >> ../runs; echo said", **given: str
) -> Piece:
    needs = given.get("needs", "code.py")
    return Piece(name=name, shows="It counts.", command=("sh", "-c", script), needs=needs)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "code.py").write_text("x = 1\n", encoding="utf-8")
    subprocess.run([*GIT, "init", "--quiet"], cwd=root, check=True)
    commit(root)
    return root


def commit(root: Path) -> None:
    subprocess.run([*GIT, "add", "."], cwd=root, check=True)
    subprocess.run([*GIT, "commit", "--quiet", "-m", "x"], cwd=root, check=True)


def runs(root: Path) -> int:
    file = root.parent / "runs"
    return len(file.read_text(encoding="utf-8").splitlines()) if file.exists() else 0


def test_a_report_names_command_commit_date_and_output() -> None:
    text = evidence.render(
        piece(), "abc", datetime(2026, 3, 1, 12, 30, tzinfo=UTC), "0", "one\ntwo\n"
    )

    assert text == (
        "# count\n\nIt counts.\n\n"
        "- command: `sh -c echo run >> ../runs; echo said`\n"
        "- commit: abc\n- date: 2026-03-01 12:30 UTC\n- exit code: 0\n\n"
        "```text\none\ntwo\n```\n"
    )


def test_what_is_done_is_not_run_again(tree: Path) -> None:
    assert evidence.entry([], [piece()], tree) == 0
    assert evidence.entry([], [piece()], tree) == 0

    assert runs(tree) == 1
    report = (tree / "docs/evidence/count.md").read_text(encoding="utf-8")
    assert "said" in report


def test_committing_the_evidence_does_not_outdate_it(tree: Path) -> None:
    evidence.entry([], [piece()], tree)
    commit(tree)

    evidence.entry([], [piece()], tree)

    assert runs(tree) == 1


def test_changed_code_is_proved_again(tree: Path) -> None:
    evidence.entry([], [piece()], tree)
    (tree / "code.py").write_text("x = 2\n", encoding="utf-8")
    commit(tree)

    evidence.entry([], [piece()], tree)

    assert runs(tree) == 2


def test_a_change_elsewhere_leaves_a_piece_as_it_is(tree: Path) -> None:
    own = Piece(
        name="count",
        shows="It counts.",
        command=("sh", "-c", "echo run >> ../runs"),
        needs="code.py",
        rests_on=("code.py",),
    )
    evidence.entry([], [own], tree)
    (tree / "other.py").write_text("y = 1\n", encoding="utf-8")
    evidence.entry([], [own], tree)
    commit(tree)
    evidence.entry([], [own], tree)
    assert runs(tree) == 1

    (tree / "code.py").write_text("x = 2\n", encoding="utf-8")
    commit(tree)
    evidence.entry([], [own], tree)

    assert runs(tree) == 2


def test_every_piece_rests_on_folders_that_exist() -> None:
    for one in evidence.PIECES:
        assert all(
            (evidence.ROOT / folder.removeprefix(":!")).exists() for folder in one.rests_on
        ), one.name


def test_uncommitted_code_is_never_done(tree: Path) -> None:
    (tree / "code.py").write_text("x = 2\n", encoding="utf-8")

    evidence.entry([], [piece()], tree)
    evidence.entry([], [piece()], tree)

    assert runs(tree) == 2
    report = (tree / "docs/evidence/count.md").read_text(encoding="utf-8")
    assert "- commit: uncommitted changes" in report


def test_a_failure_does_not_keep_the_others_from_running(tree: Path) -> None:
    pieces = [piece(name="broken", script="echo why; exit 4"), piece()]

    assert evidence.entry([], pieces, tree) == 2

    assert runs(tree) == 1
    report = (tree / "docs/evidence/broken.md").read_text(encoding="utf-8")
    assert "- exit code: 4" in report
    assert "why" in report


def test_a_piece_over_its_limit_is_stopped_with_everything_it_started(tree: Path) -> None:
    slow = piece(name="slow", script="echo began; sleep 600 & sleep 600")

    assert evidence.collect_all([slow], tree, limit_s=0.5) == 2

    report = (tree / "docs/evidence/slow.md").read_text(encoding="utf-8")
    assert "- exit code: none, stopped after" in report
    assert "began" in report


def test_the_machine_s_folders_are_taken_out_of_the_output(tree: Path) -> None:
    evidence.entry([], [piece(script="pwd")], tree)

    report = (tree / "docs/evidence/count.md").read_text(encoding="utf-8")
    assert str(tree) not in report


def test_a_piece_without_its_program_is_skipped_with_the_reason(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evidence.entry([], [piece(needs="bench/run.py")], tree) == 0

    assert "bench/run.py is not there" in capsys.readouterr().out
    assert runs(tree) == 0


def test_pieces_can_be_chosen_by_name(tree: Path) -> None:
    pieces = [piece(), piece(name="other", script="exit 1")]

    assert evidence.entry(["count"], pieces, tree) == 0


def test_an_unknown_name_is_refused_with_the_known_ones(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evidence.entry(["cuont"], [piece()], tree) == 1

    assert "expected one of count, found cuont" in capsys.readouterr().err


def test_the_campaign_is_twenty_thousand_seeds_without_a_gap() -> None:
    *parts, whole = evidence.campaign_pieces()

    seeds: list[int] = []
    tallies: list[str] = []
    for part in parts:
        words = list(part.command)
        first = int(words[words.index("--seed") + 1])
        seeds += range(first, first + int(words[words.index("--count") + 1]))
        tallies.append(words[words.index("--out") + 1])

    assert seeds == list(range(1, 20_001))
    merged = list(whole.command)
    assert merged[merged.index("--merge") + 1 : merged.index("--require")] == tallies


def test_chaos_is_two_hundred_seeds_without_a_gap_in_pieces_that_end_in_time() -> None:
    *parts, whole = evidence.chaos_pieces()

    seeds: list[int] = []
    for part in parts:
        words = list(part.command)
        first = int(words[words.index("--first") + 1])
        seeds += range(first, first + int(words[words.index("--count") + 1]))
        assert int(words[words.index("--limit-s") + 1]) + 110 < evidence.LIMIT_S

    assert seeds == list(range(1, 201))
    assert whole.command[whole.command.index("--count") + 1] == "200"


def test_every_piece_has_a_name_of_its_own() -> None:
    names = [one.name for one in evidence.PIECES]

    assert len(names) == len(set(names))

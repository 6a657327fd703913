"""Trials run side by side, stop at what notices first, and are not run twice."""

import threading
from pathlib import Path

import pytest

from tools.mutation.tree_copy import TreeCopy
from tools.mutation.trials import (
    NotGreen,
    Outcome,
    Record,
    Stage,
    Trial,
    Verdict,
    check_unchanged,
    run_trial,
    run_trials,
)

NOTES = Path("notes.txt")


def stage(name: str, script: str, limit_s: float = 60) -> Stage:
    return Stage(name=name, command=("sh", "-c", script), limit_s=limit_s)


def trial(*stages: Stage, key: str = "one", text: str = "changed") -> Trial:
    return Trial(key=key, path=NOTES, text=text, stages=stages)


@pytest.fixture
def tree(tree: Path) -> Path:
    (tree / NOTES).write_text("as it was", encoding="utf-8")
    return tree


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path / "state/results.json")


def test_the_first_stage_that_notices_ends_the_trial(copy: TreeCopy) -> None:
    outcome = run_trial(
        trial(
            stage("blind", "exit 0"),
            stage("sees", "echo 'FAILED tests/test_x.py::test_y - no'; exit 1"),
            stage("never", "touch ran"),
        ),
        copy,
        threading.Event(),
    )

    assert (outcome.verdict, outcome.stage, outcome.exit_code) == (Verdict.NOTICED, "sees", 1)
    assert outcome.first_failure == "tests/test_x.py::test_y"
    assert not (copy.root / "ran").exists()


def test_the_stages_see_the_change_and_nothing_is_left_of_it(copy: TreeCopy) -> None:
    outcome = run_trial(trial(stage("sees", "grep -v changed notes.txt")), copy, threading.Event())

    assert outcome.verdict is Verdict.NOTICED
    assert (copy.root / NOTES).read_text(encoding="utf-8") == "as it was"


def test_a_stage_over_its_limit_noticed_by_not_ending(copy: TreeCopy) -> None:
    outcome = run_trial(trial(stage("slow", "sleep 600", 0.1)), copy, threading.Event())

    assert (outcome.verdict, outcome.stage) == (Verdict.TIMEOUT, "slow")


@pytest.mark.parametrize("exit_code", [0, 5])
def test_what_no_stage_notices_survives_and_no_tests_notice_nothing(
    copy: TreeCopy, exit_code: int
) -> None:
    outcome = run_trial(trial(stage("blind", f"exit {exit_code}")), copy, threading.Event())

    assert (outcome.verdict, outcome.stage) == (Verdict.SURVIVED, "")


def test_every_trial_runs_once_in_one_of_the_copies(
    tree: Path, tmp_path: Path, record: Record
) -> None:
    copies = [TreeCopy(tree, tmp_path / name) for name in ("a", "b")]
    trials = [
        trial(stage("counts", f"echo {n} >> ../ran; exit {n % 2}"), key=str(n)) for n in range(6)
    ]
    told: list[str] = []

    run_trials(trials, copies, record, threading.Event(), told.append)
    run_trials(trials, copies, record, threading.Event(), told.append)

    ran = (tmp_path / "ran").read_text(encoding="utf-8").split()
    assert sorted(ran) == ["0", "1", "2", "3", "4", "5"]
    assert len(told) == 6
    outcomes = [record.get(str(n)) for n in range(6)]
    assert [one and one.verdict for one in outcomes] == [
        Verdict.SURVIVED,
        Verdict.NOTICED,
    ] * 3


def test_a_stopped_run_keeps_what_has_ended_and_leaves_the_rest_open(
    copy: TreeCopy, record: Record
) -> None:
    stop = threading.Event()

    run_trials(
        [
            trial(stage("ends", "exit 1"), key="ended"),
            trial(stage("stopped", "sleep 600"), key="open"),
        ],
        [copy],
        record,
        stop,
        lambda told: stop.set(),
    )

    assert record.get("ended") is not None
    assert record.get("open") is None


def test_a_record_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    outcome = Outcome(
        verdict=Verdict.TIMEOUT, stage="s", exit_code=None, first_failure="", seconds=1.5
    )
    Record(tmp_path / "results.json").put("key", outcome)

    assert Record(tmp_path / "results.json").get("key") == outcome
    assert Record(tmp_path / "results.json").get("other") is None


def test_the_unchanged_copy_must_pass_before_anything_is_broken(
    copy: TreeCopy, record: Record
) -> None:
    with pytest.raises(NotGreen, match="why it fails"):
        check_unchanged(
            "suite", ("sh", "-c", "echo why it fails; exit 1"), copy, record, threading.Event()
        )


def test_a_stage_s_limit_follows_from_its_unchanged_run_which_is_not_repeated(
    copy: TreeCopy, record: Record
) -> None:
    command = ("sh", "-c", "echo run >> ran")

    first = check_unchanged("suite", command, copy, record, threading.Event())
    again = check_unchanged("suite", command, copy, record, threading.Event())

    assert first == again
    assert 60 < first.limit_s < 120
    assert (copy.root / "ran").read_text(encoding="utf-8") == "run\n"

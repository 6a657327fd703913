"""The command line: exit codes, the table, pieces on disk, replays."""

import json
from pathlib import Path

import pytest

from simvenue.campaign.command import main, run_campaign
from simvenue.campaign.tally import EVERY_REASON, EVERY_ROW, Failure, Tally

SEED = "3"


def write(path: Path, tally: Tally) -> str:
    path.write_text(json.dumps(tally.to_json()))
    return str(path)


def full_tally(times: int) -> Tally:
    tally = Tally()
    tally.seeds = [(1, 10)]
    tally.events = 100
    tally.rows = dict.fromkeys(EVERY_ROW, times)
    tally.denials = dict.fromkeys(EVERY_REASON, times)
    return tally


def test_a_campaign_prints_its_table_and_writes_its_tally(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tally.json"
    code = main(["--seed", SEED, "--count", "1", "--out", str(out)])
    printed = capsys.readouterr()
    tally = Tally.from_json(json.loads(out.read_text()))
    assert code == (3 if tally.failures else 0)
    assert printed.out.startswith("1 seeds, ")
    assert "order table" in printed.out
    assert "100 %  1 of 1 seeds" in printed.err
    assert tally.seeds == [(3, 1)]
    assert tally.microseconds > 0


def test_json_holds_the_tally_and_the_speed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--seed", SEED, "--count", "1", "--json"])
    shown = json.loads(capsys.readouterr().out)
    assert shown["seeds"] == [[3, 1]]
    assert shown["events_per_second"] > 0
    assert shown["rare"] == []


def test_two_processes_reach_what_one_reaches() -> None:
    one, two = run_campaign(3, 2, 1), run_campaign(3, 2, 2)
    for tally in (one, two):
        tally.microseconds = 0
    assert one.to_json() == two.to_json()


def test_pieces_are_merged_and_enough_of_everything_is_exit_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pieces = [write(tmp_path / f"{name}.json", full_tally(50)) for name in "ab"]
    assert main(["--merge", *pieces, "--require", "100"]) == 0
    assert capsys.readouterr().out.startswith("20 seeds, 200 events")


def test_a_branch_reached_too_rarely_is_exit_3_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = full_tally(100)
    tally.denials["coverage"] = 99
    piece = write(tmp_path / "a.json", tally)
    assert main(["--merge", piece, "--require", "100"]) == 3
    assert "reached fewer than 100 times: denial coverage" in capsys.readouterr().out


def test_a_failure_in_a_piece_is_exit_3(tmp_path: Path) -> None:
    tally = full_tally(1)
    tally.failures.append(Failure(seed=1, law="x", what="y", faults=()))
    assert main(["--merge", write(tmp_path / "a.json", tally)]) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["--seed", "minus one"],
        ["--count", "0"],
        ["--workers", "-1"],
        ["--unknown"],
    ],
)
def test_bad_arguments_are_exit_1(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 1
    assert "error:" in capsys.readouterr().err


def test_help_names_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "130 interrupted" in capsys.readouterr().out


def test_a_file_that_is_no_tally_is_exit_1_and_a_missing_one_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}")
    assert main(["--merge", str(other)]) == 1
    assert "expected a tally written by --out" in capsys.readouterr().err
    assert main(["--merge", str(tmp_path / "absent.json")]) == 2


def test_a_replay_plays_the_given_faults_instead_of_the_seeds_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--replay", SEED, "--faults", "[]"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "seed 3: every law held"


@pytest.mark.parametrize("faults", ["{}", "[1]", "nonsense", '[{"kind": "unheard_of"}]'])
def test_faults_that_cannot_be_read_are_exit_1(
    faults: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--replay", SEED, "--faults", faults]) == 1
    assert "--faults: expected a JSON list of faults" in capsys.readouterr().err


def test_faults_without_a_replay_are_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--faults", "[]"]) == 1
    assert "--replay" in capsys.readouterr().err

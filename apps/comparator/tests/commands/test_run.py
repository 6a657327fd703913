"""`comparator run`: the verdict is the exit code, on the terminal and as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from apps.comparator.tests.recording import Recording
from backtest.tables import trades_csv
from comparator.cli import entry

PARTS = ("--partial-fills", "300", "--partial-fills-seed", "1", "--quiet")


def run(recording: Recording, *words: str) -> int:
    return entry(["run", "--database-url", recording.url, *words])


def test_a_pass_is_0_with_its_certificate(
    recording: Recording, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(recording, *PARTS) == 0

    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert "PASS of 5 checks" in told.out
    assert [len(line.split()[1]) for line in lines if line.startswith("certificate ")] == [64]
    assert told.err == ""


def test_a_fail_is_3_with_its_reasons(
    recording: Recording, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(recording, "--quiet") == 3

    assert "unexplained, the first" in capsys.readouterr().out


def test_a_skip_is_4_with_its_reasons(
    recording: Recording, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        run(
            recording,
            *PARTS,
            "--stale-s",
            "0",
            "--quality-min",
            "1",
            "--end",
            "2026-01-01 01:00:01.5",
        )
        == 4
    )

    assert "SKIP" in capsys.readouterr().out


def test_json_is_one_object_with_everything(
    recording: Recording, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(recording, *PARTS, "--json", "--every-model", "--output", str(tmp_path / "out")) == 0

    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert body["verdict"] == "PASS"
    assert body["run_id"] == recording.recording_run
    assert body["output"] == str(tmp_path / "out")
    assert len(body["certificate"]) == 64
    assert body["models"][0]["name"] == "strict_cross"
    assert body["quality"]["score"] in (1, "1")


def test_a_report_is_named_by_its_path(
    recording: Recording, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(recording, *PARTS, "--output", str(tmp_path / "out")) == 0

    assert f"report: {tmp_path / 'out' / 'report.html'}" in capsys.readouterr().out
    assert (tmp_path / "out" / "report.html").is_file()


def test_trades_of_a_file_are_compared_as_they_are(recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    path.write_text(trades_csv(recording.outcome))

    assert run(recording, "--quiet", "--backtest-trades", str(path)) == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--backtest-trades", "nowhere.csv"), "found nothing at nowhere.csv"),
        (("--backtest-trades", "a", "--backtest-config", "b"), "not allowed with"),
        (("--run-id", "nobody's"), "expected the id of a run"),
        (("--symbol", "DOGEUSDT"), "expected a symbol that the run traded"),
        (("--start", "tomorrow"), "expected a UTC date"),
        (("--start", "2027-01-01"), "not in the window asked for"),
        (("--profit-tolerance", "much"), "a number of 0 or more"),
    ],
)
def test_what_is_asked_for_wrongly_is_1(
    recording: Recording, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    assert run(recording, "--quiet", *words) == 1

    assert told in capsys.readouterr().err


def test_a_file_has_no_other_models(
    recording: Recording, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "trades.csv"
    path.touch()

    assert run(recording, "--every-model", "--backtest-trades", str(path)) == 1

    assert "leave out one of" in capsys.readouterr().err


def test_a_database_that_is_not_there_is_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert entry(["run", "--database-url", str(tmp_path / "no.db")]) == 1

    assert "found no such file" in capsys.readouterr().err

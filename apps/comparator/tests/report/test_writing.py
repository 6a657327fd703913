"""The folder of a comparison: whole or not at all, and repeatable."""

import json
from pathlib import Path

import pytest

from appkit.exits import UserError
from apps.comparator.tests.told import MakeComparison
from comparator.certificate.record import is_intact
from comparator.report.comparison import Comparison
from comparator.report.writing import summary_body, write_report

ALWAYS = {
    "certificate.csv",
    "certificate.json",
    "comparison.json",
    "matched_trades.csv",
    "report.html",
    "unmatched_trades.csv",
    "validation_metrics.csv",
}


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir() if not file.name.startswith(".")}


def test_everything_that_was_compared_is_written(comparison: Comparison, tmp_path: Path) -> None:
    write_report(tmp_path / "out", comparison)

    assert names(tmp_path / "out") == ALWAYS | {
        "equity_comparison.csv",
        "position_comparison.csv",
    }


def test_what_was_not_compared_has_no_file(compare: MakeComparison, tmp_path: Path) -> None:
    """13.4: position_comparison.csv exists only if at least one pair does."""
    write_report(tmp_path / "out", compare())

    assert names(tmp_path / "out") == ALWAYS


def test_an_earlier_comparison_is_replaced(
    comparison: Comparison, compare: MakeComparison, tmp_path: Path
) -> None:
    write_report(tmp_path / "out", comparison)

    write_report(tmp_path / "out", compare())

    assert names(tmp_path / "out") == ALWAYS


def test_a_folder_with_other_content_is_refused(comparison: Comparison, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")

    with pytest.raises(UserError, match="will not replace"):
        write_report(tmp_path, comparison)

    assert names(tmp_path) == {"precious.txt"}


def test_the_record_that_was_written_is_intact(comparison: Comparison, tmp_path: Path) -> None:
    write_report(tmp_path / "out", comparison)

    body = json.loads((tmp_path / "out" / "certificate.json").read_text())

    assert is_intact(body)
    assert body["sha256"] == comparison.record.sha256


def test_programs_read_verdict_reasons_and_figures(comparison: Comparison) -> None:
    body = summary_body(comparison)

    assert body["verdict"] == "FAIL"
    assert body["reasons"][0]["check"] == "unexplained"
    assert body["certificate"] == comparison.record.sha256
    assert body["classes"]["queue"]["live"] == 1
    assert body["metrics"]["matched_count"] == 2
    assert body["models"][0]["name"] == "strict_cross"
    assert json.loads(json.dumps(body)) == body


def test_ambiguous_ids_are_told_with_their_occurrences(compare: MakeComparison) -> None:
    found = compare([("a", 10), ("a", 12)], [("a", 11)])

    assert summary_body(found)["ambiguous"] == [
        {"client_order_id": "a", "symbol": "BTCUSDT", "live": [0, 1], "backtest": []}
    ]

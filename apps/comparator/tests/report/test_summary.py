"""The summary on the terminal."""

from io import StringIO

from rich.console import Console

from apps.comparator.tests.told import MakeComparison
from comparator.report.comparison import Comparison
from comparator.report.summary import render, render_verdict
from comparator.verdict import Thresholds, judge


def text_of(comparison: Comparison) -> str:
    out = StringIO()
    render(Console(file=out, width=140), comparison)
    return out.getvalue()


def test_the_summary_tells_figures_classes_and_reasons(comparison: Comparison) -> None:
    text = text_of(comparison)

    assert "grid on BTCUSDT" in text
    assert "queue" in text
    assert "best fill model: strict_cross" in text
    assert "  FAIL unexplained: 1 unexplained, the first: e on BTCUSDT" in text


def test_no_line_begins_with_the_words_that_scripts_look_for(comparison: Comparison) -> None:
    lines = text_of(comparison).lower().splitlines()

    assert not [line for line in lines if line.startswith(("verdict", "certificate"))]


def test_equal_fills_pass(compare: MakeComparison) -> None:
    assert "  PASS of 5 checks" in text_of(compare())


def test_a_verdict_can_be_told_alone() -> None:
    out = StringIO()

    render_verdict(Console(file=out, width=140), judge(None, Thresholds(), doubts=["no trades"]))

    assert out.getvalue() == "  SKIP recording: no trades\n  SKIP of 1 checks\n"

"""How one unit is judged."""

import pytest

from bbu_reference.framework import RAISES, FileReport, Raises, Rule, outcome

WRONG = Rule(name="wrong", reason="It was wrong.")
ARGUED = Rule(name="argued", reason="It was wrong.", adr="0010")


@pytest.fixture
def report() -> FileReport:
    return FileReport(name="kind", file="kind.json")


def test_what_is_as_recorded_agrees(report: FileReport) -> None:
    assert report.settle("s", "1", ours=5, recorded=5)
    assert (report.tally("s").agreed, report.passed) == (1, True)


def test_what_differs_without_a_rule_failed(report: FileReport) -> None:
    assert not report.settle("s", "1", ours=4, recorded=5)
    assert not report.passed
    assert report.tally("s").failures[0].text == "expected 5, found 4"


def test_a_rule_passes_only_its_own_output(report: FileReport) -> None:
    report.settle("s", "1", ours=4, recorded=5, rules=[ARGUED], right=4)
    report.settle("s", "2", ours=3, recorded=5, rules=[ARGUED], right=4)

    tally = report.tally("s")
    assert (tally.deviated, tally.by_rule, len(tally.failures)) == (1, {"argued": 1}, 1)
    assert tally.failures[0].text == "expected 4 (argued), found 3"


def test_giving_the_recorded_wrong_output_failed_where_a_rule_sees_it(report: FileReport) -> None:
    assert not report.settle("s", "1", ours=5, recorded=5, rules=[ARGUED], right=4)


def test_a_rule_without_an_expected_value_failed(report: FileReport) -> None:
    assert not report.settle("s", "1", ours=4, recorded=5, rules=[ARGUED])


def test_a_rule_that_excuses_more_than_a_tenth_needs_an_adr(report: FileReport) -> None:
    for number in range(9):
        report.settle("s", str(number), ours=1, recorded=1)
    report.settle("s", "9", ours=2, recorded=1, rules=[WRONG], right=2)
    assert report.passed

    report.settle("s", "10", ours=2, recorded=1, rules=[WRONG], right=2)
    assert report.unargued_rules() == [WRONG]
    assert not report.passed


def test_an_argued_rule_may_excuse_more(report: FileReport) -> None:
    report.settle("s", "1", ours=2, recorded=1, rules=[ARGUED], right=2)

    assert report.passed


def test_any_refusal_equals_any_other() -> None:
    """Exception classes are compared as "raises or not"."""
    assert outcome(lambda: int("x")) == RAISES
    assert outcome(lambda: 1 // 0) == Raises("other words")
    assert outcome(lambda: 7) == 7
    assert RAISES != 7
    assert hash(RAISES) == hash(Raises("a"))
    assert "ValueError" in repr(outcome(lambda: int("x")))


def test_a_programming_error_is_no_refusal() -> None:
    with pytest.raises(TypeError):
        outcome(lambda: len(5))  # type: ignore[arg-type]


@pytest.mark.parametrize("row", [{"s": "odd", "id": "c7"}, ["c7", "odd"]])
def test_a_row_that_cannot_be_read_fails_alone(report: FileReport, row: object) -> None:
    def judge(row: object) -> None:
        raise KeyError("price")

    report.judge_each([row], judge)
    report.judge_each(["no row"], judge, stratum="header")

    assert report.tally("odd").failures[0].where == "c7"
    assert "KeyError" in report.tally("odd").failures[0].text
    assert len(report.tally("header").failures) == 1

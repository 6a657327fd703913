"""The verdict in words and as JSON."""

import pytest

from bbu_reference.framework import FileReport, Rule
from bbu_reference.verdict import as_json, as_text

WRONG = Rule(name="wrong", reason="It was wrong.", adr="0010")
LARGE = Rule(name="large", reason="It was wrong, too.")


@pytest.fixture
def report() -> FileReport:
    report = FileReport(name="kind", file="kind.json")
    report.agree("calm")
    report.deviate("calm", [WRONG])
    for number in range(7):
        report.fail("wild", f"case {number}", "expected 1, found 2")
    report.tally("wild").skipped = 3
    return report


def test_the_text_names_counts_rules_and_failures(report: FileReport) -> None:
    lines = list(as_text([report]))

    assert lines[0] == "kind.json: 12 cases and steps"
    assert lines[1] == (
        "  calm                 agreed     1  on purpose    1  failed   0  skipped   0  later    0"
    )
    assert "    FAILED case 0: expected 1, found 2" in lines
    assert "    FAILED and 2 more" in lines
    assert "  on purpose, wrong: 1 (ADR 0010). It was wrong." in lines
    assert lines[-1].startswith("total                  agreed     1  on purpose    1  failed   7")


def test_the_text_names_rules_that_need_an_adr(report: FileReport) -> None:
    report.deviate("calm", [LARGE])
    report.deviate("calm", [LARGE])

    assert "  FAILED large excuses more than a tenth of the file and names no ADR" in as_text(
        [report]
    )


def test_the_text_names_the_owner_of_what_is_not_judged() -> None:
    owned = FileReport(name="comparator", file="comparator.json", owner="issue F")
    owned.tally("match").owned = 42

    assert next(as_text([owned])) == "comparator.json: 42 cases and steps  owned by issue F"


def test_the_json_holds_the_same(report: FileReport) -> None:
    found = as_json([report])

    assert found["passed"] is False
    (file,) = found["files"]
    assert file["strata"]["calm"]["by_rule"] == {"wrong": 1}
    assert file["rules"]["wrong"] == {"count": 1, "reason": "It was wrong.", "adr": "0010"}
    assert len(file["strata"]["wild"]["failed"]) == 7
    assert file["strata"]["wild"]["skipped"] == 3

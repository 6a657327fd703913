"""The restore cases: the recorded predicate, and what is taken back today."""

from typing import Any

import pytest

from bbu_reference.framework import FileReport
from bbu_reference.restore import check_restore, recorded_restore, restorable
from bbu_reference.vectors import BUNDLED, read_vectors

ROWS = [["Buy", "99.0"], ["Wait", "100.0"], ["Sell", "101.0"]]


@pytest.fixture
def report() -> FileReport:
    return FileReport(name="grid_update", file="grid_update.json")


def test_the_bundled_cases_pass(report: FileReport) -> None:
    document = read_vectors(BUNDLED / "grid_update.json")

    for case in document["header"]["restore_grid_cases"]:
        check_restore(case, report)

    assert report.tally("restore_predicate").agreed == 24
    assert not report.tally("restore").failures


def test_a_corrupted_case_fails(report: FileReport) -> None:
    case: dict[str, Any] = {
        "name": "ok",
        "in": ROWS,
        "ok": True,
        "anchor": "100.5",
        "levels_after": ["BWS", ["99.0", "100.0", "101.0"]],
    }

    check_restore(case, report)

    assert len(report.tally("restore_predicate").failures) == 1


@pytest.mark.parametrize(
    ("rows", "taken"),
    [
        (ROWS, ("BWS", (990, 1000, 1010))),
        ([["Wait", "99.0"], ["Buy", "100.0"], ["Buy", "101.0"]], ("WBB", (990, 1000, 1010))),
        ([["wait", "99.0"], *ROWS[1:]], None),
        ([["Buy", "0.0"], *ROWS[1:]], None),
        ([["Buy", "-5.0"], *ROWS[1:]], None),
        ([["Buy", "99.05"], *ROWS[1:]], None),
        ([["Buy", "x"], *ROWS[1:]], None),
        ([["Buy"], *ROWS[1:]], None),
        ([ROWS[1], ROWS[0], ROWS[2]], None),
        (ROWS[:2], None),
        ([*ROWS[:2], ["Sell", "100.1"]], ("BWS", (990, 1000, 1001))),
    ],
)
def test_prices_decide_what_is_taken_back(
    rows: list[list[Any]], taken: tuple[str, tuple[int, ...]] | None
) -> None:
    """golden/README.md 14."""
    assert restorable(rows, "0.1", 3) == taken


def test_what_the_old_bots_took_back() -> None:
    assert recorded_restore(ROWS, "0.1") == ("BWS", (990, 1000, 1010))
    assert recorded_restore([["Wait", "99.0"], *ROWS[1:]], "0.1") == ("", ())
    assert recorded_restore([["wait", "99.0"], *ROWS[1:]], "0.1") == ("", ())
    assert recorded_restore([["Buy"]], "0.1") == ("", ())

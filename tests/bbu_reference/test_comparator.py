"""Vectors of comparisons: agreed where right, every corruption noticed, each rule at work."""

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bbu_reference.check import check_file
from bbu_reference.comparator import CHECKERS, OF_FLOATS, About
from bbu_reference.framework import FileReport

Sample = Callable[..., dict[str, Any]]
Judge = Callable[[str, dict[str, Any]], FileReport]
Survivors = Callable[[str, dict[str, Any], Callable[[Any], bool]], list[str]]
EVERY = 1000
QTY = 3


def failures(report: FileReport) -> list[str]:
    return [one.where for tally in report.strata.values() for one in tally.failures]


def test_every_case_passes_by_agreement_or_by_a_rule(sample: Sample, judge: Judge) -> None:
    report = judge("comparator", sample("comparator", EVERY))

    assert failures(report) == []
    assert report.passed
    assert report.units == 158 + 47
    assert report.tally("match").agreed == 39
    assert report.tally("equity").agreed == 24
    assert set(report.rules) == {
        "mixed_order",
        "reading_order",
        "shifted_pairs",
        "two_medians",
        "unknown_direction",
        "unnumbered",
    }


def changed(text: str) -> str:
    return str(Decimal(text) + Decimal("0.0001"))


def corrupt_pair(case: Any) -> bool:
    if not case.get("matched"):
        return False
    case["matched"][0][-1] += 1
    return True


def corrupt_delta(case: Any) -> bool:
    if not case.get("deltas"):
        return False
    case["deltas"][0][4] = changed(case["deltas"][0][4])
    return True


def corrupt_figure(case: Any) -> bool:
    if not isinstance(case.get("metrics"), dict) or not case["metrics"]:
        return False
    name = min(case["metrics"], key=lambda name: (name == "breaches", name))
    if name == "breaches":
        return False
    case["metrics"][name] = changed(case["metrics"][name])
    return True


def corrupt_lonely(case: Any) -> bool:
    if "live_only" not in case:
        return False
    case["live_only"] = [*case["live_only"], ["novel", 0]]
    return True


def corrupt_trade(case: Any) -> bool:
    if not case.get("out"):
        return False
    case["out"][0][5] = changed(case["out"][0][5])
    return True


def corrupt_bucket(case: Any) -> bool:
    if not case.get("resampled"):
        return False
    case["resampled"][0][0] += 1
    return True


def corrupt_spike(case: Any) -> bool:
    if "spike" not in case:
        return False
    case["spike"][2] = changed(case["spike"][2])
    return True


def corrupt_correlation(case: Any) -> bool:
    if "pearson" not in case:
        return False
    case["pearson"] = str(float(case["pearson"]) + 1e-6)
    return True


def corrupt_position(case: Any) -> bool:
    if not case.get("pairs"):
        return False
    case["pairs"][0][3] = 1 - case["pairs"][0][3]
    return True


@pytest.mark.parametrize(
    "corrupt",
    [
        corrupt_pair,
        corrupt_delta,
        corrupt_figure,
        corrupt_lonely,
        corrupt_trade,
        corrupt_bucket,
        corrupt_spike,
        corrupt_correlation,
        corrupt_position,
    ],
)
def test_a_corrupted_recording_is_noticed(
    sample: Sample, survivors: Survivors, corrupt: Callable[[Any], bool]
) -> None:
    assert survivors("comparator", sample("comparator", 6), corrupt) == []


@pytest.mark.parametrize("name", ["live", "backtest", "values"])
def test_a_number_that_the_recording_was_not_made_of_is_noticed(
    sample: Sample, survivors: Survivors, name: str
) -> None:
    def corrupt(case: Any) -> bool:
        if case["s"] not in ("match", "stats") or not case.get(name):
            return False
        row = case[name] if name == "values" else case[name][0]
        place = 0 if name == "values" else QTY
        row[place] = str(Decimal(row[place]) + 100)
        return True

    assert survivors("comparator", sample("comparator", 6), corrupt) == []


def test_an_unknown_kind_of_case_fails(judge: Judge) -> None:
    report = judge("comparator", {"header": {}, "cases": [{"id": "x1", "s": "novel"}]})

    (failure,) = report.tally("novel").failures
    assert failure.text == f"expected one of {', '.join(CHECKERS)}"


def test_a_case_without_its_fields_fails_alone(judge: Judge, sample: Sample) -> None:
    document = sample("comparator", 1)
    document["cases"].append({"id": "x2", "s": "stats"})

    assert failures(judge("comparator", document)) == ["x2"]


def test_a_file_of_this_kind_is_judged_by_name(tmp_path: Path, sample: Sample) -> None:
    document = sample("comparator", 1)
    document["header"]["cases"] = len(document["cases"])
    path = tmp_path / "heldout.json"
    path.write_text(json.dumps(document), encoding="utf-8")

    report = check_file(path)

    assert (report.name, report.passed, report.owner) == ("comparator", True, None)


def test_numbers_are_equal_to_the_digits_that_are_kept() -> None:
    third = Fraction(1, 3)

    assert About(third) == About(Decimal(1) / 3)
    assert About("0.1") != About("0.1001")
    assert About(third) != About(1 / 3)
    assert About(third, OF_FLOATS) == About(1 / 3)
    assert About(1) != 1
    assert hash(About(1)) == hash(About(2))
    assert repr(About("0.5")) == "0.5"

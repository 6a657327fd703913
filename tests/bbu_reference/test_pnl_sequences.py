"""Sequences of one leg: agreed where right, and every corruption noticed."""

from collections.abc import Callable
from typing import Any

import pytest

from bbu_reference.framework import FileReport

Sample = Callable[..., dict[str, Any]]
Judge = Callable[[str, dict[str, Any]], FileReport]


def test_a_selection_of_sequences_passes(sample: Sample, judge: Judge) -> None:
    report = judge("pnl", sample("pnl", 6, "tracker"))

    assert not report.tally("tracker").failures
    assert {"money_quantum", "over_close", "ignored_leverage"} == set(report.rules)


@pytest.mark.parametrize(
    ("operation", "place"),
    [
        ("fill", 0),
        ("fill", 1),
        ("fill", 4),
        ("mark", 3),
        ("mark", 6),
        ("mark", 7),
        ("mark", 9),
        ("mark", 10),
        ("funding", 5),
    ],
)
def test_a_corrupted_state_fails(sample: Sample, judge: Judge, operation: str, place: int) -> None:
    document = sample("pnl", 3, "tracker")
    for case in document["cases"]:
        step = next(step for step in case["steps"] if step["op"] == operation)
        step["st"][place] = "12345.678"

        failures = judge("pnl", {**document, "cases": [case]}).tally("tracker").failures
        index = case["steps"].index(step)
        assert f"{case['id']} step {index}" in [failure.where for failure in failures]


@pytest.mark.parametrize("operation", ["fill", "pct"])
def test_a_corrupted_result_fails(sample: Sample, judge: Judge, operation: str) -> None:
    document = sample("pnl", 2, "tracker")
    for case in document["cases"]:
        step = next(step for step in case["steps"] if step["op"] == operation)
        step["ret"] = "12345.678"

        assert judge("pnl", {**document, "cases": [case]}).tally("tracker").failures


def test_a_swapped_refusal_fails(sample: Sample, judge: Judge) -> None:
    document = sample("pnl", 1, "tracker")
    document["cases"][0]["steps"][0]["err"] = "ValueError"

    assert judge("pnl", document).tally("tracker").failures


def test_an_unknown_operation_fails(sample: Sample, judge: Judge) -> None:
    document = sample("pnl", 1, "tracker")
    document["cases"][0]["steps"][0]["op"] = "novel"

    assert judge("pnl", document).tally("tracker").failures

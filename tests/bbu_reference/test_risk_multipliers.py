"""Risk vectors: agreed where right, and every corruption noticed."""

from collections.abc import Callable
from typing import Any

import pytest

from bbu_reference.framework import FileReport

Sample = Callable[..., dict[str, Any]]
Judge = Callable[[str, dict[str, Any]], FileReport]
Survivors = Callable[[str, dict[str, Any], Callable[[Any], bool]], list[str]]


def test_a_selection_of_every_stratum_passes(sample: Sample, judge: Judge) -> None:
    report = judge("risk_multipliers", sample("risk_multipliers", 80))

    assert not any(tally.failures for tally in report.strata.values())
    assert {"flat_leg", "float_threshold", "graver_wins", "pure_function"} == set(report.rules)


@pytest.mark.parametrize("cell", range(4))
def test_a_corrupted_multiplier_fails(sample: Sample, survivors: Survivors, cell: int) -> None:
    def corrupt(row: list[Any]) -> bool:
        row[9][cell] = "3.0"
        return True

    assert survivors("risk_multipliers", sample("risk_multipliers", 40), corrupt) == []


def test_a_price_of_zero_is_refused_on_purpose(sample: Sample, judge: Judge) -> None:
    document = sample("risk_multipliers", 1, "dense")
    document["cases"][0][3] = "0"

    assert judge("risk_multipliers", document).rule_counts() == {"unknown_price": 1}


def test_a_row_of_another_shape_fails(sample: Sample, judge: Judge) -> None:
    document = sample("risk_multipliers", 1, "dense")
    document["cases"][0].pop()

    assert judge("risk_multipliers", document).tally("dense").failures

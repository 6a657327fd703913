"""grid_build vectors: agreed where right, and every corruption noticed."""

from collections.abc import Callable
from typing import Any

import pytest

from bbu_reference.framework import FileReport

Sample = Callable[..., dict[str, Any]]
Judge = Callable[[str, dict[str, Any]], FileReport]
Survivors = Callable[[str, dict[str, Any], Callable[[Any], bool]], list[str]]


def test_a_selection_of_every_stratum_passes(sample: Sample, judge: Judge) -> None:
    report = judge("grid_build", sample("grid_build", 6))

    assert not any(tally.failures for tally in report.strata.values())
    assert report.tally("config_validation").agreed == 12
    assert report.tally("realistic").agreed > 0
    assert report.rule_counts()["failed_build"] > 0


def move_a_level(case: dict[str, Any]) -> bool:
    if not case["prices"]:
        return False
    case["prices"][0] = str(float(case["prices"][0]) + 7 * float(case["tick"]))
    return True


def drop_a_level(case: dict[str, Any]) -> bool:
    return bool(case["prices"]) and case["prices"].pop() is not None


def swap_raising(case: dict[str, Any]) -> bool:
    if case["s"] == "falsy_or_odd_price" and not case["prices"]:
        return False  # raising is right there
    case["err"] = None if case["err"] else "ValueError"
    return True


def swap_validity(case: dict[str, Any]) -> bool:
    case["valid"] = 1 - case["valid"]
    return True


def move_the_anchor(case: dict[str, Any]) -> bool:
    if case["anchor"] is None:
        return False
    case["anchor"] = str(float(case["anchor"]) + 7 * float(case["tick"]))
    return True


def turn_a_side(case: dict[str, Any]) -> bool:
    if not case["sides"]:
        return False
    case["sides"] = "W" + case["sides"][1:] if case["sides"][0] != "W" else "B" + case["sides"][1:]
    return True


@pytest.mark.parametrize(
    "corrupt",
    [move_a_level, drop_a_level, swap_raising, swap_validity, move_the_anchor, turn_a_side],
)
def test_a_corrupted_build_fails(
    sample: Sample, survivors: Survivors, corrupt: Callable[[Any], bool]
) -> None:
    assert survivors("grid_build", sample("grid_build", 8), corrupt) == []


def test_a_corrupted_configuration_fails(sample: Sample, judge: Judge) -> None:
    document = sample("grid_build", 0)
    document["header"]["config_validation"][0]["err"] = "ValueError"

    assert len(judge("grid_build", document).tally("config_validation").failures) == 1

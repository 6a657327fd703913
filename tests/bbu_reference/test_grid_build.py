"""grid_build vectors: agreed where right, and every corruption noticed."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bbu_reference.framework import FileReport
from bbu_reference.grid_build import check
from bbu_reference.grid_model import RecordedGrid, is_correct

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


@settings(max_examples=300)
@given(
    st.floats(0.00001, 1_000_000),
    st.sampled_from(["0.1", "0.01", "0.03", "0.25", "1", "5", "0.00000001", "0.000000000001"]),
    st.sampled_from([1, 2, 4, 10, 21, 50]),
    st.sampled_from(["0.05", "0.2", "0.3", "0.5", "1.0", "5.0", "40.0"]),
)
def test_whatever_the_old_bots_built_is_agreed_with_or_excused(
    price: float, tick: str, count: int, step: str
) -> None:
    """Vectors beyond the bundled ones, from the model that reproduces all of those."""
    old = RecordedGrid(tick, count, step, "0.3")
    error = None
    try:
        old.build(price)
    except ValueError:
        error = "ValueError"
    sides = "".join(old.sides)
    waits = [level for level, side in zip(old.prices, sides, strict=True) if side == "W"]
    case = {
        "id": "x",
        "s": "x",
        "price": repr(price),
        "tick": tick,
        "n": count,
        "step": step,
        "err": error,
        "sides": sides,
        "prices": [repr(level) for level in old.prices],
        "anchor": repr(old.anchor),
        "valid": int(is_correct([Fraction(level) for level in old.prices], sides)),
        "wait_center": repr(waits[0]),
    }
    report = FileReport(name="grid_build", file="x")

    check({"header": {}, "cases": [case]}, report)

    assert not report.tally("x").failures

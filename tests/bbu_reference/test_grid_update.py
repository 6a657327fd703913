"""grid_update vectors: agreed where right, and every corruption noticed."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bbu_reference.framework import FileReport
from bbu_reference.grid_model import RecordedGrid, is_correct
from bbu_reference.grid_update import check

Sample = Callable[..., dict[str, Any]]
Judge = Callable[[str, dict[str, Any]], FileReport]
Survivors = Callable[[str, dict[str, Any], Callable[[Any], bool]], list[str]]


def test_a_selection_of_every_stratum_passes(sample: Sample, judge: Judge) -> None:
    report = judge("grid_update", sample("grid_update", 2))

    assert not any(tally.failures for tally in report.strata.values())
    assert report.tally("walk").agreed > 30
    assert report.rule_counts()["edge_twice"] > 0
    assert report.rule_counts()["edge_at_zero"] > 0


def test_steps_on_an_impossible_recorded_grid_are_skipped_and_counted(
    sample: Sample, judge: Judge
) -> None:
    """golden/README.md 1: later steps of such a sequence are poisoned."""
    report = judge("grid_update", sample("grid_update", 9, stratum="bottom_fill"))

    assert report.tally("bottom_fill").skipped > 0


def first_step(case: dict[str, Any]) -> dict[str, Any]:
    step: dict[str, Any] = case["steps"][0]
    return step


def turn_a_side(case: dict[str, Any]) -> bool:
    step = first_step(case)
    if not step["S"]:
        return False
    step["S"] = step["S"][:-1] + ("W" if step["S"][-1] != "W" else "S")
    return True


def move_a_level(case: dict[str, Any]) -> bool:
    step = first_step(case)
    prices = list(step["P"] or case["build"][1])
    if not prices or not step["S"]:
        return False
    prices[0] = str(float(prices[0]) - 3 * float(case["tick"]))
    step["P"] = prices
    return True


def swap_validity(case: dict[str, Any]) -> bool:
    first_step(case)["v"] = 1 - first_step(case)["v"]
    return True


def swap_raising(case: dict[str, Any]) -> bool:
    step = first_step(case)
    if "err" in step:
        del step["err"]
    else:
        step["err"] = "ValueError"
    return True


def move_the_anchor(case: dict[str, Any]) -> bool:
    step = first_step(case)
    if step.get("a") is None:
        return False
    step["a"] = str(float(step["a"]) + 5 * float(case["tick"]))
    return True


@pytest.mark.parametrize(
    "corrupt", [turn_a_side, move_a_level, swap_validity, swap_raising, move_the_anchor]
)
def test_a_corrupted_step_fails(
    sample: Sample, survivors: Survivors, corrupt: Callable[[Any], bool]
) -> None:
    assert survivors("grid_update", sample("grid_update", 2), corrupt) == []


def test_a_corrupted_build_fails(sample: Sample, judge: Judge) -> None:
    document = sample("grid_update", 1, stratum="walk")
    document["cases"][0]["build"][0] = "S" + document["cases"][0]["build"][0][1:]

    assert judge("grid_update", document).tally("walk").failures


def recording(
    tick: str, count: int, step: str, threshold: str, price: float, moves: list[tuple[int, int]]
) -> dict[str, Any]:
    """A sequence as the old bots would have left it: fills at levels, the price near them."""
    old = RecordedGrid(tick, count, step, threshold)
    old.build(price)
    build = ["".join(old.sides), [repr(level) for level in old.prices]]
    steps = []
    for level, offset in moves:
        fill = old.prices[level % len(old.prices)]
        last = fill * (1 + offset * float(step) / 300)
        before = list(old.prices)
        old.update(fill, last)
        sides = "".join(old.sides)
        steps.append(
            {
                "f": repr(fill),
                "c": repr(last),
                "S": sides,
                "P": None if before == old.prices else [repr(one) for one in old.prices],
                "v": int(is_correct([Fraction(one) for one in old.prices], sides)),
                "a": repr(old.anchor),
            }
        )
    return {
        "id": "x",
        "s": "x",
        "price": repr(price),
        "tick": tick,
        "n": count,
        "step": step,
        "threshold": threshold,
        "prebuilt": 1,
        "steps": steps,
        "build": build,
    }


@settings(max_examples=60)
@given(
    st.sampled_from(["0.1", "0.01", "0.5"]),
    st.sampled_from([4, 6, 10, 21]),
    st.sampled_from(["0.2", "0.5", "2.0"]),
    st.sampled_from(["0.1", "0.3", "0.5"]),
    st.floats(1000, 100_000),
    st.lists(st.tuples(st.integers(0, 20), st.integers(-7, 7)), min_size=5, max_size=40),
)
def test_whatever_the_old_bots_did_is_agreed_with_or_excused(
    tick: str,
    count: int,
    step: str,
    threshold: str,
    price: float,
    moves: list[tuple[int, int]],
) -> None:
    """Vectors beyond the bundled ones, from the model that reproduces all of those."""
    report = FileReport(name="grid_update", file="x")

    check({"header": {}, "cases": [recording(tick, count, step, threshold, price, moves)]}, report)

    assert not report.tally("x").failures

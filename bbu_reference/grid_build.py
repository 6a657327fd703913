"""grid_build.json: the initial grid around a price, and which configurations are refused."""

from fractions import Fraction
from typing import Any

from bbu_reference.framework import FileReport, Raises, Rule, outcome
from bbu_reference.grid_model import RecordedGrid, RightGrid, RightRefusal, is_correct
from bbu_reference.grid_rules import BAD_CONFIG, NO_CENTRE, GridState, explain, state_of
from bbu_reference.grid_subject import GridSubject, grid_config
from bbu_reference.numbers import recorded_ticks, ticks

Built = tuple[GridState, bool, object]
"""The grid, whether the recorded predicate holds, and the midpoint of its Wait levels."""

NOTHING_BUILT = GridState(raised=True, sides="", levels=(), anchor=None)


def check(document: dict[str, Any], report: FileReport) -> None:
    """Judge every case of the file."""
    report.judge_each(
        document["header"].get("config_validation", ()),
        lambda row: _check_config(row, report),
        stratum="config_validation",
    )
    report.judge_each(document["cases"], lambda case: _check_case(case, report))


def _check_config(row: dict[str, Any], report: FileReport) -> None:
    config = outcome(lambda: grid_config(row["n"], row["step"], row["threshold"]))
    report.settle(
        "config_validation",
        f"n={row['n']} step={row['step']} threshold={row['threshold']}",
        ours="accepted" if hasattr(config, "grid_count") else "refused",
        recorded="refused" if row["err"] else "accepted",
    )


def _check_case(case: dict[str, Any], report: FileReport) -> None:
    recorded = _recorded(case)
    right, rules = _right(case, recorded)
    report.settle(
        case["s"], case["id"], ours=_ours(case), recorded=recorded, rules=rules, right=right
    )


def _recorded(case: dict[str, Any]) -> Built:
    tick = case["tick"]
    state = GridState(
        raised=case["err"] is not None,
        sides=case["sides"],
        levels=tuple(recorded_ticks(price, tick) for price in case["prices"]),
        anchor=None if case["anchor"] is None else recorded_ticks(case["anchor"], tick),
    )
    center = case["wait_center"]
    return state, bool(case["valid"]), None if center is None else _halves(center, tick)


def _halves(center: str, tick: str) -> object:
    """A midpoint in ticks: the median of an even grid may lie between two levels."""
    exact = ticks(center, tick)
    assert exact is not None
    doubled = recorded_ticks(str(exact * 2), "1")
    return doubled / 2 if doubled % 2 else doubled // 2


def _ours(case: dict[str, Any]) -> object:
    config = outcome(lambda: grid_config(case["n"], case["step"]))
    if not hasattr(config, "grid_count"):
        return NOTHING_BUILT, False, None
    subject = GridSubject(config, case["tick"])
    subject.build(case["price"])
    return subject.state, subject.valid(), subject.middle()


def _right(case: dict[str, Any], recorded: Built) -> tuple[Built | None, list[Rule]]:
    """What the build should give, and why the recording differs."""
    nothing: Built = (NOTHING_BUILT, False, None)
    center = outcome(lambda: ticks(case["price"], case["tick"]))
    reproduced = _reproduced(case, recorded)
    step = outcome(lambda: Fraction(case["step"]))
    if case["n"] <= 0 or isinstance(step, Raises) or not 0 < step < 100:
        return nothing, [BAD_CONFIG] if reproduced else []
    if center is None or isinstance(center, Raises) or center <= 0:
        return nothing, [NO_CENTRE] if reproduced else []
    grid = RightGrid(case["n"], case["step"], "0.3")
    refusal = None
    try:
        grid.build(center)
    except RightRefusal as error:
        refusal = error
    right = GridState(
        raised=refusal is not None,
        sides="".join(grid.sides),
        levels=tuple(grid.levels),
        anchor=grid.anchor,
    )
    rules = explain(
        tick=case["tick"],
        step=case["step"],
        before=(),
        recorded=recorded[0],
        right=right,
        refusal=refusal,
        near=grid.near,
        reproduced=reproduced,
    )
    if refusal is not None:
        return nothing, rules
    return (right, is_correct([*map(Fraction, grid.levels)], right.sides), grid.anchor), rules


def _reproduced(case: dict[str, Any], recorded: Built) -> bool:
    """Whether the old bots' model, defects included, gives the recorded output."""
    old = RecordedGrid(case["tick"], case["n"], case["step"], "0.3")
    raised = False
    try:
        old.build(None if case["price"] is None else float(case["price"]))
    except (ValueError, OverflowError):
        raised = True
    state = state_of(old, case["tick"], raised=raised)
    valid = is_correct([*map(Fraction, old.prices)], state.sides)
    waits = [level for level, side in zip(state.levels, state.sides, strict=True) if side == "W"]
    middle = Fraction(waits[0] + waits[-1]) / 2 if waits else None
    return (state, valid, middle) == recorded

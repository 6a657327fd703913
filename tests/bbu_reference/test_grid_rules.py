"""Which defect is recognised in which recorded grid."""

from typing import Any

import pytest

from bbu_reference.framework import Rule
from bbu_reference.grid_model import RecordedGrid, RightRefusal
from bbu_reference.grid_rules import (
    EDGE_AT_ZERO,
    EDGE_TWICE,
    FAILED_BUILD,
    FLOAT_ROUNDING,
    NO_CENTRE,
    NOT_POSITIVE,
    SPACING,
    TEN_DECIMALS,
    GridState,
    explain,
    state_of,
)

RIGHT = (100, 110, 120, 130, 140)


def state(*levels: int, raised: bool = False) -> GridState:
    return GridState(raised=raised, sides="BBWSS", levels=levels, anchor=120)


def rules(recorded: GridState, right: GridState | None = None, **changes: Any) -> list[Rule]:
    arguments: dict[str, Any] = {
        "tick": "0.1",
        "step": "8",
        "before": RIGHT,
        "recorded": recorded,
        "right": right or state(*RIGHT),
        "refusal": None,
        "near": False,
        "reproduced": True,
    }
    return explain(**{**arguments, **changes})


def test_equal_grids_need_no_rule() -> None:
    assert rules(state(*RIGHT)) == []


def test_every_defect_has_its_rule() -> None:
    assert rules(state(110, 120, 130, 140, 0)) == [EDGE_AT_ZERO]
    assert rules(state(110, 120, 130, 140, 140)) == [EDGE_TWICE]
    assert rules(state(99, 100, 110, 120, 130)) == [EDGE_TWICE]
    assert rules(state(101, 100, 110, 120, 130)) == [EDGE_TWICE]
    assert rules(state(5, 5, 5, 5, 5, raised=True)) == [FAILED_BUILD]
    assert rules(state(*RIGHT[:-1], 139), near=True) == [FLOAT_ROUNDING]
    assert rules(state(*RIGHT[:-1], 139), tick="0.00000000001") == [TEN_DECIMALS]


@pytest.mark.parametrize(
    ("kind", "rule"), [("spacing", SPACING), ("positive", NOT_POSITIVE), ("centre", NO_CENTRE)]
)
def test_a_refusal_names_its_rule(kind: str, rule: Rule) -> None:
    assert rules(state(1, 2, 3), refusal=RightRefusal(kind)) == [rule]


def test_what_the_old_bots_would_not_give_has_no_rule() -> None:
    assert rules(state(110, 120, 130, 140, 0), reproduced=False) == []


def test_rounding_explains_one_tick_at_the_first_level_that_differs() -> None:
    """golden/README.md 9: later levels compound from it."""
    assert rules(state(100, 110, 120, 131, 143), near=True) == [FLOAT_ROUNDING]
    assert rules(state(100, 110, 120, 132, 143), near=True) == []
    assert rules(state(100, 110, 120, 131, 143)) == []
    assert rules(state(*RIGHT[:-1]), near=True) == []


def test_only_a_sound_grid_can_be_taken_over() -> None:
    assert state(*RIGHT).sound
    assert GridState(raised=False, sides="", levels=(), anchor=None).sound
    assert not state(100, 101).sound
    assert not state(0, 5).sound


def test_the_recorded_model_is_read_in_ticks() -> None:
    old = RecordedGrid("0.1", 2, "10", "0.3")
    old.build(10.0)

    assert state_of(old, "0.1", raised=False) == GridState(
        raised=False, sides="BWS", levels=(90, 100, 110), anchor=100
    )

"""What was wrong with recorded grids, and how each wrong is recognised."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from bbu_reference.framework import Rule
from bbu_reference.grid_model import RecordedGrid, RightRefusal
from bbu_reference.numbers import FLOAT_DIGITS, recorded_ticks

EDGE_AT_ZERO = Rule(
    name="edge_at_zero",
    reason="A shift past the last Sell level appended a level at price 0; the new level belongs "
    "one step above the highest level.",
)
EDGE_TWICE = Rule(
    name="edge_twice",
    reason="A shift next to a Wait level at the edge inserted a price that exists already, or one "
    "beside it; the new level belongs one step beyond the edge level.",
)
FAILED_BUILD = Rule(
    name="failed_build",
    reason="A build that failed on equal prices left the bad grid in place; a failed build leaves "
    "the grid as it was.",
    adr="0010",
)
SPACING = Rule(
    name="spacing",
    reason="Neighbouring levels less than two ticks apart were built; they are refused.",
)
NOT_POSITIVE = Rule(
    name="not_positive",
    reason="Levels at or below price 0 were built; they are refused.",
)
NO_CENTRE = Rule(
    name="no_centre",
    reason="A build around no price, or around 0, passed in silence; it is refused.",
)
BAD_CONFIG = Rule(
    name="bad_config",
    reason="A grid was built from a count or a step that the configuration refuses.",
)
TEN_DECIMALS = Rule(
    name="ten_decimals",
    reason="Prices were cut to ten decimals, which loses digits of a finer tick; ours are whole "
    "ticks.",
)
FLOAT_ROUNDING = Rule(
    name="float_rounding",
    reason="Floats decided a case within 1e-9 of half a tick or of a threshold; exact numbers "
    "decide it by its value.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridState:
    """A grid after one step, and whether the step raised. Levels in ticks, low first."""

    raised: bool
    sides: str
    levels: tuple[int | Fraction, ...]
    anchor: int | Fraction | None

    @property
    def sound(self) -> bool:
        """Whether a new grid can take this one over: whole ticks, positive, two ticks apart."""
        if not self.levels:
            return True
        levels = self.levels
        return (
            all(isinstance(level, int) for level in levels)
            and levels[0] > 0
            and all(upper - lower >= 2 for lower, upper in pairwise(levels))
        )


def state_of(grid: RecordedGrid, tick: str, *, raised: bool) -> GridState:
    """The state of the recorded model in ticks."""
    return GridState(
        raised=raised,
        sides="".join(grid.sides),
        levels=tuple(recorded_ticks(repr(price), tick) for price in grid.prices),
        anchor=None if grid.anchor is None else recorded_ticks(repr(grid.anchor), tick),
    )


def explain(
    *,
    tick: str,
    step: str,
    before: Sequence[int | Fraction],
    recorded: GridState,
    right: GridState,
    refusal: RightRefusal | None,
    near: bool,
    reproduced: bool,
) -> list[Rule]:
    """The rules that recognise why a recorded state differs from the right one.

    `reproduced` says that the model of the old bots, defects included, gives exactly the recorded
    state: without that a difference has no known cause.
    """
    if recorded == right or not reproduced:
        return []
    levels = recorded.levels
    if recorded.raised and len(set(levels)) < len(levels):
        return [FAILED_BUILD]
    if refusal is not None and not recorded.raised:
        known = {"spacing": SPACING, "positive": NOT_POSITIVE, "centre": NO_CENTRE}
        return [known[refusal.kind]]
    if levels and levels[-1] == 0 and 0 not in before:
        return [EDGE_AT_ZERO]
    if not recorded.raised and _crowded_at_an_edge(levels, Fraction(step) / 100):
        return [EDGE_TWICE]
    if Fraction(tick) * 10**10 % 1:
        return [TEN_DECIMALS]
    if near and _differs_by_rounding(levels, right.levels):
        return [FLOAT_ROUNDING]
    return []


def _crowded_at_an_edge(levels: Sequence[int | Fraction], step: Fraction) -> bool:
    """Whether an edge level lies less than half a step beyond its neighbour, or before it."""
    if len(levels) < 2:
        return False
    pairs = ((levels[0], levels[1]), (levels[-2], levels[-1]))
    return any(upper - lower < lower * step / 2 for lower, upper in pairs)


def _differs_by_rounding(
    recorded: Sequence[int | Fraction], right: Sequence[int | Fraction]
) -> bool:
    """Whether, from the middle outwards, the first levels that differ do so by one tick."""
    if len(recorded) != len(right):
        return False
    middle = len(right) // 2
    for indices in (range(middle, len(right)), range(middle, -1, -1)):
        different = [index for index in indices if recorded[index] != right[index]]
        if different:
            found, exact = Fraction(recorded[different[0]]), Fraction(right[different[0]])
            if abs(found - exact) > 1 + exact // FLOAT_DIGITS:
                return False
    return True

"""The restore cases of grid_update.json: the recorded predicate, and what is taken back today."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from bbu_reference.framework import FileReport, Raises, Rule, outcome
from bbu_reference.grid_model import is_correct
from bbu_reference.grid_subject import LETTERS, grid_config
from bbu_reference.numbers import recorded_ticks
from gridcore.engine import engine_instrument
from gridcore.grid import is_grid_correct, parse_rows, wait_center
from gridcore.sides import GridSideType

TICK = Decimal("0.1")
SIDES = ("Buy", "Wait", "Sell")

RESTORED_BY_PRICE = Rule(
    name="restored_by_price",
    reason="A saved grid is taken back when its prices are positive, ascending, on tick and of the "
    "right count; the order of its sides is no reason to refuse, prices at or below 0 are.",
)


def check_restore(case: dict[str, Any], report: FileReport) -> None:
    """Judge the recorded predicate on the rows, and whether they are taken back."""
    rows = case["in"]
    report.settle(
        "restore_predicate",
        f"restore {case['name']}",
        ours=_predicate(rows),
        recorded=_recorded(case),
    )
    # An even number of levels fits no configuration.
    right = restorable(rows, str(TICK), max(len(rows), 1)) is not None
    recorded = bool(case["ok"])
    report.settle(
        "restore",
        f"restore {case['name']}",
        ours=_restored(rows),
        recorded=recorded,
        rules=(RESTORED_BY_PRICE,) if right is not recorded else (),
        right=right,
    )


def _recorded(case: dict[str, Any]) -> object:
    if not case["ok"]:
        return False
    sides, prices = case["levels_after"]
    return (sides, [Fraction(price) for price in prices], Fraction(case["anchor"]))


def _predicate(rows: list[list[Any]]) -> object:
    """What the old restore gave, through gridcore's predicate: the grid, or False."""
    parsed = outcome(lambda: [(GridSideType(side), Fraction(str(price))) for side, price in rows])
    if isinstance(parsed, Raises):
        return False
    sides = [side for side, _ in parsed]
    prices = [price for _, price in parsed]
    if not is_grid_correct(prices, sides):
        return False
    # The midpoint is taken in tenths of a cent, where every recorded price is whole.
    scaled = [int(price * 1000) for price in prices]
    middle = Fraction(wait_center(scaled, sides)) / 1000
    return ("".join(LETTERS[side] for side in sides), prices, middle)


def _mappings(rows: list[list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(("side", "price"), row, strict=False)) for row in rows]


def _restored(rows: list[list[Any]]) -> bool:
    """Whether gridcore takes the rows back, for a configuration of as many levels."""
    config = grid_config(max(len(rows), 1), "0.2")
    instrument = engine_instrument("TEST", TICK)
    taken = outcome(lambda: parse_rows(_mappings(rows), config, instrument))
    return not isinstance(taken, Raises)


def restorable(rows: list[list[Any]], tick: str, count: int) -> tuple[str, tuple[int, ...]] | None:
    """Sides and levels of rows that fit (README 14), without gridcore; None otherwise."""
    sides: list[str] = []
    levels: list[int] = []
    for row in rows:
        price = outcome(lambda text=row[-1]: Fraction(str(text)))  # type: ignore[misc]
        if len(row) != 2 or row[0] not in SIDES or isinstance(price, Raises):
            return None
        level = price / Fraction(tick)
        if level.denominator != 1 or level <= 0:
            return None
        sides.append(row[0][0])
        levels.append(int(level))
    ascending = all(upper > lower for lower, upper in pairwise(levels))
    if len(levels) != 2 * (count // 2) + 1 or not ascending:
        return None
    return "".join(sides), tuple(levels)


def recorded_restore(rows: list[list[Any]], tick: str) -> tuple[str, tuple[object, ...]]:
    """What the old bots restored from rows: the grid where G-10 holds, else nothing."""
    if any(len(row) != 2 or row[0] not in SIDES for row in rows):
        return "", ()
    parsed = outcome(lambda: [(row[0], Fraction(str(row[1]))) for row in rows])
    if isinstance(parsed, Raises):
        return "", ()
    sides = "".join(side[0] for side, _ in parsed)
    prices = [price for _, price in parsed]
    if not is_correct(prices, sides):
        return "", ()
    return sides, tuple(recorded_ticks(str(row[1]), tick) for row in rows)

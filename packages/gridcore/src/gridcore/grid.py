"""The levels of a grid: building, shifting, restoring. It knows neither orders nor the market.

Prices are whole ticks. Every operation checks the invariants (ascending, positive, unique, constant
count) and leaves the grid as it was when they would break. New levels are at least two ticks apart.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from gridcore.config import GridConfig
from gridcore.instrument import Instrument, InstrumentError, Price
from gridcore.sides import GridSideType

MIN_SPACING_TICKS = 2


class GridError(ValueError):
    """The levels asked for would break an invariant; the grid stays as it was."""


def step_ratio(config: GridConfig) -> tuple[int, int]:
    """grid_step in percent as a ratio of whole numbers (numerator, denominator)."""
    return config.grid_step.as_integer_ratio()


def _check(levels: Sequence[int], count: int, spacing: int) -> None:
    if len(levels) != count:
        raise GridError(f"expected {count} levels, found {len(levels)}")
    if levels[0] <= 0:
        raise GridError(f"expected prices above 0, found a level at {levels[0]} ticks")
    for lower, upper in pairwise(levels):
        if upper - lower >= spacing:
            continue
        if spacing < MIN_SPACING_TICKS:
            raise GridError(f"expected ascending prices, found {lower} before {upper} ticks")
        raise GridError(
            f"expected neighbouring levels at least {spacing} ticks apart, found "
            f"{lower} and {upper} ticks: raise grid_step"
        )


def build_levels(center: Price, config: GridConfig) -> list[int]:
    """The levels around `center`, ascending (G-2): each compounds from its rounded neighbour.

    `center` is in tick units and may lie off the tick; the first level on each side compounds from
    it unrounded. Rounding is half-even on the exact value. Raises GridError.
    """
    if center <= 0:
        raise GridError(f"expected a centre price above 0, found {center} ticks")
    numerator, denominator = step_ratio(config)
    half = config.grid_count // 2
    whole = 100 * denominator
    upper: list[int] = []
    lower: list[int] = []
    above: Price = center
    below: Price = center
    for _ in range(half):
        above = round(Fraction(above * (whole + numerator), whole))
        below = round(Fraction(below * (whole - numerator), whole))
        upper.append(above)
        lower.append(below)
    levels = [*reversed(lower), round(center), *upper]
    _check(levels, config.level_count, MIN_SPACING_TICKS)
    return levels


def is_grid_correct(levels: Sequence[Price], sides: Sequence[GridSideType]) -> bool:
    """The recorded predicate: ascending prices, and tags Buy+ Wait* Sell+ (G-10)."""
    if not levels or any(upper <= lower for lower, upper in pairwise(levels)):
        return False
    order = {GridSideType.BUY: 0, GridSideType.WAIT: 1, GridSideType.SELL: 2}
    ranks = [order[side] for side in sides]
    return ranks[0] == 0 and ranks[-1] == 2 and ranks == sorted(ranks)


def parse_rows(
    rows: object, config: GridConfig, instrument: Instrument
) -> tuple[list[int], list[GridSideType]]:
    """Parse saved levels [{side, price}...]; GridError says why they cannot be used (rule 14).

    Accepted: parseable, positive, ascending, on tick, of the right count. The order of the sides is
    never a reason to refuse; an unknown side text is.
    """
    if not isinstance(rows, Sequence) or isinstance(rows, str | bytes):
        raise GridError(f"expected a list of levels, found {type(rows).__name__}")
    levels: list[int] = []
    sides: list[GridSideType] = []
    for row in rows:
        if not isinstance(row, Mapping) or "side" not in row or "price" not in row:
            raise GridError(f"expected a level with side and price, found {row!r}")
        try:
            sides.append(GridSideType(row["side"]))
            levels.append(instrument.to_ticks(str(row["price"])))
        except (ValueError, InstrumentError) as error:
            raise GridError(f"level {row!r}: {error}") from error
    if not levels:
        raise GridError("expected levels, found none")
    _check(levels, config.level_count, spacing=1)
    return levels, sides


class Grid:
    """The levels in force, the price they were built around, and the way to move them."""

    __slots__ = ("anchor", "config", "levels", "step")

    def __init__(self, config: GridConfig) -> None:
        self.config = config
        self.step = step_ratio(config)
        self.levels: list[int] = []
        self.anchor: Price | None = None

    def build(self, center: Price) -> None:
        """Replace all levels by new ones around `center`; GridError leaves them as they were."""
        self.levels = build_levels(center, self.config)
        self.anchor = round(center)

    def restore(self, levels: Sequence[int], anchor: Price | None) -> None:
        """Take saved levels; GridError if they break an invariant."""
        _check(levels, self.config.level_count, spacing=1)
        self.levels = list(levels)
        self.anchor = anchor

    def shift_up(self) -> tuple[int, int]:
        """Drop the lowest level and add one above the highest: (dropped, added) (G-7, G-8)."""
        numerator, denominator = self.step
        whole = 100 * denominator
        added = _round_ratio(self.levels[-1] * (whole + numerator), whole)
        if added - self.levels[-1] < MIN_SPACING_TICKS:
            raise GridError(f"expected a new top level above {self.levels[-1]}, found {added}")
        dropped = self.levels.pop(0)
        self.levels.append(added)
        return dropped, added

    def shift_down(self) -> tuple[int, int]:
        """Drop the highest level and add one below the lowest: (dropped, added) (G-7)."""
        numerator, denominator = self.step
        whole = 100 * denominator
        added = _round_ratio(self.levels[0] * (whole - numerator), whole)
        if added <= 0 or self.levels[0] - added < MIN_SPACING_TICKS:
            raise GridError(f"expected a new bottom level below {self.levels[0]}, found {added}")
        dropped = self.levels.pop()
        self.levels.insert(0, added)
        return dropped, added

    @property
    def bounds(self) -> tuple[int, int]:
        """Lowest and highest level; GridError when there are none (G-13)."""
        if not self.levels:
            raise GridError("expected a grid with levels, found an empty one")
        return self.levels[0], self.levels[-1]

    def near(self, price: Price) -> list[int]:
        """Levels within a quarter step of `price`, measured at the level (G-6), ascending.

        |level - price| / level * 100 < step / 4, evaluated exactly.
        """
        numerator, denominator = self.step
        factor = 400 * denominator
        position = bisect_left(self.levels, price)
        found: list[int] = []
        index = position - 1
        while index >= 0 and factor * (price - self.levels[index]) < numerator * self.levels[index]:
            found.append(self.levels[index])
            index -= 1
        found.reverse()
        index = position
        while (
            index < len(self.levels)
            and factor * (self.levels[index] - price) < numerator * self.levels[index]
        ):
            found.append(self.levels[index])
            index += 1
        return found


def _round_ratio(numerator: int, denominator: int) -> int:
    """numerator / denominator rounded half-even, for positive whole numbers."""
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient & 1):
        return quotient + 1
    return quotient


def wait_center(levels: Sequence[int], sides: Sequence[GridSideType]) -> Price:
    """Midpoint of the lowest and highest Wait level, else the median level (G-12)."""
    if not levels:
        raise GridError("expected a grid with levels, found an empty one")
    waits = [level for level, side in zip(levels, sides, strict=True) if side is GridSideType.WAIT]
    if waits:
        return _half(waits[0] + waits[-1])
    middle = len(levels) // 2
    if len(levels) % 2:
        return levels[middle]
    return _half(levels[middle - 1] + levels[middle])


def _half(total: int) -> Price:
    return Fraction(total, 2) if total % 2 else total // 2

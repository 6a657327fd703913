"""Two grids without gridcore: the right one in exact numbers, and the recorded one in floats.

The recorded one repeats the old bots with their defects, so that a rule can show that a difference
comes from the defect it names and from nothing else.
"""

from fractions import Fraction
from itertools import pairwise

from bbu_reference.numbers import near_half, near_threshold, near_whole

MIN_SPACING = 2


class RightRefusal(ValueError):
    """The right grid refuses; `kind` is centre, spacing or positive."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class RightGrid:
    """What a grid should do: whole ticks, exact thresholds, edges extended from the edge level.

    `near` says after an operation whether some value came so near to half a tick or to a threshold
    that floats may have decided otherwise.
    """

    def __init__(self, count: int, step: str, threshold: str) -> None:
        self.half = count // 2
        self.step = Fraction(step) / 100
        self.threshold = Fraction(threshold)
        self.levels: list[int] = []
        self.sides: list[str] = []
        self.anchor: Fraction | int | None = None
        self.near = False

    def adopt(self, levels: list[int], sides: list[str], anchor: Fraction | int | None) -> None:
        """Start from a recorded grid."""
        self.levels, self.sides, self.anchor = list(levels), list(sides), anchor
        self.near = False

    def _round(self, value: Fraction) -> int:
        self.near = self.near or near_half(value)
        return round(value)

    def build(self, center: Fraction) -> None:
        """G-2 with every invariant checked before anything is changed."""
        if center <= 0:
            raise RightRefusal("centre")
        middle = self._round(center)
        upper: list[int] = []
        lower: list[int] = []
        above = below = center
        for _ in range(self.half):
            above = Fraction(self._round(above * (1 + self.step)))
            below = Fraction(self._round(below * (1 - self.step)))
            upper.append(int(above))
            lower.append(int(below))
        levels = [*reversed(lower), middle, *upper]
        check(levels)
        self.levels = levels
        self.sides = ["B"] * self.half + ["W"] + ["S"] * self.half
        self.anchor = middle

    def waits(self, level: int, fill: Fraction) -> bool:
        """|level - fill| / level * 100 < step / 4, in exact numbers (G-6)."""
        quarter = self.step / 4
        # The same comparison on whole numbers: fractions would be reduced at every level.
        distance = abs(level * fill.denominator - fill.numerator) * quarter.denominator
        limit = quarter.numerator * level * fill.denominator
        self.near = self.near or near_whole(distance, limit)
        return distance < limit

    def update(self, fill: Fraction | None, last: Fraction | None) -> None:
        """G-5 to G-7, the new level computed from the edge of the grid."""
        self.near = False
        if fill is None or last is None:
            return
        if not self.levels or not self.levels[0] < last < self.levels[-1]:
            self.build(last)
        for index, level in enumerate(self.levels):
            if self.waits(level, fill):
                self.sides[index] = "W"
            elif last != level:
                self.sides[index] = "S" if last < level else "B"
        self._shift()

    def _shift(self) -> None:
        """At most one level, when one side outweighs the other (G-7); refused as a whole."""
        buys, sells = self.sides.count("B"), self.sides.count("S")
        if not buys + sells:
            return
        excess = Fraction(buys - sells, buys + sells)
        self.near = self.near or near_threshold(abs(excess), self.threshold)
        if excess > self.threshold:
            levels = [*self.levels[1:], self._round(self.levels[-1] * (1 + self.step))]
            sides = [*self.sides[1:], "S"]
        elif -excess > self.threshold:
            levels = [self._round(self.levels[0] * (1 - self.step)), *self.levels[:-1]]
            sides = ["B", *self.sides[:-1]]
        else:
            return
        check(levels)
        self.levels, self.sides = levels, sides


def check(levels: list[int]) -> None:
    """Raise RightRefusal unless levels are positive and at least two ticks apart."""
    if levels[0] <= 0:
        raise RightRefusal("positive")
    if any(upper - lower < MIN_SPACING for lower, upper in pairwise(levels)):
        raise RightRefusal("spacing")


def is_correct(prices: list[Fraction], sides: str) -> bool:
    """The recorded predicate of G-10: ascending prices and tags Buy+ Wait* Sell+."""
    ascending = all(lower < upper for lower, upper in pairwise(prices))
    stripped = sides.lstrip("B").lstrip("W").lstrip("S")
    return bool(sides) and ascending and sides[0] == "B" and sides[-1] == "S" and not stripped


class RecordedGrid:
    """The old grid in floats, defects included (G-1 to G-9)."""

    def __init__(self, tick: str, count: int, step: str, threshold: str) -> None:
        self.tick = float(tick)
        self.half = count // 2
        self.step = float(step)
        self.threshold = float(threshold)
        self.prices: list[float] = []
        self.sides: list[str] = []
        self.anchor: float | None = None

    def adopt(self, prices: list[float], sides: list[str], anchor: float | None) -> None:
        """Start from a known grid."""
        self.prices, self.sides, self.anchor = list(prices), list(sides), anchor

    def _round(self, price: float) -> float:
        return float(f"{round(price / self.tick) * self.tick:.10f}")

    def build(self, center: float | None) -> None:
        """Levels first, then the complaint about duplicates (G-3)."""
        if not center:
            return
        upper: list[float] = []
        lower: list[float] = []
        above = below = center
        for _ in range(self.half):
            above = self._round(above * (1 + self.step / 100))
            below = self._round(below * (1 - self.step / 100))
            upper.append(above)
            lower.append(below)
        self.anchor = self._round(center)
        self.prices = [*reversed(lower), self.anchor, *upper]
        self.sides = ["B"] * self.half + ["W"] + ["S"] * self.half
        if len(set(self.prices)) < len(self.prices):
            raise ValueError("duplicate prices")

    def update(self, fill: float | None, last: float | None) -> None:
        """G-5 to G-8."""
        if fill is None or last is None:
            return
        if not self.prices or not min(self.prices) < last < max(self.prices):
            self.build(last)
        for index, level in enumerate(self.prices):
            if level and self.step and abs(level - fill) / level * 100 < self.step / 4:
                self.sides[index] = "W"
            elif last < level:
                self.sides[index] = "S"
            elif last > level:
                self.sides[index] = "B"
        self._rebalance()

    def _rebalance(self) -> None:
        buys, sells = self.sides.count("B"), self.sides.count("S")
        total = buys + sells
        if not total:
            return
        if (buys - sells) / total > self.threshold:
            highest = 0.0
            for price, side in zip(self.prices, self.sides, strict=True):
                if side == "S":
                    highest = price
            self.prices = [*self.prices[1:], self._round(highest * (1 + self.step / 100))]
            self.sides = [*self.sides[1:], "S"]
        elif (sells - buys) / total > self.threshold:
            below = [p for p, side in zip(self.prices, self.sides, strict=True) if side == "B"]
            lowest = min(below) if below else self.prices[0]
            self.prices = [self._round(lowest * (1 - self.step / 100)), *self.prices[:-1]]
            self.sides = ["B", *self.sides[:-1]]

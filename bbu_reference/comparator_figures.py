"""Figures of numbers in fractions: means, medians, deviations, correlation, without the comparator.

Where the recorded figure was another, the rule whose recorded behaviour is asked for decides.
"""

from collections.abc import Collection, Iterable, Sequence
from decimal import Context, Decimal
from fractions import Fraction

from bbu_reference.comparator_rules import TWO_MEDIANS
from bbu_reference.framework import Rule

SPIKE = Fraction(3, 10)
_DEEP = Context(prec=60)
Old = Collection[Rule]
"""The rules whose recorded behaviour is asked for."""
Figures = dict[str, Fraction]


def mean(values: Sequence[Fraction]) -> Fraction:
    """The mean; 0 of nothing."""
    return total(values) / len(values) if values else Fraction(0)


def median(values: Sequence[Fraction]) -> Fraction:
    """The middle value, or the mean of the middle two."""
    ordered, half = sorted(values), len(values) // 2
    if not ordered:
        return Fraction(0)
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def robust(family: str, values: Sequence[Fraction], old: Old) -> Figures:
    """The six figures of a family of deltas, by name; the median as `old` has it."""
    ordered = sorted(values)
    if not ordered:
        return dict.fromkeys(robust_names(family), Fraction(0))
    middle = ordered[len(ordered) // 2] if TWO_MEDIANS in old else median(ordered)
    centre = mean(ordered)
    figures = (
        middle,
        ordered[min(len(ordered) * 95 // 100, len(ordered) - 1)],
        root(mean([(value - centre) ** 2 for value in ordered])),
        ordered[-1] - middle,
        Fraction(sum(value > SPIKE for value in ordered)),
        Fraction(sum(value > 3 * middle for value in ordered) if middle else 0),
    )
    return dict(zip(robust_names(family), figures, strict=True))


def robust_names(family: str) -> tuple[str, ...]:
    """Under which names the six figures are kept."""
    return (
        *(f"{family}_{kind}_abs_delta" for kind in ("median", "p95", "std")),
        f"{family}_spike_intensity",
        f"{family}_spike_count_30c",
        f"{family}_spike_count_relative_3",
    )


def pearson(first: Sequence[Fraction], second: Sequence[Fraction]) -> Fraction:
    """The coefficient of correlation; 0 for fewer than two points or without variance."""
    mine, theirs = mean(first), mean(second)
    spread = total((x - mine) ** 2 for x in first) * total((y - theirs) ** 2 for y in second)
    if len(first) < 2 or not spread:
        return Fraction(0)
    return total((x - mine) * (y - theirs) for x, y in zip(first, second, strict=True)) / root(
        spread
    )


def root(value: Fraction) -> Fraction:
    """The square root, to 60 digits."""
    quotient = _DEEP.divide(Decimal(value.numerator), Decimal(value.denominator))
    return Fraction(_DEEP.sqrt(quotient))


def total(values: Iterable[Fraction]) -> Fraction:
    """The sum; 0 of nothing."""
    return sum(values, Fraction(0))


def share(part: int, whole: int) -> Fraction:
    """A part of a whole; 0 of nothing."""
    return Fraction(part, whole) if whole else Fraction(0)

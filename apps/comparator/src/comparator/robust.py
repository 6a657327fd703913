"""Figures of many deltas: mean, median, percentile, deviation, spikes, correlation (C-5, C-6).

It knows numbers only. There is one median, the averaging one.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import mul
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from comparator.exact import ExactColumn, decimal_of

Number = TypeVar("Number", int, Decimal)
_ZERO = Decimal(0)
SPIKE = Decimal("0.30")
"""A delta beyond 30 cents is a spike (C-6)."""
SPIKE_TIMES = 3
"""So is one beyond three times the median."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The size of deltas: exact, all 0 when there is none."""

    count: int
    mean: Decimal
    median: Decimal
    maximum: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Robust:
    """How deltas are distributed, of their magnitudes; all 0 when there is none.

    `median` averages the middle two; `p95` is the delta at place int(0.95 n); `std` the deviation
    of the whole population; `spike_intensity` the largest minus the median; the counts are of
    deltas above 0.30 and above three times the median (0 when that is 0).
    """

    median: Decimal
    p95: Decimal
    std: Decimal
    spike_intensity: Decimal
    spike_count_30c: int
    spike_count_relative_3: int


def spread_of(magnitudes: ExactColumn) -> Spread:
    """Mean, median and maximum of numbers of 0 or more."""
    count = len(magnitudes)
    if not count:
        return Spread(count=0, mean=_ZERO, median=_ZERO, maximum=_ZERO)
    return Spread(
        count=count,
        mean=magnitudes.total() / count,
        median=median_of(magnitudes),
        maximum=decimal_of(int(magnitudes.units.max()), magnitudes.places),
    )


def robust_of(magnitudes: ExactColumn) -> Robust:
    """The distribution of numbers of 0 or more (C-6, with the one median)."""
    count, places = len(magnitudes), magnitudes.places
    if not count:
        return Robust(
            median=_ZERO,
            p95=_ZERO,
            std=_ZERO,
            spike_intensity=_ZERO,
            spike_count_30c=0,
            spike_count_relative_3=0,
        )
    units = np.sort(magnitudes.units)
    twice = _twice_median(units)
    median = decimal_of(twice, places) / 2
    return Robust(
        median=median,
        p95=decimal_of(int(units[min(count * 95 // 100, count - 1)]), places),
        std=deviation_of(magnitudes),
        spike_intensity=decimal_of(int(units[-1]), places) - median,
        spike_count_30c=int(np.sum(units > _floor_units(SPIKE, places))),
        # u > 3 * twice / 2 over whole numbers is u > floor(3 * twice / 2).
        spike_count_relative_3=int(np.sum(units > SPIKE_TIMES * twice // 2)) if twice else 0,
    )


def median_of(magnitudes: ExactColumn) -> Decimal:
    """The middle number, the mean of the middle two of an even count; 0 when there is none."""
    if not len(magnitudes):
        return _ZERO
    return decimal_of(_twice_median(np.sort(magnitudes.units)), magnitudes.places) / 2


def deviation_of(column: ExactColumn) -> Decimal:
    """Standard deviation of the whole population, to 28 digits; 0 when there is none."""
    count = len(column)
    if not count:
        return _ZERO
    units = column.units.tolist()
    total = sum(units)
    squares = sum(map(mul, units, units))
    return decimal_of(1, column.places) * Decimal(count * squares - total * total).sqrt() / count


def correlation_of(first: Sequence[Number], second: Sequence[Number]) -> float:
    """Pearson's coefficient; 0 for fewer than two points and where one side does not vary (C-5)."""
    if len(first) < 2:
        return 0.0
    mine, theirs = _centred(first), _centred(second)
    scale = math.sqrt(float(mine @ mine) * float(theirs @ theirs))
    return max(-1.0, min(1.0, float(mine @ theirs) / scale)) if scale else 0.0


def robust_rows(family: str, robust: Robust) -> Iterator[tuple[str, Decimal | int]]:
    """The six rows of a family of deltas under their names (13.3)."""
    yield f"{family}_median_abs_delta", robust.median
    yield f"{family}_p95_abs_delta", robust.p95
    yield f"{family}_std_abs_delta", robust.std
    yield f"{family}_spike_intensity", robust.spike_intensity
    yield f"{family}_spike_count_30c", robust.spike_count_30c
    yield f"{family}_spike_count_relative_3", robust.spike_count_relative_3


def _twice_median(ascending: NDArray[Any]) -> int:
    count = len(ascending)
    return int(ascending[(count - 1) // 2]) + int(ascending[count // 2])


def _centred(numbers: Sequence[Number]) -> NDArray[np.float64]:
    """Numbers less their mean; less their first before, exactly, so that floats lose nothing."""
    first = numbers[0]
    shifted = np.array([float(number - first) for number in numbers])
    return np.asarray(shifted - shifted.mean() if shifted.any() else shifted)


def _floor_units(value: Decimal, places: int) -> int:
    return math.floor(value.scaleb(places))

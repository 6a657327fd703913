"""Equity over time, live and of the backtest, compared where both are known (C-7).

Cash is not equity: two curves of different bases are refused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from comparator.exact import ExactColumn, decimal_of
from comparator.robust import correlation_of, spread_of
from gridcore.clock import HOUR_US, Instant

INTERVAL_US = HOUR_US


class Basis(StrEnum):
    """What a curve counts."""

    EQUITY = "equity"
    """Cash and the unrealised profit of all positions."""
    CASH = "cash"
    """The wallet balance alone."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EquityCurve:
    """Amounts in quote currency at ascending times (microseconds, several may be equal)."""

    basis: Basis
    at: NDArray[np.int64]
    amount: ExactColumn

    @classmethod
    def of(cls, points: Iterable[tuple[Instant, Decimal]], basis: Basis) -> "EquityCurve":
        """A curve of points in any order; of points of one time the one given last counts."""
        taken = sorted(points, key=lambda point: point[0])
        return cls(
            basis=basis,
            at=np.array([at for at, _ in taken], dtype=np.int64),
            amount=ExactColumn.of((amount for _, amount in taken), "equity"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityPoint:
    """One bucket: the last amount of each side in it, None where a side has none."""

    start: Instant
    live: Decimal | None
    backtest: Decimal | None

    @property
    def divergence(self) -> Decimal | None:
        """Backtest minus live; None where one is unknown."""
        if self.live is None or self.backtest is None:
            return None
        return self.backtest - self.live


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityDivergence:
    """How far the curves are apart in the buckets that both have: all 0 when there is none."""

    basis: Basis
    buckets: int
    maximum: Decimal
    mean: Decimal
    correlation: float


def resample(
    live: EquityCurve, backtest: EquityCurve, interval_us: int = INTERVAL_US
) -> list[EquityPoint]:
    """The last amount of every bucket of time that has one, from the earliest point of both.

    ValueError for curves of different bases and for an interval that is not positive.
    """
    if live.basis is not backtest.basis:
        raise ValueError(
            f"expected two curves of one basis, found live {live.basis} and backtest "
            f"{backtest.basis}; cash lacks the unrealised profit that equity has"
        )
    if interval_us <= 0:
        raise ValueError(f"expected an interval above 0, found {interval_us}")
    firsts = [int(curve.at[0]) for curve in (live, backtest) if len(curve.at)]
    if not firsts:
        return []
    origin = min(firsts)
    mine = _last_of_buckets(live, origin, interval_us)
    theirs = _last_of_buckets(backtest, origin, interval_us)
    return [
        EquityPoint(
            start=Instant(origin + number * interval_us),
            live=mine.get(number),
            backtest=theirs.get(number),
        )
        for number in sorted({*mine, *theirs})
    ]


def divergence_of(points: Sequence[EquityPoint], basis: Basis) -> EquityDivergence:
    """Largest and mean distance and the correlation, over the points that both sides have."""
    both = [
        (point.live, point.backtest)
        for point in points
        if point.live is not None and point.backtest is not None
    ]
    distances = spread_of(ExactColumn.wide((abs(b - a) for a, b in both), "divergence"))
    return EquityDivergence(
        basis=basis,
        buckets=len(both),
        maximum=distances.maximum,
        mean=distances.mean,
        correlation=correlation_of([mine for mine, _ in both], [theirs for _, theirs in both]),
    )


def _last_of_buckets(curve: EquityCurve, origin: int, interval_us: int) -> dict[int, Decimal]:
    numbers = (curve.at - origin) // interval_us
    last = np.flatnonzero(np.append(numbers[1:] != numbers[:-1], True))[: len(numbers)]
    places = curve.amount.places
    return {
        number: decimal_of(unit, places)
        for number, unit in zip(
            numbers[last].tolist(), curve.amount.units[last].tolist(), strict=True
        )
    }

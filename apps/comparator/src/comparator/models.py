"""Which fill model explains a recording best: several backtests against the same live fills.

It knows counts and times of fills; not how a model fills.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from comparator.fills import FillTable
from comparator.matching import CAP_US, Matching


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFit:
    """How one model's fills stand to the live ones.

    `both` fills happened on both sides, `live_only` and `backtest_only` on one: the confusion
    matrix, whose fourth field (orders that filled on neither) nobody counts. `error_us` is the mean
    distance in time over all of them, where a fill alone counts with the cap (18.1, 18.7);
    `qty_error` the mean |quantity| by which pairs differ.
    """

    name: str
    both: int
    live_only: int
    backtest_only: int
    error_us: Decimal
    qty_error: Decimal


def fit_of(
    name: str, live: FillTable, backtest: FillTable, matching: Matching, cap_us: int = CAP_US
) -> ModelFit:
    """The fit of one model; without any fill its errors are 0."""
    pairs, alone = len(matching.live), len(matching.live_only) + len(matching.backtest_only)
    apart = np.abs(backtest.columns.at[matching.backtest] - live.columns.at[matching.live])
    qty = backtest.columns.qty.take(matching.backtest).minus(live.columns.qty.take(matching.live))
    cost = sum(np.minimum(apart, cap_us).tolist()) + cap_us * alone
    return ModelFit(
        name=name,
        both=pairs,
        live_only=len(matching.live_only),
        backtest_only=len(matching.backtest_only),
        error_us=Decimal(cost) / max(pairs + alone, 1),
        qty_error=qty.magnitudes().total() / max(pairs, 1),
    )


def ranked(fits: Iterable[ModelFit]) -> list[ModelFit]:
    """The best fit first: by the error in time, then by that of quantity, then by name."""
    return sorted(fits, key=lambda fit: (fit.error_us, fit.qty_error, fit.name))


def best_fit(fits: Iterable[ModelFit]) -> ModelFit | None:
    """The model that explains the recording best; None without models."""
    return next(iter(ranked(fits)), None)

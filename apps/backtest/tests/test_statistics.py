import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.statistics import (
    annual_return_pct,
    calmar_ratio,
    exposure_of,
    hourly_returns,
    sharpe_ratio,
    sortino_ratio,
)
from gridcore.clock import DAY_US, HOUR_US, MINUTE_US

START = 1_767_229_200_000_000


def curve(*equity: float, start: int = START) -> tuple[Any, Any]:
    at = np.asarray([start + hour * HOUR_US for hour in range(len(equity))], dtype=np.int64)
    return at, np.asarray([round(value * 1e8) for value in equity], dtype=np.int64)


def test_sharpe_of_a_known_curve_is_its_mean_over_its_sample_deviation_annualised() -> None:
    """Returns 1 %, -1 %, 2 %: mean 0.00666667, sample deviation 0.01527525, sqrt(8766 hours)."""
    returns = hourly_returns(*curve(100, 101, 99.99, 101.9898))

    assert returns == pytest.approx([0.01, -0.01, 0.02])
    assert sharpe_ratio(returns) == pytest.approx(40.8621, abs=1e-3)


def test_sortino_of_a_known_curve_counts_only_losses_in_its_deviation() -> None:
    """Downside: sqrt(0.01**2 / 3) = 0.00577350."""
    returns = hourly_returns(*curve(100, 101, 99.99, 101.9898))

    assert sortino_ratio(returns) == pytest.approx(108.1110, abs=1e-3)


def test_the_rest_of_an_hour_at_the_end_is_not_annualised_as_an_hour() -> None:
    at, equity = curve(100, 101, 102, 200)
    at[-1] -= HOUR_US // 2

    returns = hourly_returns(at, equity)

    assert returns == pytest.approx([0.01, 1 / 101])


@pytest.mark.parametrize(
    "equity", [(100.0,), (100.0, 101.0), (100.0, 100.0, 100.0, 100.0), (100, 110, 121, 133.1)]
)
def test_sharpe_is_unknown_without_two_different_returns(equity: tuple[float, ...]) -> None:
    """Y-4: no number stands for an undefined ratio; equal returns have no deviation."""
    assert sharpe_ratio(hourly_returns(*curve(*equity))) is None


def test_sortino_is_unknown_without_a_loss() -> None:
    assert sortino_ratio(hourly_returns(*curve(100, 101, 103))) is None


def test_returns_are_unknown_once_equity_is_gone() -> None:
    returns = hourly_returns(*curve(100, 0, 50))

    assert (returns, sharpe_ratio(returns), sortino_ratio(returns)) == (None, None, None)


@given(st.lists(st.floats(50, 150), min_size=3, max_size=30), st.floats(0.5, 20))
def test_ratios_do_not_depend_on_the_size_of_the_account(
    equity: list[float], factor: float
) -> None:
    one = sharpe_ratio(hourly_returns(*curve(*equity)))
    other = sharpe_ratio(hourly_returns(*curve(*(value * factor for value in equity))))

    if one is not None and other is not None:
        assert one == pytest.approx(other, rel=1e-2, abs=1e-2)


def test_annual_return_compounds() -> None:
    """1 % in a tenth of a year: 1.01 ** 10 - 1 = 10.4622 %."""
    tenth = int(365.25 * DAY_US / 10)

    assert annual_return_pct(1.01, tenth) == pytest.approx(10.4622, abs=1e-3)


def test_annual_return_of_a_lost_account_is_minus_everything() -> None:
    assert annual_return_pct(-0.2, DAY_US) == -100


def test_annual_return_beyond_any_number_or_without_duration_is_unknown() -> None:
    assert annual_return_pct(2.0, MINUTE_US) is None
    assert annual_return_pct(1.1, 0) is None


def test_calmar_is_the_annual_return_over_the_deepest_drawdown() -> None:
    assert calmar_ratio(30.0, 12.0) == 2.5
    assert calmar_ratio(30.0, 0.0) is None
    assert calmar_ratio(None, 12.0) is None


def test_exposure_weighs_each_holding_by_its_time(builder: Any) -> None:
    """10 min nothing, 20 min 100 long, 10 min 100 long and 102 short (long valued at 102), 20 flat
    long only 51: worked out by hand over 60 minutes."""
    builder.fill((10, "long", "Buy", "100", "1"))
    builder.fill((30, "short", "Sell", "102", "1"))
    builder.fill((40, "short", "Buy", "102", "1"))

    found = exposure_of(builder.fills, START, START + 60 * MINUTE_US)

    assert found.mean_gross == pytest.approx((20 * 100 + 10 * 204 + 20 * 102) / 60)
    assert found.mean_net == pytest.approx((20 * 100 + 10 * 0 + 20 * 102) / 60)
    assert (found.peak_gross, found.peak_net) == (204.0, 102.0)
    assert found.time_in_market == pytest.approx(50 / 60)


def test_a_leg_closed_in_steps_that_floats_cannot_hold_is_out_of_the_market(builder: Any) -> None:
    builder.fill((0, "long", "Buy", "100", "0.3"))
    for minute in (10, 11, 12):
        builder.fill((minute, "long", "Sell", "100", "0.1"))

    found = exposure_of(builder.fills, START, START + 24 * MINUTE_US)

    assert found.time_in_market == 0.5


def test_exposure_adds_up_over_symbols(builder: Any, new_builder: Any) -> None:
    other = new_builder("ETHUSDT", "other")
    builder.fill((0, "long", "Buy", "100", "1"))
    other.fill((30, "short", "Sell", "60", "1"))

    found = exposure_of([*builder.fills, *other.fills], START, START + 60 * MINUTE_US)

    assert found.mean_gross == pytest.approx((30 * 100 + 30 * 160) / 60)
    assert found.mean_net == pytest.approx((30 * 100 + 30 * 40) / 60)
    assert (found.peak_gross, found.peak_net) == (160.0, 100.0)


def test_a_run_without_fills_has_no_exposure() -> None:
    found = exposure_of([], START, START + HOUR_US)

    assert (found.mean_gross, found.time_in_market) == (0.0, 0.0)
    assert not math.isnan(exposure_of([], START, START).mean_net)

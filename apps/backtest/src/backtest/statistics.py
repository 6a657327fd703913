"""Ratios over an equity curve and over time, in float64; no order decision comes out of them."""

import math
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from backtest.outcome import Fill
from gridcore.clock import DAY_US, HOUR_US
from gridcore.message import message
from gridcore.sides import BUY, LONG

YEAR_DAYS = 365.25
HOURS_PER_YEAR = YEAR_DAYS * 24
_ZERO = Decimal(0)


def hourly_returns(at: NDArray[np.int64], equity: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Simple returns between whole UTC hours; None where equity is gone and no return exists.

    Takes the forward-filled hourly curve of a run (int64 microseconds, int64 money units). The
    rest of an hour at the run's end is left out: a shorter period cannot be annualised like the
    others (Y-4 [REC]).
    """
    whole = equity[at % HOUR_US == 0].astype(np.float64)
    if np.any(whole <= 0):
        return None
    return np.asarray(whole[1:] / whole[:-1] - 1.0, dtype=np.float64)


def sharpe_ratio(returns: NDArray[np.float64] | None) -> float | None:
    """Mean / sample deviation of hourly returns, times sqrt(365.25 * 24); None when undefined."""
    if returns is None or returns.size < 2:
        return None
    deviation = float(np.std(returns, ddof=1))
    return _annualised(float(np.mean(returns)), deviation)


def sortino_ratio(returns: NDArray[np.float64] | None) -> float | None:
    """Mean / root mean square of the negative hourly returns, annualised; None without losses."""
    if returns is None or returns.size < 2:
        return None
    downside = math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2)))
    return _annualised(float(np.mean(returns)), downside)


def _annualised(mean: float, deviation: float) -> float | None:
    # Equal returns differ in their last bits; a deviation of that size is none.
    if deviation <= 1e-15 + 1e-9 * abs(mean):
        return None
    return mean / deviation * math.sqrt(HOURS_PER_YEAR)


def annual_return_pct(growth: float, duration_us: int) -> float | None:
    """Compound annual return in percent of a growth factor (1.01: one percent gained).

    -100 when everything is lost; None for a run without duration or beyond what a float holds.
    """
    if duration_us <= 0:
        return None
    if growth <= 0:
        return -100.0
    exponent = math.log(growth) * YEAR_DAYS * DAY_US / duration_us
    return math.expm1(exponent) * 100 if exponent < 700 else None


def calmar_ratio(annual_pct: float | None, drawdown_pct: float) -> float | None:
    """Annual return / deepest drawdown, both in percent; None without a drawdown."""
    if annual_pct is None or drawdown_pct <= 0:
        return None
    return annual_pct / drawdown_pct


@message
class Exposure:
    """What was held over time. Notionals in quote currency, each leg at its latest fill price."""

    mean_gross: float
    mean_net: float
    peak_gross: float
    peak_net: float
    time_in_market: float
    """Share of the run's time in which any leg was open, 0 to 1."""


class _Holding:
    """Both legs of a symbol: exact sizes, and their gross and net notional as last valued."""

    __slots__ = ("gross", "long", "net", "short")

    def __init__(self) -> None:
        self.long = self.short = _ZERO
        self.gross = self.net = 0.0


def exposure_of(fills: Sequence[Fill], start: int, end: int) -> Exposure:
    """Time-weighted exposure of a run from `start` to `end` (microseconds).

    Gross counts both legs of every symbol, net long minus short; a leg keeps the value that the
    latest fill of its symbol gave it, so the numbers depend on fills alone.
    """
    holdings: dict[str, _Holding] = {}
    gross = net = gross_time = net_time = peak_gross = peak_net = 0.0
    held_us, since = 0, start
    for fill in fills:
        elapsed = fill.at - since
        if elapsed > 0:
            gross_time += gross * elapsed
            net_time += net * elapsed
            held_us += elapsed if gross else 0
            since = fill.at
        holding = holdings.get(fill.symbol)
        if holding is None:
            holding = holdings[fill.symbol] = _Holding()
        _apply(holding, fill)
        if len(holdings) == 1:
            gross, net = holding.gross, holding.net
        else:
            gross = sum(one.gross for one in holdings.values())
            net = sum(one.net for one in holdings.values())
        if gross > peak_gross:
            peak_gross = gross
        if abs(net) > peak_net:
            peak_net = abs(net)
    rest, duration = max(end - since, 0), end - start
    held_us += rest if gross else 0
    if duration <= 0:
        return Exposure(mean_gross=0, mean_net=0, peak_gross=0, peak_net=0, time_in_market=0)
    return Exposure(
        mean_gross=(gross_time + gross * rest) / duration,
        mean_net=(net_time + net * rest) / duration,
        peak_gross=peak_gross,
        peak_net=peak_net,
        time_in_market=held_us / duration,
    )


def _apply(holding: _Holding, fill: Fill) -> None:
    is_long = fill.direction is LONG
    change = fill.qty if is_long is (fill.side is BUY) else -fill.closed_qty
    if is_long:
        holding.long += change
    else:
        holding.short += change
    # Exact sums first: a flat symbol is exactly 0, which float sums would miss.
    price = float(fill.price)
    holding.gross = float(holding.long + holding.short) * price
    holding.net = float(holding.long - holding.short) * price

"""Makes a tape of a synthetic market: the same parameters and seed always give the same tape.

Knows how to draw in chunks, so that any length needs little memory; refuses to know the motion.
"""

from collections.abc import Callable
from decimal import Decimal
from math import log
from pathlib import Path

import numpy as np

from tapes.columns import TickerColumns, TradeColumns
from tapes.compiled import Integers
from tapes.manifest import Gap, TapeHeader
from tapes.synth import steps
from tapes.synth.parameters import DAY_US, MarketParameters
from tapes.tape import Tape
from tapes.units import parse_unit
from tapes.writing import TapeWriter

FUNDING_UNIT = "0.00000001"

# Part of what a seed means: the draws of a chunk are made array by array.
_CHUNK_ROWS = 1 << 16
_YEAR_US = 365.25 * DAY_US
_FAR_FUTURE_US = 2**62
# Variance, activity and spread of calm, normal and wild markets.
_REGIMES = np.array([[0.3, 0.75, 0.7], [0.8, 1.0, 1.0], [2.4, 1.6, 2.0]])

# Hears (done, in all): trades, or microseconds when a duration was asked for.
Progress = Callable[[int, int], None]


def make_tape(
    target: Path,
    parameters: MarketParameters,
    *,
    replace: bool = False,
    on_progress: Progress | None = None,
) -> Tape:
    """Write the synthetic tape and open it; TapeError when it cannot be written."""
    header = TapeHeader(
        symbol=parameters.symbol,
        tick_size=parse_unit(parameters.tick_size, "tick size").text,
        qty_step=parse_unit(parameters.qty_step, "quantity step").text,
        source=f"synthetic market, seed {parameters.seed}, "
        f"volatility {parameters.volatility:g} a year, {parameters.trades_per_second:g} trades/s",
        mark_unit=_mark_unit(parameters.tick_size) if parameters.tickers else None,
        funding_unit=FUNDING_UNIT if parameters.tickers else None,
        synthetic_seed=parameters.seed,
    )
    market = _Market(parameters)
    with TapeWriter(target, header, tickers=parameters.tickers, replace=replace) as writer:
        while market.goes_on():
            market.write_chunk(writer)
            if on_progress is not None:
                on_progress(*market.progress())
        return writer.commit()


def _mark_unit(tick_size: str) -> str:
    tick = parse_unit(tick_size, "tick size").value
    return parse_unit(str(tick / Decimal(steps.MARK_PARTS)), "mark unit").text


class _Market:
    """The state between two chunks."""

    def __init__(self, parameters: MarketParameters) -> None:
        self._parameters = parameters
        self._random = np.random.default_rng(parameters.seed)
        self._rates = _rates(parameters)
        rhythm = np.array(parameters.rhythm)
        self._rhythm = rhythm / rhythm.mean()
        factors = _REGIMES.copy()
        factors[:, :2] /= factors[:, :2].mean(axis=0)
        self._regimes = factors
        self._floats = np.full(2, log(parameters.price))
        self._whole = np.zeros(7, np.int64)
        self._whole[steps.I_TIME] = parameters.start_us
        self._whole[steps.I_REGIME] = 1
        self._whole[steps.I_SIDE] = 1
        self._whole[steps.I_FUNDING_PERIOD] = -1
        self._rows = 0
        self._ended = False
        duration_us = parameters.duration_us
        self._end_us = _FAR_FUTURE_US if duration_us is None else parameters.start_us + duration_us

    def goes_on(self) -> bool:
        """False when the rows or the time asked for are there."""
        return not self._ended and self._rows != self._parameters.rows

    def progress(self) -> tuple[int, int]:
        """(done, in all) in trades or in microseconds."""
        parameters = self._parameters
        if parameters.rows is not None:
            return self._rows, parameters.rows
        assert parameters.duration_us is not None
        return int(self._whole[steps.I_TIME]) - parameters.start_us, parameters.duration_us

    def write_chunk(self, writer: TapeWriter) -> None:
        """Draw one chunk, walk it and write what came of it."""
        draws = _CHUNK_ROWS
        waits = self._random.exponential(size=draws)
        uniforms = self._random.random((draws, steps.UNIFORMS))
        normals = self._random.standard_normal((draws, steps.NORMALS))
        if self._parameters.rows is not None:
            draws = min(draws, self._parameters.rows - self._rows)
        trades = np.empty((5, draws), np.int64)
        tickers = np.empty((7, draws), np.int64)
        gaps = np.empty((draws, 2), np.int64)
        interval_us = self._parameters.ticker_interval_us if self._parameters.tickers else 0
        trade_count, ticker_count, gap_count = steps.walk_market(
            self._rates,
            self._rhythm,
            self._regimes,
            waits[:draws],
            uniforms[:draws],
            normals[:draws],
            self._end_us,
            interval_us,
            self._floats,
            self._whole,
            trades,
            tickers,
            gaps,
        )
        self._ended = trade_count < draws
        self._rows += trade_count
        writer.add_trades(_trade_columns(trades[:, :trade_count], interval_us > 0))
        if interval_us > 0:
            writer.add_tickers(_ticker_columns(tickers[:, :ticker_count]))
        for start_us, end_us in gaps[:gap_count]:
            if end_us < self._end_us:
                gap = Gap(start_us=int(start_us), end_us=int(end_us), reason="synthetic outage")
                writer.declare_gap(gap)


def _rates(parameters: MarketParameters) -> Integers:
    rates = np.zeros(steps.PARAMETERS)
    share = parameters.same_time_share
    rates[steps.P_WAIT_US] = 1e6 / parameters.trades_per_second / (1 - share)
    rates[steps.P_SAME_TIME] = share
    rates[steps.P_VARIANCE] = parameters.volatility**2 / _YEAR_US
    rates[steps.P_REGIME] = 1 / (parameters.regime_hours * 3.6e9)
    rates[steps.P_JUMP] = parameters.jumps_per_day / DAY_US
    rates[steps.P_JUMP_SIZE] = parameters.jump_size
    rates[steps.P_GAP] = parameters.gaps_per_day / DAY_US
    rates[steps.P_GAP_US] = parameters.gap_minutes * 6e7
    rates[steps.P_SPREAD] = parameters.spread_ticks_mean
    rates[steps.P_SIZE] = parameters.size_median / float(parameters.qty_step)
    rates[steps.P_SIZE_SPREAD] = parameters.size_spread
    rates[steps.P_FUNDING] = parameters.funding_rate_mean / float(FUNDING_UNIT)
    rates[steps.P_TICK] = float(parameters.tick_size)
    return rates


def _trade_columns(table: Integers, with_seq: bool) -> TradeColumns:
    return TradeColumns(
        time=table[0],
        price=table[1],
        size=table[2],
        side=table[3].astype(np.int8),
        seq=table[4] if with_seq else None,
    )


def _ticker_columns(table: Integers) -> TickerColumns:
    return TickerColumns(
        time=table[0],
        seq=table[1],
        last=table[2],
        bid=table[3],
        ask=table[4],
        mark=table[5],
        funding=table[6],
    )

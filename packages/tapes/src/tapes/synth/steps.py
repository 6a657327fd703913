"""The synthetic market's motion, trade by trade, as one compiled loop over drawn random numbers.

Knows regimes, jumps, quiet hours and outages; refuses to draw random numbers itself. Floats are
allowed here: they make a market, they do not account for one.
"""

import math

import numpy as np

from tapes.compiled import Integers, compiled

# The place of each number in a row of uniform and of normal draws.
U_SAME_TIME, U_REGIME, U_NEXT_REGIME, U_GAP, U_GAP_LENGTH, U_JUMP, U_SIDE, U_SPREAD = range(8)
N_MOVE, N_JUMP, N_SIZE, N_FUNDING = range(4)
UNIFORMS, NORMALS = 8, 4

# State that floats: time inside the state is whole microseconds and kept with the integers.
F_LOG_MID, F_LOG_MARK = 0, 1
I_TIME, I_REGIME, I_SIDE, I_SEQ, I_LAST_TICKER, I_FUNDING, I_FUNDING_PERIOD = range(7)

# Rates, per microsecond where they are rates of time.
(
    P_WAIT_US,
    P_SAME_TIME,
    P_VARIANCE,
    P_REGIME,
    P_JUMP,
    P_JUMP_SIZE,
    P_GAP,
    P_GAP_US,
    P_SPREAD,
    P_SIZE,
    P_SIZE_SPREAD,
    P_FUNDING,
    P_TICK,
) = range(13)
PARAMETERS = 13

# Calm, normal and wild markets: their volatility, activity and width of the spread. The factors are
# scaled by the caller so that a market keeps its volatility over time.
REGIMES = 3
_FUNDING_PERIOD_US = 8 * 3_600_000_000
_HOUR_US = 3_600_000_000
_FUNDING_NOISE = 5_000.0
_FUNDING_MAX = 300_000.0
_SIZE_MAX = 1e8
# The mark follows the mid with a lag of some ten seconds.
_MARK_LAG_US = 10_000_000.0
MARK_PARTS = 10
_PRICE_TICKS_MIN = 2


@compiled
def walk_market(
    parameters: Integers,
    rhythm: Integers,
    regimes: Integers,
    waits: Integers,
    uniforms: Integers,
    normals: Integers,
    end_us: int,
    ticker_interval_us: int,
    floats: Integers,
    whole: Integers,
    trades: Integers,
    tickers: Integers,
    gaps: Integers,
) -> tuple[int, int, int]:
    """Fill trades (time, price, size, side, seq), tickers (time, seq, last, bid, ask, mark,
    funding) and gaps (start, end) with one row for each draw, until the draws or the time end.

    `regimes` has a row for each: variance factor, activity, spread factor. Without tickers their
    interval is 0. Returns how many (trades, tickers, gaps) were filled.
    """
    ticker_count, gap_count = 0, 0
    for row in range(len(waits)):
        before_us = whole[I_TIME]
        regime = whole[I_REGIME]
        hour = (before_us // _HOUR_US) % 24
        activity = rhythm[hour] * regimes[regime, 1]
        wait_us = 0.0
        if uniforms[row, U_SAME_TIME] >= parameters[P_SAME_TIME]:
            wait_us = waits[row] * parameters[P_WAIT_US] / activity
        if uniforms[row, U_GAP] < wait_us * parameters[P_GAP]:
            length = -math.log(1.0 - uniforms[row, U_GAP_LENGTH]) * parameters[P_GAP_US]
            wait_us = max(length, 60_000_000.0) + wait_us
            gaps[gap_count, 0] = before_us
            gaps[gap_count, 1] = before_us + np.int64(wait_us)
            gap_count += 1
        time_us = before_us + np.int64(wait_us)
        if time_us >= end_us:
            return row, ticker_count, gap_count
        if uniforms[row, U_REGIME] < wait_us * parameters[P_REGIME]:
            whole[I_REGIME] = min(np.int64(uniforms[row, U_NEXT_REGIME] * REGIMES), REGIMES - 1)
        variance = parameters[P_VARIANCE] * regimes[regime, 0] * rhythm[hour] * wait_us
        floats[F_LOG_MID] += math.sqrt(variance) * normals[row, N_MOVE] - 0.5 * variance
        if uniforms[row, U_JUMP] < wait_us * parameters[P_JUMP]:
            floats[F_LOG_MID] += parameters[P_JUMP_SIZE] * normals[row, N_JUMP]
        mid = math.exp(floats[F_LOG_MID]) / parameters[P_TICK]
        extra = (parameters[P_SPREAD] - 1.0) * regimes[regime, 2]
        spread = 1 + int(-math.log(1.0 - uniforms[row, U_SPREAD]) * extra)
        bid = max(int(mid - 0.5 * (spread - 1)), _PRICE_TICKS_MIN)
        ask = bid + spread
        # Takers come in streaks: an order is often one of several on the same side.
        if uniforms[row, U_SIDE] < 0.35:
            whole[I_SIDE] = -whole[I_SIDE]
        side = whole[I_SIDE]
        price = ask if side > 0 else bid
        size = parameters[P_SIZE] * math.exp(parameters[P_SIZE_SPREAD] * normals[row, N_SIZE])
        whole[I_TIME] = time_us
        trades[0, row], trades[1, row] = time_us, price
        trades[2, row] = max(np.int64(min(size, _SIZE_MAX)), 1)
        trades[3, row], trades[4, row] = side, whole[I_SEQ]
        whole[I_SEQ] += 1
        share = 1.0 - math.exp(-wait_us / _MARK_LAG_US)
        floats[F_LOG_MARK] += (floats[F_LOG_MID] - floats[F_LOG_MARK]) * share
        if ticker_interval_us > 0:
            period = time_us // _FUNDING_PERIOD_US
            if period != whole[I_FUNDING_PERIOD]:
                rate = parameters[P_FUNDING] + _FUNDING_NOISE * normals[row, N_FUNDING]
                whole[I_FUNDING] = np.int64(min(max(rate, -_FUNDING_MAX), _FUNDING_MAX))
                whole[I_FUNDING_PERIOD] = period
            if time_us - whole[I_LAST_TICKER] >= ticker_interval_us:
                mark = math.exp(floats[F_LOG_MARK]) / parameters[P_TICK] * MARK_PARTS
                tickers[0, ticker_count], tickers[1, ticker_count] = time_us, whole[I_SEQ]
                tickers[2, ticker_count] = price
                tickers[3, ticker_count], tickers[4, ticker_count] = bid, ask
                tickers[5, ticker_count] = max(np.int64(mark + 0.5), 1)
                tickers[6, ticker_count] = whole[I_FUNDING]
                whole[I_LAST_TICKER] = time_us
                whole[I_SEQ] += 1
                ticker_count += 1
    return len(waits), ticker_count, gap_count

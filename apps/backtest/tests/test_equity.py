"""The curve against a row-by-row computation in Decimals and Fractions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appkit.exits import RunFailed
from backtest.equity import MAX_CURVE_POINTS, Curve, EquityCurve, MarkColumn, line, mark_column
from backtest.outcome import MONEY_UNIT
from backtest.runner import Run
from backtest.wiring import RunPlan
from gridcore.clock import HOUR_US, SECOND_US, Instant
from gridcore.instrument import Steps
from gridcore.pnl import fill_leg
from gridcore.sides import DirectionType
from simvenue import LegState
from tapes import Tape
from tapes.scan import ScanIndex

START = Instant(1_767_229_200_000_000)  # 2026-01-01 01:00 UTC
INITIAL = Decimal(1000)
STEP = Decimal("0.001")
UNIT = Decimal("0.1")
MakeTape = Callable[..., Tape]
Leg = tuple[int, Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the curve asks of the venue: cash, and (size, entry) of both legs by symbol."""

    wallet: Decimal
    positions: dict[str, tuple[Leg, Leg]]

    def legs(self, symbol: str) -> tuple[LegState, LegState]:
        long, short = self.positions[symbol]
        return (
            LegState(direction=DirectionType.LONG, size=Steps(long[0]), entry=long[1]),
            LegState(direction=DirectionType.SHORT, size=Steps(short[0]), entry=short[1]),
        )

    def equity(self, prices: dict[str, int]) -> int:
        """Cash and unrealised profit at prices in ticks, in units of 1e-8."""
        total = self.wallet
        for symbol, (long, short) in self.positions.items():
            price = UNIT * prices[symbol]
            if long[1] is not None:
                total += STEP * long[0] * (price - long[1])
            if short[1] is not None:
                total += STEP * short[0] * (short[1] - price)
        return round(total * 10**8)


FLAT: tuple[Leg, Leg] = ((0, None), (0, None))
EMPTY = Account(wallet=INITIAL, positions={"A": FLAT, "B": FLAT})


def column(symbol: str, times: Sequence[int], values: Sequence[int]) -> MarkColumn:
    return MarkColumn(
        symbol=symbol,
        times=np.asarray(times, dtype=np.int64),
        index=ScanIndex.build(np.asarray(values, dtype=np.int64)),
        unit=UNIT,
        qty_step=STEP,
    )


def naive_drawdown(points: Sequence[tuple[int, int]]) -> tuple[int, Fraction, int]:
    """(deepest amount, deepest part of the peak in force, longest time below a peak)."""
    peak_at, peak = points[0]
    amount, ratio, longest = 0, Fraction(0), 0
    for at, equity in points:
        if equity >= peak:
            if amount_open := peak_at:
                longest = max(longest, at - amount_open) if below else longest
            peak, peak_at, below = equity, at, False
            continue
        below = True
        amount = max(amount, peak - equity)
        if peak > 0:
            ratio = max(ratio, Fraction(peak - equity, peak))
        longest = max(longest, at - peak_at)
    return amount, ratio, longest


entries = st.decimals("90", "110", places=7)
legs = st.one_of(st.just((0, None)), st.tuples(st.integers(1, 5000), entries))
accounts = st.builds(
    lambda wallet, a, b: Account(wallet=wallet, positions={"A": a, "B": b}),
    st.decimals("500", "2000", places=8),
    st.tuples(legs, legs),
    st.tuples(legs, legs),
)
rows = st.lists(
    st.tuples(st.integers(0, 2 * HOUR_US), st.integers(900, 1100)), min_size=1, max_size=40
).map(sorted)

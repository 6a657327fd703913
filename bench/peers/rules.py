"""The rules of the comparison job, for the programs that are not ours, and the loop that applies
them to every trade. It knows levels and prices in ticks; money is float here, as in the others.

One lot a level. Buys rest below the last filled level and sells above it, as many as there are
lots; an order fills when a trade goes strictly through its level.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Numbers = npt.NDArray[Any]
BUYS, SELLS = 0, 1


class Market(NamedTuple):
    """Trades in time order: microseconds, ticks."""

    times: Numbers
    prices: Numbers


class Terms(NamedTuple):
    """Levels in ticks, the centre's place among them, tick in quote currency, lot in base coin."""

    levels: Numbers
    centre: int
    tick_size: float
    lot: float
    maker_fee: float


def compiled(kernel: Kernel) -> Kernel:
    """Compile a loop on first use."""
    return cast(Kernel, njit(kernel))


@compiled
def trade_through(prices: Numbers, terms: Terms, counts: Numbers) -> tuple[int, float, float]:
    """Play every trade; returns (lots held, cash, fees) and counts buys and sells.

    The level at the centre has no order until another one filled, as the kernel waits there.
    """
    levels = terms.levels
    last = len(levels) - 1
    worth = terms.tick_size * terms.lot
    hole, lots, cash, fees = terms.centre, 0, 0.0, 0.0
    # At first there is nothing to sell, and buys rest on all levels below the highest but one.
    buy, sell = last - 1, last + 1
    waits = terms.centre
    for price in prices:
        if not (buy >= 0 and price < levels[buy]) and not (sell <= last and price > levels[sell]):
            continue
        while buy >= 0 and price < levels[buy]:
            if buy != waits:
                counts[BUYS] += 1
                lots += 1
                cash -= levels[buy] * worth
                fees += levels[buy] * worth * terms.maker_fee
                hole = buy
            buy -= 1
        while sell <= last and price > levels[sell] and lots > 0:
            counts[SELLS] += 1
            lots -= 1
            cash += levels[sell] * worth
            fees += levels[sell] * worth * terms.maker_fee
            hole = sell
            sell += 1
        waits = -1
        buy = hole - 1
        sell = hole + 1 if lots > 0 else last + 1
    return lots, cash, fees


def first_prices(market: Market, rows: int) -> Market:
    """A short beginning, to compile on."""
    return Market(market.times[:rows], market.prices[:rows])


def no_counts() -> Numbers:
    """Buys and sells, none yet."""
    return np.zeros(2, np.int64)

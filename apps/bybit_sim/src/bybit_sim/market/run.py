"""Many rows at once, for the path that does not look at each of them: trades as columns.

It holds numbers; it refuses to know what they cause.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bybit_sim.market.words import MarketRow
from gridcore.clock import Instant

Column = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class TradeRun:
    """Trades in time order: times in us, prices in ticks, sizes in steps, sides +1, -1 or 0."""

    symbol: str
    times: Column
    prices: Column
    qtys: Column
    sides: Column

    def first_at_or_after(self, at: Instant, start: int) -> int:
        """The first trade from `start` on that is not before `at`; their number when none."""
        return max(start, int(self.times.searchsorted(at)))


@dataclass(frozen=True, slots=True)
class Stretch:
    """All rows of all symbols between two that matter.

    `newest`: the last row of each stream, in order of time: those that the venues have to see.
    `runs`: the trades before them. Tickers before them are nowhere: each replaces the last.
    """

    runs: tuple[TradeRun, ...]
    newest: tuple[MarketRow, ...]

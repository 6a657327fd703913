"""Many trades of one symbol as columns, for the path that does not look at each of them.

It holds numbers; it refuses to know what they cause.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from bybit_sim.market.words import TradeRow
from gridcore.clock import Instant


@dataclass(frozen=True, slots=True)
class TradeRun:
    """Trades in time order: times in us, prices in ticks, sizes in steps, sides +1, -1 or 0.

    `newest` is the trade that follows them: the one that the venues have to see.
    """

    symbol: str
    times: Sequence[int]
    prices: Sequence[int]
    qtys: Sequence[int]
    sides: Sequence[int]
    newest: TradeRow

    def first_at_or_after(self, at: Instant, start: int) -> int:
        """The first trade from `start` on that is not before `at`; their number when none."""
        return bisect_left(self.times, at, start)

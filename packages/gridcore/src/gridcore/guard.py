"""The sanity check of a price that a grid is built around: last trade against mark."""

from fractions import Fraction

from gridcore.config import GridConfig
from gridcore.events import Ticker
from gridcore.instrument import Instrument


def last_near_mark(ticker: Ticker, instrument: Instrument, config: GridConfig) -> bool:
    """Whether |last/mark - 1| is within max_last_mark_gap_pct; true when the mark is unknown."""
    mark = ticker.mark
    if mark is None:
        return True
    last = ticker.last
    if isinstance(last, int):
        gap = abs(last * instrument.tick_size - mark)
        return gap * 100 <= config.max_last_mark_gap_pct * mark
    exact_last = last * Fraction(instrument.tick_size)
    exact_mark = Fraction(mark)
    limit = Fraction(config.max_last_mark_gap_pct) * exact_mark
    return abs(exact_last - exact_mark) * 100 <= limit

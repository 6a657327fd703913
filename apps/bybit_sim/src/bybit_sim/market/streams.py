"""The public streams of one symbol: what their subscribers were last told.

It holds them together; it refuses to know markets and subscribers.
"""

from bybit_sim.market.depth import DEPTHS, DepthStream
from bybit_sim.market.facts import SymbolFacts
from bybit_sim.market.kline_stream import KlineStream
from bybit_sim.market.klines import INTERVALS
from bybit_sim.market.ticker_stream import TickerStream


class PublicStreams:
    """One ticker, one book of each depth, candles of each interval."""

    __slots__ = ("depths", "klines", "ticker")

    def __init__(self, facts: SymbolFacts) -> None:
        self.ticker = TickerStream(facts.symbol)
        self.depths = {depth: DepthStream(facts, depth) for depth in DEPTHS}
        self.klines = {interval: KlineStream(facts, interval) for interval in INTERVALS}

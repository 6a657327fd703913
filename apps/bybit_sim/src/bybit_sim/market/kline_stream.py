"""kline.{interval}.{symbol}: candles in progress as they change, and each one's end exactly once.

It writes candles; it refuses to make them.
"""

import orjson

from bybit_sim.exchange.words import PublicFrame
from bybit_sim.market.facts import SymbolFacts
from bybit_sim.market.klines import Candle, candle_end
from bybit_sim.market.texts import Scale
from gridcore.clock import Instant


class KlineStream:
    """One interval of one symbol (bybit.md B.3)."""

    __slots__ = ("_prices", "_sizes", "_told", "_value_unit", "interval", "topic")

    def __init__(self, facts: SymbolFacts, interval: str) -> None:
        self.interval = interval
        self.topic = f"kline.{interval}.{facts.symbol}"
        self._told: Candle | None = None
        self._prices = Scale(facts.instrument.tick_size)
        self._sizes = Scale(facts.instrument.qty_step)
        self._value_unit = facts.instrument.tick_size * facts.instrument.qty_step

    def closed(self, candle: Candle) -> PublicFrame:
        """The last frame of a candle; the caller gives each candle once."""
        return self._frame(candle, candle_end(self.interval, candle.start), confirm=True)

    def current(self, candle: Candle | None, now: Instant, *, fresh: bool) -> PublicFrame | None:
        """The candle in progress when it changed since it was told, or for a `fresh` subscriber."""
        if candle is None or (candle == self._told and not fresh):
            return None
        # The minute in progress is one object that goes on changing.
        self._told = candle.copy()
        return self._frame(candle, now, confirm=False)

    def _frame(self, candle: Candle, at: Instant, *, confirm: bool) -> PublicFrame:
        price = self._prices.text
        element = {
            "start": candle.start // 1000,
            "end": candle_end(self.interval, candle.start) // 1000 - 1,
            "interval": self.interval,
            "open": price(candle.open),
            "close": price(candle.close),
            "high": price(candle.high),
            "low": price(candle.low),
            "volume": self._sizes.text(candle.volume),
            "turnover": format(self._value_unit * candle.value, "f"),
            "confirm": confirm,
            "timestamp": at // 1000,
        }
        frame = {"topic": self.topic, "type": "snapshot", "ts": at // 1000, "data": [element]}
        return PublicFrame(topic=self.topic, body=orjson.dumps(frame))

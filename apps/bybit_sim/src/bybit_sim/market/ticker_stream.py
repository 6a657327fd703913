"""tickers.{symbol}: what its subscribers know, and the fields that changed since.

It compares texts; it refuses to know what they mean.
"""

from collections.abc import Mapping

import orjson

from bybit_sim.exchange.words import PublicFrame
from gridcore.clock import Instant


class TickerStream:
    """Snapshot and deltas of one ticker (bybit.md B.3)."""

    __slots__ = ("_told", "followed", "symbol", "topic")

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.topic = f"tickers.{symbol}"
        self.followed = False
        """Whether somebody received the last state, so that the next one is told as a delta."""
        self._told: dict[str, object] = {}

    def snapshot(self, fields: Mapping[str, object], now: Instant, seq: int) -> PublicFrame:
        """The full ticker for a fresh subscriber: what others were last told, else that of now."""
        if not self.followed:
            self._told = dict(fields)
            self.followed = True
        return self._frame("snapshot", self._told, now, seq)

    def change(
        self, fields: Mapping[str, object], now: Instant, seq: int, *, always: bool
    ) -> PublicFrame | None:
        """The changed fields; None when nothing changed, unless a frame is `always` wanted."""
        told = self._told
        if not self.followed:
            return self.snapshot(fields, now, seq)
        changed = {name: value for name, value in fields.items() if told.get(name) != value}
        if not changed and not always:
            return None
        told.update(changed)
        return self._frame("delta", {"symbol": self.symbol, **changed}, now, seq)

    def _frame(
        self, kind: str, fields: Mapping[str, object], now: Instant, seq: int
    ) -> PublicFrame:
        frame = {
            "topic": self.topic,
            "type": kind,
            "data": fields,
            "cs": seq,
            "ts": now // 1000,
        }
        return PublicFrame(topic=self.topic, body=orjson.dumps(frame))

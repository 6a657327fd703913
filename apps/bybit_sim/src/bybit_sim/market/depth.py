"""A seeded order book around the best quotes, and its stream of snapshots and deltas.

It knows levels and update ids; it refuses to know where the quotes come from.
"""

from typing import NamedTuple

import orjson

from bybit_sim.exchange.words import PublicFrame
from bybit_sim.market.facts import SymbolFacts
from bybit_sim.market.texts import Scale
from gridcore.clock import SECOND_US, Instant

DEPTHS = (1, 50)
"""The depths that are offered (bybit.md B.3)."""
RESEND_AFTER_S = 3.0
"""Level 1 is sent again with the same u after so long a silence (bybit.md B.3)."""
FIRST_UPDATE = 10_001

_SIZE_STEPS_MAX = 4_000
_TURN_S = 8
_MASK = (1 << 64) - 1


class Quotes(NamedTuple):
    """The best bid and ask in ticks; the bid is below the ask."""

    bid: int
    ask: int


class Levels(NamedTuple):
    """Both sides from the best price on: price in ticks -> size in steps."""

    bids: dict[int, int]
    asks: dict[int, int]


def level_size(seed: int, price: int, at: Instant) -> int:
    """The size in steps that rests at a price: drawn anew every eight seconds of market time."""
    turn = (at // SECOND_US + price) // _TURN_S
    mixed = (seed ^ (price * 0x9E3779B97F4A7C15) ^ (turn * 0xC2B2AE3D27D4EB4F)) & _MASK
    mixed = ((mixed ^ (mixed >> 31)) * 0xBF58476D1CE4E5B9) & _MASK
    return 1 + (mixed >> 33) % _SIZE_STEPS_MAX


def levels_around(quotes: Quotes, depth: int, seed: int, at: Instant) -> Levels:
    """The book of a depth: one level on every tick away from the quotes, none at or below 0."""
    lowest = max(quotes.bid - depth, 0)
    bids = {price: level_size(seed, price, at) for price in range(quotes.bid, lowest, -1)}
    asks = {price: level_size(seed, price, at) for price in range(quotes.ask, quotes.ask + depth)}
    return Levels(bids, asks)


class DepthStream:
    """orderbook.{depth}.{symbol}: what its subscribers know, and how they learn what changed."""

    __slots__ = ("_prices", "_sizes", "_told", "depth", "followed", "symbol", "topic", "update")

    def __init__(self, facts: SymbolFacts, depth: int) -> None:
        self.depth = depth
        self.symbol = facts.symbol
        self.topic = f"orderbook.{depth}.{facts.symbol}"
        self.update = FIRST_UPDATE - 1
        self.followed = False
        """Whether somebody received the last state, so that the next one is told as a change."""
        self._told = Levels({}, {})
        self._prices = Scale(facts.instrument.tick_size)
        self._sizes = Scale(facts.instrument.qty_step)

    def snapshot(self, levels: Levels, now: Instant, seq: int) -> PublicFrame:
        """The book for a fresh subscriber: what others were last told, else the book of now."""
        if not self.followed:
            self._told = levels
            self.update += 1
            self.followed = True
        return self._frame("snapshot", self._told, now, seq)

    def change(self, levels: Levels, now: Instant, seq: int) -> PublicFrame | None:
        """The next frame for everybody; None when nothing changed."""
        told = self._told
        if levels == told and self.followed:
            return None
        self._told = levels
        self.update += 1
        if self.depth == 1 or not self.followed:
            self.followed = True
            return self._frame("snapshot", levels, now, seq)
        changes = Levels(_changes(told.bids, levels.bids), _changes(told.asks, levels.asks))
        return self._frame("delta", changes, now, seq)

    def again(self, now: Instant, seq: int) -> PublicFrame | None:
        """Level 1 once more with the same update id; None at other depths."""
        if self.depth != 1 or not self.followed:
            return None
        return self._frame("snapshot", self._told, now, seq)

    def _frame(self, kind: str, levels: Levels, now: Instant, seq: int) -> PublicFrame:
        now_ms = now // 1000
        book = {
            "s": self.symbol,
            "b": [self._level(at, levels.bids[at]) for at in sorted(levels.bids, reverse=True)],
            "a": [self._level(at, levels.asks[at]) for at in sorted(levels.asks)],
            "u": self.update,
            "seq": seq,
        }
        # Level 1 puts its time before its type (bybit.md B.3).
        head = (
            {"topic": self.topic, "ts": now_ms, "type": kind}
            if self.depth == 1
            else {"topic": self.topic, "type": kind, "ts": now_ms}
        )
        return PublicFrame(
            topic=self.topic, body=orjson.dumps({**head, "data": book, "cts": now_ms})
        )

    def _level(self, price: int, size: int) -> list[str]:
        # A plain 0 deletes the level.
        return [self._prices.text(price), self._sizes.text(size) if size else "0"]


def _changes(told: dict[int, int], now: dict[int, int]) -> dict[int, int]:
    gone = {price: 0 for price in told if price not in now}
    return gone | {price: size for price, size in now.items() if told.get(price) != size}

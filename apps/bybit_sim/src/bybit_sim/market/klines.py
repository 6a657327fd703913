"""Candles of one symbol in all thirteen intervals, made from its trades.

It knows minutes and what they add up to; it refuses to know how candles are written.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from bybit_sim.market.run import Column
from gridcore.clock import DAY_US, MINUTE_US, SECOND_US, Instant

HISTORY = 5_000
"""Closed candles kept of each interval; longer silences are not filled with flat ones."""

MINUTES = {
    "1": 1,
    "3": 3,
    "5": 5,
    "15": 15,
    "30": 30,
    "60": 60,
    "120": 120,
    "240": 240,
    "360": 360,
    "720": 720,
    "D": 1440,
}
INTERVALS = (*MINUTES, "W", "M")
"""The intervals of bybit.md A.3."""

_TOO_WIDE = 2**63
"""What 64 bits do not hold."""

# The epoch was a Thursday, weeks begin on Mondays.
_WEEK_US = 7 * DAY_US
_FIRST_MONDAY_US = 4 * DAY_US


def candle_start(interval: str, at: Instant) -> Instant:
    """When the candle that contains `at` begins, UTC; weeks on Mondays, months on the first."""
    minutes = MINUTES.get(interval)
    if minutes is not None:
        return Instant(at - at % (minutes * MINUTE_US))
    if interval == "W":
        return Instant(at - (at - _FIRST_MONDAY_US) % _WEEK_US)
    day = datetime.fromtimestamp(at // SECOND_US, UTC)
    first = datetime(day.year, day.month, 1, tzinfo=UTC)
    return Instant(int(first.timestamp()) * SECOND_US)


def candle_end(interval: str, start: Instant) -> Instant:
    """When the candle that begins at `start` ends: the beginning of the next one."""
    minutes = MINUTES.get(interval)
    if minutes is not None:
        return Instant(start + minutes * MINUTE_US)
    if interval == "W":
        return Instant(start + _WEEK_US)
    return candle_start("M", Instant(start + 32 * DAY_US))


@dataclass(slots=True)
class Candle:
    """One candle: prices in ticks, volume in steps, value in ticks times steps."""

    start: Instant
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    value: int = 0

    def copy(self) -> "Candle":
        """The candle as it is now."""
        return replace(self)

    def joined(self, later: "Candle") -> "Candle":
        """This candle and one that follows it, as one."""
        return Candle(
            self.start,
            self.open,
            max(self.high, later.high),
            min(self.low, later.low),
            later.close,
            self.volume + later.volume,
            self.value + later.value,
        )


@dataclass(frozen=True, slots=True)
class ClosedCandle:
    """A candle that ended, to be told once."""

    interval: str
    candle: Candle


class Klines:
    """All candles of one symbol. `minute` is the one in progress; None before the first trade.

    `on_minute` hears every minute that ends, in order, also those without a trade.
    """

    __slots__ = ("_ends", "_history", "_joined", "_on_minute", "_told", "minute", "minute_end")

    def __init__(self, on_minute: Callable[[Candle], None]) -> None:
        self.minute: Candle | None = None
        self.minute_end = Instant(0)
        self._history: dict[str, deque[Candle]] = {
            interval: deque(maxlen=HISTORY) for interval in INTERVALS
        }
        self._joined: dict[str, Candle] = {}
        self._ends: dict[str, Instant] = {}
        self._told: deque[ClosedCandle] = deque(maxlen=HISTORY)
        self._on_minute = on_minute

    def trade(self, at: Instant, price: int, qty: int) -> None:
        """Count a trade; `advance` to its time comes before."""
        minute = self.minute
        if minute is None:
            start = candle_start("1", at)
            minute = self.minute = Candle(start, price, price, price, price)
            self.minute_end = Instant(start + MINUTE_US)
        elif price > minute.high:
            minute.high = price
        elif price < minute.low:
            minute.low = price
        minute.close = price
        minute.volume += qty
        minute.value += price * qty

    def trades(self, prices: Column, qtys: Column) -> None:
        """Count trades of the minute in progress, as `trade` would one by one."""
        minute = self.minute
        assert minute is not None, "the first trade begins the first minute"
        highest, lowest = int(prices.max()), int(prices.min())
        minute.high = max(minute.high, highest)
        minute.low = min(minute.low, lowest)
        minute.close = int(prices[-1])
        if highest * int(qtys.max()) * len(qtys) < _TOO_WIDE:
            minute.volume += int(qtys.sum(dtype=np.int64))
            minute.value += int(np.dot(prices.astype(np.int64), qtys.astype(np.int64)))
        else:
            counts = qtys.tolist()
            minute.volume += sum(counts)
            minute.value += sum(map(int.__mul__, prices.tolist(), counts))

    def advance(self, now: Instant) -> None:
        """End every candle that is over at `now`; minutes without trades are flat."""
        minute = self.minute
        if minute is None or now < self.minute_end:
            return
        self._end(minute)
        close, this_minute = minute.close, candle_start("1", now)
        start = max(minute.start + MINUTE_US, this_minute - HISTORY * MINUTE_US)
        while start < this_minute:
            self._end(Candle(Instant(start), close, close, close, close))
            start += MINUTE_US
        self.minute = Candle(this_minute, close, close, close, close)
        self.minute_end = Instant(this_minute + MINUTE_US)

    def current(self, interval: str) -> Candle | None:
        """The candle in progress; None before the first trade."""
        minute, joined = self.minute, self._joined.get(interval)
        if minute is None or joined is None:
            if minute is None or interval == "1":
                return minute
            return replace(minute, start=candle_start(interval, minute.start))
        return joined.joined(minute)

    def closed(self, interval: str) -> Sequence[Candle]:
        """The candles that ended, oldest first, the newest five thousand of them."""
        return self._history[interval]

    def newest_first(
        self, interval: str, start: Instant | None, end: Instant | None, limit: int
    ) -> list[Candle]:
        """Candles that begin in [start, end]: the latest `limit`; with `start` alone the first."""
        history = self._history[interval]
        current = self.current(interval)
        found = [
            candle
            for candle in (*history, *(() if current is None else (current,)))
            if (start is None or candle.start >= start) and (end is None or candle.start <= end)
        ]
        kept = found[:limit] if start is not None and end is None else found[-limit:]
        return kept[::-1]

    def take_closed(self) -> list[ClosedCandle]:
        """The candles that ended since the last call, each exactly once."""
        told = list(self._told)
        self._told.clear()
        return told

    def _end(self, minute: Candle) -> None:
        self._on_minute(minute)
        over = minute.start + MINUTE_US
        for interval in INTERVALS:
            if interval == "1":
                self._close("1", minute)
                continue
            joined = self._joined.get(interval)
            if joined is not None and minute.start >= self._ends[interval]:
                # Only a silence beyond what is filled with flat minutes leads here.
                self._close(interval, joined)
                joined = None
            if joined is None:
                start = candle_start(interval, minute.start)
                self._ends[interval] = candle_end(interval, start)
                joined = replace(minute, start=start)
            else:
                joined = joined.joined(minute)
            if over >= self._ends[interval]:
                self._close(interval, joined)
                self._joined.pop(interval, None)
            else:
                self._joined[interval] = joined

    def _close(self, interval: str, candle: Candle) -> None:
        self._history[interval].append(candle)
        self._told.append(ClosedCandle(interval, candle))

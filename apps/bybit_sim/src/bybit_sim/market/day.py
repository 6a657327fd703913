"""The last 24 hours of one symbol: highest, lowest, volume, and the prices they began with.

It takes ended minutes; it refuses to know trades.
"""

from collections import deque
from dataclasses import dataclass

from bybit_sim.market.klines import Candle
from gridcore.clock import DAY_US, HOUR_US, Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySummary:
    """Prices in ticks, volume in steps, value in ticks times steps."""

    high: int
    low: int
    volume: int
    value: int
    day_ago: int
    hour_ago: int


class DayWindow:
    """Minutes of the last 24 hours; highest and lowest are kept in queues that only ever fall."""

    __slots__ = ("_highs", "_lows", "_minutes", "_value", "_volume")

    def __init__(self) -> None:
        self._minutes: deque[Candle] = deque()
        self._highs: deque[Candle] = deque()
        self._lows: deque[Candle] = deque()
        self._volume = 0
        self._value = 0

    def add(self, minute: Candle) -> None:
        """Take a minute that ended; what is older than a day leaves."""
        self._minutes.append(minute)
        self._volume += minute.volume
        self._value += minute.value
        while self._highs and self._highs[-1].high <= minute.high:
            self._highs.pop()
        self._highs.append(minute)
        while self._lows and self._lows[-1].low >= minute.low:
            self._lows.pop()
        self._lows.append(minute)
        self._forget(Instant(minute.start - DAY_US))

    def summary(self, minute: Candle) -> DaySummary:
        """The day up to and with the minute in progress."""
        minutes = self._minutes
        if not minutes:
            return DaySummary(
                high=minute.high,
                low=minute.low,
                volume=minute.volume,
                value=minute.value,
                day_ago=minute.open,
                hour_ago=minute.open,
            )
        hour = minute.start - HOUR_US
        near = minutes[-60] if len(minutes) >= 60 else minutes[0]
        return DaySummary(
            high=max(self._highs[0].high, minute.high),
            low=min(self._lows[0].low, minute.low),
            volume=self._volume + minute.volume,
            value=self._value + minute.value,
            day_ago=minutes[0].open,
            hour_ago=near.open if near.start >= hour else minute.open,
        )

    def _forget(self, before: Instant) -> None:
        minutes = self._minutes
        while minutes[0].start <= before:
            gone = minutes.popleft()
            self._volume -= gone.volume
            self._value -= gone.value
            if self._highs[0] is gone:
                self._highs.popleft()
            if self._lows[0] is gone:
                self._lows.popleft()

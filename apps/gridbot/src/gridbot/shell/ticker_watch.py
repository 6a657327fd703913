"""Which symbols' tickers come: what an account's loop knows of its market streams (ADR 0018).

It refuses to know why a stream is silent.
"""

from collections.abc import Iterable

from gridbot.shell.words import TickersDown, TickersUp
from gridbot.words import StreamAge
from gridcore.clock import SECOND_US, Instant
from gridcore.events import StreamLost, StreamRestored
from gridcore.session.silence import TickerSilence


class TickerWatch:
    """The market streams of one account. `gap_s` None: no silence counts as loss.

    In lockstep nothing is lost in silence, as every step waits for us; and a tape of trades alone
    is silent whenever nobody trades.
    """

    def __init__(self, symbols: Iterable[str], gap_s: int | None) -> None:
        self._silence = None if gap_s is None else TickerSilence(gap_s * SECOND_US)
        self._gap_s = gap_s
        self._heard: dict[str, Instant | None] = dict.fromkeys(symbols)
        self._lost: set[str] = set()
        self._subscribed: set[str] = set()
        self._back_at = Instant(0)

    @property
    def up(self) -> bool:
        """Whether every symbol is subscribed to, or heard."""
        return self._subscribed >= self._heard.keys()

    @property
    def heard_all(self) -> bool:
        """Whether every symbol has a ticker: Bybit tells one at once when it is subscribed to."""
        return None not in self._heard.values()

    def expect(self, now: Instant) -> None:
        """The session begins: from now on every symbol should be heard."""
        if self._silence is not None:
            for symbol in self._heard:
                self._silence.expect(symbol, now)

    def seen(self, symbol: str, now: Instant) -> list[StreamRestored]:
        """A ticker came; what goes before it."""
        self._heard[symbol] = now
        self._subscribed.add(symbol)
        if self._silence is not None:
            self._silence.seen(symbol, now)
        if symbol not in self._lost:
            return []
        self._lost.discard(symbol)
        return [StreamRestored(at=now, symbol=symbol)]

    def down(self, told: TickersDown) -> list[StreamLost]:
        """The socket says that tickers do not come."""
        self._subscribed.difference_update(told.symbols)
        return self._lose(told.symbols, told.since, told.reason)

    def restored(self, told: TickersUp) -> None:
        """Tickers are subscribed to; the next one restores its stream."""
        self._subscribed.update(told.symbols)

    def is_of_before(self, at: Instant) -> bool:
        """Whether a ticker of the exchange time `at` waited while the process was away: nothing is
        decided upon it."""
        return at < self._back_at

    def paused(self, since: Instant, until: Instant) -> list[StreamLost]:
        """The process was away: the next ticker of each symbol from `until` on restores it."""
        self._back_at = until
        return self._lose(self._heard, since, "the process was away")

    def next_deadline(self) -> Instant | None:
        """When a symbol will have been silent for too long."""
        return None if self._silence is None else self._silence.next_deadline()

    def due(self, now: Instant) -> list[StreamLost]:
        """What has been silent for too long."""
        if self._silence is None:
            return []
        reason = f"no ticker for {self._gap_s} s"
        return self._lose(self._silence.due(now), now, reason)

    def ages(self) -> list[StreamAge]:
        """Every symbol's stream."""
        return [
            StreamAge(name=f"tickers.{symbol}", heard_at=at, up=symbol not in self._lost)
            for symbol, at in self._heard.items()
        ]

    def _lose(self, symbols: Iterable[str], since: Instant, reason: str) -> list[StreamLost]:
        found = []
        for symbol in symbols:
            if symbol in self._lost or symbol not in self._heard:
                continue
            self._lost.add(symbol)
            if self._silence is not None:
                self._silence.lost(symbol)
            found.append(StreamLost(at=since, symbol=symbol, reason=reason))
        return found

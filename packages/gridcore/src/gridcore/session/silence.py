"""Which symbols' tickers have fallen silent: the shells ask it and tell the session (A28).

It knows when each symbol was last heard; it refuses to know why a stream is silent.
"""

from gridcore.clock import Instant


class TickerSilence:
    """Symbols are silent when nothing was heard of them for `limit_us`.

    It belongs to a process and is not saved: a new process expects its symbols anew.
    """

    __slots__ = ("_heard", "_limit_us", "_silent")

    def __init__(self, limit_us: int) -> None:
        assert limit_us > 0, "expected a limit above 0"
        self._limit_us = limit_us
        self._heard: dict[str, Instant] = {}
        self._silent: set[str] = set()

    def expect(self, symbol: str, now: Instant) -> None:
        """From now on the symbol should be heard of; one that is expected already is unchanged."""
        if symbol not in self._silent:
            self._heard.setdefault(symbol, now)

    def seen(self, symbol: str, now: Instant) -> bool:
        """A ticker came; whether the symbol was silent, so that StreamRestored goes first."""
        self._heard[symbol] = now
        if symbol not in self._silent:
            return False
        self._silent.discard(symbol)
        return True

    def lost(self, symbol: str) -> None:
        """The session knows already: its next ticker restores it, its silence is not told again.

        For a socket that closed, and for a session restored while the stream was lost.
        """
        self._heard.pop(symbol, None)
        self._silent.add(symbol)

    def next_deadline(self) -> Instant | None:
        """When the next symbol will have been silent for too long."""
        first = min(self._heard.values(), default=None)
        return None if first is None else Instant(first + self._limit_us)

    def due(self, now: Instant) -> list[str]:
        """The symbols that have fallen silent, longest first, each told once per silence."""
        over = [
            (heard, symbol)
            for symbol, heard in self._heard.items()
            if heard + self._limit_us <= now
        ]
        over.sort()
        symbols = [symbol for _, symbol in over]
        for symbol in symbols:
            self.lost(symbol)
        return symbols

"""When the exchange is asked again what it says of a symbol: in intervals, and after refusals that
hint at a change. It observes; what a report means is for the session.
"""

from collections.abc import Callable, Iterable

from gridbot.terms import TermsRefused
from gridcore.clock import SECOND_US, Instant
from gridcore.events import Event, PlaceRejected, SymbolReport
from gridcore.session.effects import Effects

SUSPICIOUS_CODES = frozenset({10001, 110074, 30228, 110017})
"""Wrong position mode or parameter, not trading, no new positions, nothing to reduce."""
SPACING_US = 10 * SECOND_US
"""Between two questions about one symbol, whatever is refused meanwhile."""
AGAIN_US = 30 * SECOND_US
"""When a question that was not answered is put again."""

Read = Callable[[str], SymbolReport | TermsRefused]
Ask = Callable[[Callable[[], Event | None]], None]
"""Has a question carried out beside the loop; its answer comes as an event."""


class SymbolWatch:
    """The symbols of one account. `read` blocks and is called where `ask` sees fit."""

    def __init__(self, symbols: Iterable[str], *, interval_s: int, read: Read, ask: Ask) -> None:
        self._interval_us = interval_s * SECOND_US
        self._read = read
        self._ask = ask
        self._due: dict[str, Instant | None] = dict.fromkeys(symbols)
        self._asked: dict[str, Instant] = {}

    def observe(self, account: str, event: Event, effects: Effects, now: Instant) -> None:
        """Note what was told, and ask what is due."""
        del account, effects
        if isinstance(event, SymbolReport) and event.symbol in self._due:
            self._due[event.symbol] = Instant(now + self._interval_us)
        elif isinstance(event, PlaceRejected) and event.code in SUSPICIOUS_CODES:
            self._suspect(event.symbol, now)
        for symbol, due in self._due.items():
            if due is not None and now >= due:
                self._put_question(symbol, now)

    def _suspect(self, symbol: str, now: Instant) -> None:
        due = self._due.get(symbol)
        if due is not None:
            asked = self._asked.get(symbol)
            soon = now if asked is None else max(now, Instant(asked + SPACING_US))
            self._due[symbol] = min(due, soon)

    def _put_question(self, symbol: str, now: Instant) -> None:
        self._asked[symbol] = now
        self._due[symbol] = Instant(now + AGAIN_US)
        self._ask(lambda: self._answer(symbol))

    def _answer(self, symbol: str) -> SymbolReport | None:
        found = self._read(symbol)
        return None if isinstance(found, TermsRefused) else found

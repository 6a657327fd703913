"""The day's sums of every account, told once after each midnight (UTC, by the sessions' time).

It refuses to know how anything is sent.
"""

import asyncio
from collections.abc import Callable, Mapping

from appkit.dates import instant_text
from gridbot.surface.history import History
from gridbot.surface.views import AccountView
from gridbot.telegram.texts import day_text
from gridcore.clock import DAY_US, MINUTE_US, Instant, utc_midnight

AFTER_US = MINUTE_US
"""How long after midnight: what belongs to the day is booked by then."""
LOOK_S = 1.0


class Digest:
    """Tells `tell` about each day that ends while it runs."""

    def __init__(
        self,
        accounts: Mapping[str, AccountView],
        history: History,
        now: Callable[[], Instant],
        tell: Callable[[str], None],
    ) -> None:
        self._accounts = accounts
        self._history = history
        self._now = now
        self._tell = tell
        self._day: Instant | None = None

    async def run(self) -> None:
        """Look at the clock until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Tell about the day that has ended since the last look, if one has."""
        day = utc_midnight(Instant(self._now() - AFTER_US))
        if self._day is not None and day > self._day:
            self._tell(self.text(utc_midnight(Instant(day - DAY_US))))
        self._day = day

    def text(self, midnight: Instant) -> str:
        """The day that began at that midnight."""
        parts = [
            day_text(view, self._history.of(name), midnight)
            for name, view in self._accounts.items()
        ]
        date = instant_text(midnight).partition(" ")[0]
        return "\n\n".join([f"📅 {date}", *parts])

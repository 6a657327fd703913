"""Sums up in one line per account and five minutes what is never logged piece by piece.

It counts what sessions handle and cause, and refuses to judge any of it.
"""

from collections import Counter
from collections.abc import Mapping

from appkit.decimals import plain_text
from gridbot.logs.setup import event_logger
from gridbot.surface.valuation import equity_of
from gridbot.surface.views import AccountView
from gridcore.clock import MINUTE_US, Instant
from gridcore.events import Event, PlaceRejected, Ticker
from gridcore.session.effects import Approved, CancelOrder, Effects, FillRecord

EVERY_US = 5 * MINUTE_US
LOGGER = "gridcore.session"


class SummaryLog:
    """An Observer of every account."""

    def __init__(self, accounts: Mapping[str, AccountView], every_us: int = EVERY_US) -> None:
        self._accounts = accounts
        self._every_us = every_us
        self._counts: dict[str, Counter[str]] = {}
        self._due: dict[str, Instant] = {}

    def observe(self, account: str, event: Event, effects: Effects, now: Instant) -> None:
        """An account's session has handled an event."""
        due = self._due.get(account)
        if due is None:
            self._due[account] = Instant(now + self._every_us)
        elif now >= due:
            self._write(account)
            self._due[account] = Instant(now + self._every_us)
        counts = self._counts.setdefault(account, Counter())
        counts["tickers" if isinstance(event, Ticker) else "events"] += 1
        if isinstance(event, PlaceRejected):
            counts["rejected"] += 1
        for request in effects.requests:
            if isinstance(request, Approved):
                counts["placed"] += 1
            elif isinstance(request, CancelOrder):
                counts["cancelled"] += 1
        for record in effects.records:
            counts["fills"] += isinstance(record, FillRecord)

    def _write(self, account: str) -> None:
        session = self._accounts[account].session
        counts = self._counts.pop(account, Counter())
        fields: dict[str, object] = {
            name: counts[name]
            for name in ("tickers", "events", "placed", "rejected", "cancelled", "fills")
        }
        fields["open_orders"] = session.open_orders
        if session.ledger.opened:
            fields["equity"] = plain_text(equity_of(session))
        modes = [f"{one.mode.name}:{one.cause.value}" for one in session.standing_modes()]
        if modes:
            fields["modes"] = ",".join(modes)
        event_logger(LOGGER).info("summary", account=account, **fields)

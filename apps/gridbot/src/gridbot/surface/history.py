"""What an operator looks back on: fills, alerts, equity, prices, and profit by UTC day.

All of it is bounded and for the eye: books are the session's own. It reads sessions and decides
nothing.
"""

from collections import deque
from collections.abc import Mapping
from decimal import Decimal

from appkit.decimals import plain_text
from gridbot.surface.days import DayBook
from gridbot.surface.points import PointLine
from gridbot.surface.valuation import equity_of
from gridbot.surface.views import AccountView
from gridcore.clock import HOUR_US, MINUTE_US, SECOND_US, Instant, utc_midnight
from gridcore.events import Event, Ticker
from gridcore.saved import Saved, SavedStateError
from gridcore.session.account import AccountSession
from gridcore.session.effects import Effects, FillRecord, LedgerEntry, Notice, Severity
from gridcore.session.modes import ModeRequest

FILLS_KEPT = 200
ALERTS_KEPT = 200
SAMPLE_US = 5 * SECOND_US
"""Equity is looked at this often."""

FORMAT = 1
_FINE_PRICES = (SECOND_US, 1_200)
_COARSE_PRICES = (MINUTE_US, 1_440)
_FINE_EQUITY = (MINUTE_US, 1_440)
_COARSE_EQUITY = (HOUR_US, 24 * 90)
_NO_ALERTS = frozenset({"order_denied"})

Row = dict[str, object]


class AccountHistory:
    """The history of one account, whose session may be another one after a while."""

    def __init__(self, name: str, accounts: Mapping[str, AccountView]) -> None:
        self._name = name
        self._accounts = accounts
        self._fills: deque[Row] = deque(maxlen=FILLS_KEPT)
        self._alerts: deque[Row] = deque(maxlen=ALERTS_KEPT)
        self._prices: dict[str, tuple[PointLine, PointLine]] = {}
        self._equity = (PointLine(*_FINE_EQUITY), PointLine(*_COARSE_EQUITY))
        self._days = DayBook()
        self._sample_at = Instant(0)
        self._modes: dict[tuple[str, str], ModeRequest] = {}

    @property
    def _session(self) -> AccountSession:
        return self._accounts[self._name].session

    def observe(self, event: Event, effects: Effects, now: Instant) -> None:
        """The session has handled an event."""
        if isinstance(event, Ticker):
            self._price(event)
        booked = False
        for record in effects.records:
            if isinstance(record, FillRecord):
                self._fills.append(self._fill(record))
            booked = booked or isinstance(record, LedgerEntry)
        for notice in effects.notices:
            self._tell(notice, now)
        self._follow_modes(now)
        if booked or now >= self._sample_at:
            self._sample(now)

    def _price(self, event: Ticker) -> None:
        strategy = self._session.strategies.get(event.symbol)
        if strategy is None:
            return
        for line in self._lines_of(event.symbol):
            if line.wants(event.at):
                line.add(event.at, strategy.instrument.price(event.last))

    def _lines_of(self, symbol: str) -> tuple[PointLine, PointLine]:
        lines = self._prices.get(symbol)
        if lines is None:
            lines = PointLine(*_FINE_PRICES), PointLine(*_COARSE_PRICES)
            self._prices[symbol] = lines
        return lines

    def _sample(self, now: Instant) -> None:
        self._sample_at = Instant(now + SAMPLE_US)
        session = self._session
        if not session.ledger.opened:
            return
        equity = equity_of(session)
        for line in self._equity:
            line.add(now, equity)
        self._days.look(now, session.ledger.totals, equity)

    def _fill(self, record: FillRecord) -> Row:
        instrument = self._session.strategies[record.symbol].instrument
        return {
            "at_us": record.at,
            "symbol": record.symbol,
            "strat_id": record.strat_id,
            "direction": record.direction.value,
            "side": record.side.value,
            "price": plain_text(instrument.price(record.price)),
            "qty": plain_text(instrument.qty(record.qty)),
            "fee": plain_text(record.fee),
            "realised": plain_text(record.realised),
            "level": record.level,
            "exec_id": record.exec_id,
        }

    def _tell(self, notice: Notice, now: Instant) -> None:
        """Keep a notice; what was told before the start counts from now."""
        if notice.event not in _NO_ALERTS:
            fields = {name: value for name, value in notice.fields if value}
            self._alert(notice.at or now, notice.event, notice.severity, fields)

    def _follow_modes(self, now: Instant) -> None:
        """Requests for less trading end silently; an operator wants to know when."""
        standing = {(one.scope, one.cause.value): one for one in self._session.standing_modes()}
        for key, ended in self._modes.items():
            if key not in standing:
                fields = {
                    "scope": ended.scope or "account",
                    "cause": ended.cause.value,
                    "mode": ended.mode.name,
                }
                if ended.since:
                    fields["after_s"] = str((now - ended.since) // SECOND_US)
                self._alert(now, "mode_ended", Severity.INFO, fields)
        self._modes = standing

    def _alert(self, at: Instant, event: str, severity: Severity, fields: dict[str, str]) -> None:
        """Keep an alert; one that only repeats the last is counted instead."""
        if self._alerts:
            last = self._alerts[-1]
            if (last["event"], last["fields"]) == (event, fields):
                last["at_us"] = at
                last["count"] = int(str(last["count"])) + 1
                return
        self._alerts.append(
            {
                "at_us": at,
                "event": event,
                "severity": severity.value,
                "fields": fields,
                "count": 1,
            }
        )

    # -- what is shown ---------------------------------------------------------------------

    def profit_today(self, now: Instant) -> Decimal | None:
        """Realised profit, fees and funding of the UTC day; None before anything is known."""
        return self._days.profit(now)

    def day(self, midnight: Instant) -> Row | None:
        """The sums of the UTC day that began then; None when nothing is known of it."""
        return self._days.row(midnight)

    def fills_of(self, midnight: Instant) -> str:
        """How many fills of a UTC day are known: "12", or "200 or more" where not all are kept."""
        count = sum(
            utc_midnight(Instant(int(str(row["at_us"])))) == midnight for row in self._fills
        )
        return f"{count} or more" if count == FILLS_KEPT else str(count)

    def recent(self, fills: int, alerts: int) -> Row:
        """The newest fills and alerts, oldest first, and every day that is kept."""
        return {
            "fills": list(self._fills)[-fills:],
            "alerts": list(self._alerts)[-alerts:],
            "days": self._days.rows(),
        }

    def lines(self) -> Row:
        """Prices and equity as [seconds, value]: a point a minute (an hour), then finer ones."""
        return {
            "prices": {
                symbol: coarse.rows_before(fine) + fine.rows()
                for symbol, (fine, coarse) in self._prices.items()
            },
            "equity": self._equity[1].rows_before(self._equity[0]) + self._equity[0].rows(),
        }

    # -- memory ----------------------------------------------------------------------------

    def snapshot(self) -> Row:
        """All memory, serialisable."""
        return {
            "fills": list(self._fills),
            "alerts": list(self._alerts),
            "days": self._days.snapshot(),
            "equity": [line.snapshot() for line in self._equity],
            "prices": {
                symbol: [line.snapshot() for line in lines]
                for symbol, lines in self._prices.items()
            },
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._fills.extend(_rows(saved, "fills"))
        self._alerts.extend(_rows(saved, "alerts"))
        self._days.restore(saved.part("days"))
        for line, part in zip(self._equity, saved.parts("equity"), strict=True):
            line.restore(part)
        prices = saved.part("prices")
        for symbol in prices.names():
            for line, part in zip(self._lines_of(symbol), prices.parts(symbol), strict=True):
                line.restore(part)


def _rows(saved: Saved, name: str) -> list[Row]:
    return [dict(part.fields) for part in saved.parts(name)]


class History:
    """The histories of all accounts; an Observer of every session.

    Accounts may come while it stands; what was saved of one that never comes is kept.
    """

    def __init__(self, accounts: Mapping[str, AccountView]) -> None:
        self._accounts = accounts
        self._known: dict[str, AccountHistory] = {}

    def of(self, account: str) -> AccountHistory:
        """The history of one account."""
        found = self._known.get(account)
        if found is None:
            found = self._known[account] = AccountHistory(account, self._accounts)
        return found

    def observe(self, account: str, event: Event, effects: Effects, now: Instant) -> None:
        """An account's session has handled an event."""
        self.of(account).observe(event, effects, now)

    def snapshot(self) -> Row:
        """All memory, serialisable."""
        accounts = {name: one.snapshot() for name, one in self._known.items()}
        return {"format": FORMAT, "accounts": accounts}

    def restore(self, memory: object) -> None:
        """The inverse of snapshot; SavedStateError, and nothing changed, when it is none."""
        saved = Saved(memory)
        if saved.whole("format") != FORMAT:
            raise SavedStateError(f"expected format {FORMAT}, found {saved.raw('format')}")
        parts = saved.part("accounts")
        known: dict[str, AccountHistory] = {}
        for name in parts.names():
            known[name] = AccountHistory(name, self._accounts)
            known[name].restore(parts.part(name))
        self._known = known

"""What a person may want to know of every account: the kernel's notices, and what it does silently.

Fills, funding, risk, and modes that end are seen from outside. It decides nothing, and refuses to
know who listens.
"""

from collections.abc import Callable, Mapping

from appkit.decimals import plain_text
from gridbot.surface.views import AccountView
from gridcore.clock import SECOND_US, Instant
from gridcore.events import Event
from gridcore.policy import DIRECTIONS
from gridcore.position import RiskSeverity
from gridcore.session.account import AccountSession
from gridcore.session.effects import (
    Effects,
    FillRecord,
    LedgerEntry,
    LedgerKind,
    Notice,
    Severity,
)
from gridcore.session.modes import ModeCause, ModeRequest

GRID = "gridcore.grid"
ENGINE = "gridcore.engine"
POSITION = "gridcore.position"
SESSION = "gridcore.session"

_LOGGERS = {
    "order_denied": ENGINE,
    "size_raised_to_minimum": ENGINE,
    "placement_refused": ENGINE,
    "placement_stopped": ENGINE,
    "cancel_refused": ENGINE,
    "order_did_not_land": ENGINE,
    "order_landed_after_all": ENGINE,
    "leg_taken_over": POSITION,
    "liquidated": POSITION,
    ModeCause.LOSS_LIMIT.value: POSITION,
    ModeCause.DRAWDOWN.value: POSITION,
}
"""The session tells all of it; whose matter it is decides whose level holds."""

_RISK = {
    RiskSeverity.NONE: Severity.INFO,
    RiskSeverity.MODERATE: Severity.WARNING,
    RiskSeverity.EMERGENCY: Severity.ALERT,
}

Hear = Callable[[str, Notice, Instant], None]
"""Is told an account, a notice, and when it was handled; returns at once."""


class _Seen:
    """What was last seen of an account."""

    def __init__(self) -> None:
        self.modes: dict[tuple[str, str], ModeRequest] = {}
        self.severity: dict[str, tuple[RiskSeverity, RiskSeverity]] = {}


class Tidings:
    """An Observer of every account that tells its listeners, in the order of what happened."""

    def __init__(self, accounts: Mapping[str, AccountView]) -> None:
        self._accounts = accounts
        self._seen: dict[str, _Seen] = {}
        self._listeners: list[Hear] = []

    def join(self, *listeners: Hear) -> None:
        """Listen from the next event on."""
        self._listeners.extend(listeners)

    def observe(self, account: str, event: Event, effects: Effects, now: Instant) -> None:
        """An account's session has handled an event."""
        del event
        session = self._accounts[account].session
        seen = self._seen.setdefault(account, _Seen())
        for record in effects.records:
            told = _of_record(record, session, now)
            if told is not None:
                self._tell(account, told, now)
        for notice in effects.notices:
            self._tell(account, _placed(notice, now), now)
        self._follow_risk(account, session, seen, now)
        self._follow_modes(account, session, seen, now)

    def _tell(self, account: str, notice: Notice, now: Instant) -> None:
        for hear in self._listeners:
            hear(account, notice, now)

    def _follow_risk(
        self, account: str, session: AccountSession, seen: _Seen, now: Instant
    ) -> None:
        for symbol, strategy in session.strategies.items():
            severity = strategy.risk.severity
            before = seen.severity.get(symbol, (RiskSeverity.NONE, RiskSeverity.NONE))
            if severity[0] is before[0] and severity[1] is before[1]:
                continue
            seen.severity[symbol] = (severity[0], severity[1])
            for direction, old, new in zip(DIRECTIONS, before, severity, strict=True):
                if new is not old:
                    changed = _notice(
                        now,
                        POSITION,
                        f"risk_{new.name.lower()}",
                        _RISK[new],
                        symbol=symbol,
                        direction=direction.value,
                        was=old.name.lower(),
                    )
                    self._tell(account, changed, now)

    def _follow_modes(
        self, account: str, session: AccountSession, seen: _Seen, now: Instant
    ) -> None:
        """Requests for less trading end silently; an operator wants to know when."""
        standing = {(one.scope, one.cause.value): one for one in session.standing_modes()}
        for key, ended in seen.modes.items():
            if key not in standing:
                fields = {
                    "scope": ended.scope or "account",
                    "cause": ended.cause.value,
                    "mode": ended.mode.name,
                }
                if ended.since:
                    fields["after_s"] = str((now - ended.since) // SECOND_US)
                told = _notice(now, SESSION, "mode_ended", Severity.INFO, **fields)
                self._tell(account, told, now)
        seen.modes = standing


def _placed(notice: Notice, now: Instant) -> Notice:
    """A notice under its part's logger; what was told before the start counts from now."""
    logger = _LOGGERS.get(notice.event, notice.logger)
    cause = dict(notice.fields).get("cause")
    if notice.event == "mode_asked" and cause == ModeCause.EMERGENCY.value:
        logger = POSITION
    return Notice(
        at=notice.at or now,
        logger=logger,
        event=notice.event,
        severity=notice.severity,
        fields=tuple((name, value) for name, value in notice.fields if value),
    )


def _of_record(
    record: LedgerEntry | FillRecord, session: AccountSession, now: Instant
) -> Notice | None:
    if isinstance(record, FillRecord):
        instrument = session.strategies[record.symbol].instrument
        return _notice(
            now,
            ENGINE,
            "filled",
            Severity.INFO,
            strat_id=record.strat_id,
            symbol=record.symbol,
            direction=record.direction.value,
            side=record.side.value,
            price=plain_text(instrument.price(record.price)),
            qty=plain_text(instrument.qty(record.qty)),
            realised=plain_text(record.realised),
            fee=plain_text(record.fee),
        )
    if record.kind in (LedgerKind.FUNDING, LedgerKind.CASH):
        fields = {} if record.symbol is None else {"symbol": record.symbol}
        if record.direction is not None:
            fields["direction"] = record.direction.value
        return _notice(
            now,
            POSITION,
            record.kind.value,
            Severity.INFO,
            **fields,
            amount=plain_text(record.amount),
        )
    return None


def _notice(at: Instant, logger: str, event: str, severity: Severity, **fields: str) -> Notice:
    return Notice(
        at=at, logger=logger, event=event, severity=severity, fields=tuple(fields.items())
    )

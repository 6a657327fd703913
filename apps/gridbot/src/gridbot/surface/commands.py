"""The command bus: one way for every operator's command, from HTTP and Telegram alike.

It hands commands to accounts, hears that they were handled, and writes the audit log. It refuses
to know who may command; that is judged before.
"""

import asyncio
from collections.abc import Callable, Mapping

from appkit.spelling import nearest
from gridbot.surface.audit import AuditLog
from gridbot.surface.views import AccountView
from gridbot.surface.words import ACTIONS, CommandName
from gridbot.throttle import Throttle
from gridcore.clock import MINUTE_US, Instant
from gridcore.events import Event, OperatorCommand
from gridcore.message import message
from gridcore.session.effects import Effects

HANDLED_S_MAX = 2.0
"""How long a command waits for the word that the session has taken it."""

WAITING_MAX = 32
"""Commands that may wait at once."""

STRANGERS_US = MINUTE_US
"""What one stranger tries is written down once in this time, and counted."""


class CommandRefused(Exception):
    """A command that names nothing here, or comes when too many wait; and how to mend it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@message
class CommandOutcome:
    """What became of a command: taken by the session within two seconds, and written down."""

    at: Instant
    command: CommandName
    account: str
    symbol: str | None
    handled: bool
    audited: bool


class CommandBus:
    """Takes commands for accounts; to be told of every event that their sessions handled."""

    def __init__(
        self,
        accounts: Mapping[str, AccountView],
        audit: AuditLog,
        now: Callable[[], Instant],
        *,
        wait_s: float = HANDLED_S_MAX,
    ) -> None:
        self._accounts = accounts
        self._audit = audit
        self._now = now
        self._wait_s = wait_s
        self._last_at = Instant(0)
        self._strangers: Throttle[str] = Throttle(STRANGERS_US)
        self._waiting: dict[tuple[str, Instant], asyncio.Future[None]] = {}

    async def submit(
        self, command: CommandName, account: str, symbol: str | None, source: str
    ) -> CommandOutcome:
        """Give a command to an account (symbol None: all of it); CommandRefused if it names none.

        `source` says who asks, for the audit log: "http:127.0.0.1", "telegram:4711". The session
        gets the command before the log does, so that no disk stands between a hand and a halt.
        """
        view = self._checked(account, symbol)
        at = self._last_at = max(self._now(), Instant(self._last_at + 1))
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[account, at] = taken
        try:
            view.command(OperatorCommand(at=at, action=ACTIONS[command], symbol=symbol))
            row = _row(at, command.value, account, symbol, source)
            audited = await self._audit.write(row | {"what": "asked"})
            handled = await _within(taken, self._wait_s)
        finally:
            del self._waiting[account, at]
        what = {"what": "handled" if handled else "not handled yet"}
        audited = await self._audit.write(row | what) and audited
        return CommandOutcome(
            at=at,
            command=command,
            account=account,
            symbol=symbol,
            handled=handled,
            audited=audited,
        )

    async def refused(self, command: str, source: str, why: str) -> None:
        """Write down that a command was refused to somebody who may command."""
        row = _row(self._now(), command, None, None, source)
        await self._audit.write(row | {"what": "refused", "why": why})

    async def turned_away(self, command: str, source: str, why: str) -> None:
        """Write down that a command came from somebody who may not command: once a minute for each
        source, then how often it came, so that no stranger fills the disk or holds up the loop."""
        now = self._now()
        if self._strangers.admit(source, now):
            row = _row(now, command, None, None, source)
            await self._audit.write(row | {"what": "refused", "why": why})
        for one, times in self._strangers.ended(now):
            row = _row(now, "any", None, None, one)
            await self._audit.write(row | {"what": "refused", "why": "as before", "times": times})

    def observe(self, account: str, event: Event, effects: Effects, now: Instant) -> None:
        """An account's session has handled an event."""
        del effects, now
        if isinstance(event, OperatorCommand):
            taken = self._waiting.get((account, event.at))
            if taken is not None and not taken.done():
                taken.set_result(None)

    def _checked(self, account: str, symbol: str | None) -> AccountView:
        view = self._accounts.get(account)
        if view is None:
            raise CommandRefused(
                f"expected one of the accounts, found {account!r}",
                _hint(account, list(self._accounts)),
            )
        if symbol is not None and symbol not in view.session.strategies:
            raise CommandRefused(
                f"expected a symbol that {account} trades, found {symbol!r}",
                _hint(symbol, list(view.session.strategies)),
            )
        if len(self._waiting) >= WAITING_MAX:
            raise CommandRefused(f"{WAITING_MAX} commands wait already", "try again in a second")
        return view


def _row(
    at: Instant, command: str, account: str | None, symbol: str | None, source: str
) -> dict[str, object]:
    return {
        "at_us": at,
        "command": command,
        "account": account,
        "symbol": symbol,
        "source": source,
    }


def _hint(word: str, known: list[str]) -> str:
    near = nearest(word, known)
    return f"did you mean {near}?" if near is not None else f"known: {', '.join(known)}"


async def _within(taken: "asyncio.Future[None]", seconds: float) -> bool:
    try:
        await asyncio.wait_for(taken, seconds)
    except TimeoutError:
        return False
    return True

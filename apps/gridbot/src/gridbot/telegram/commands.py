"""Commands by chat: who may give them, what they are, and the second step of the gravest.

It hands them to the same bus as the local pages; it refuses to know how messages travel.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence

from appkit.spelling import nearest
from gridbot.surface.commands import CommandBus, CommandOutcome, CommandRefused
from gridbot.surface.history import History
from gridbot.surface.views import AccountView
from gridbot.surface.words import CommandName
from gridbot.telegram.texts import orders_text, positions_text, profit_text, status_text
from gridcore.clock import MINUTE_US, Instant
from gridcore.message import message

CONFIRM_US = MINUTE_US
"""How long a code confirms, by the wall clock."""

HELP = """\
/status how every account is
/orders resting orders
/profit today and in all
/positions positions
/pause no new opens
/resume trade again
/closeonly cancel opens, close only
/cancelall cancel everything and halt (asks again)
Each takes [ACCOUNT [SYMBOL]]; without, it is for all."""

_ORDERS = {
    "pause": CommandName.PAUSE,
    "resume": CommandName.RESUME,
    "closeonly": CommandName.CLOSE_ONLY,
    "cancelall": CommandName.CANCEL_ALL,
}
_QUESTIONS = ("status", "orders", "profit", "positions")
_KNOWN = [*_QUESTIONS, *_ORDERS, "help"]


@message
class _Pending:
    """A command that waits for its code."""

    code: str
    words: tuple[str, ...]
    until: Instant


def new_code() -> str:
    """Four digits that nobody types by accident."""
    return f"{secrets.randbelow(10_000):04d}"


class Commands:
    """Answers what allowed chats write. `now` is the session's time, `wall` the machine's."""

    def __init__(
        self,
        accounts: Mapping[str, AccountView],
        history: History,
        bus: CommandBus,
        allowed: Sequence[int],
        *,
        now: Callable[[], Instant],
        wall: Callable[[], Instant],
        code: Callable[[], str] = new_code,
    ) -> None:
        self._accounts = accounts
        self._history = history
        self._bus = bus
        self._allowed = frozenset(allowed)
        self._now = now
        self._wall = wall
        self._code = code
        self._pending: dict[int, _Pending] = {}

    async def answer(self, chat: int, text: str) -> str | None:
        """The answer to one message; None for a stranger, and for what is no command."""
        if not text.startswith("/"):
            return None
        word, *rest = text[1:].split() or [""]
        name = word.partition("@")[0].lower()
        if chat not in self._allowed:
            await self._bus.turned_away(name[:40], f"telegram:{chat}", "not an allowed chat")
            return None
        if name in _QUESTIONS:
            return self._report(name, rest)
        if name == "cancelall":
            return await self._cancel_all(chat, tuple(rest))
        if name in _ORDERS:
            return await self._ordered(_ORDERS[name], chat, rest)
        if name in ("help", "start"):
            return HELP
        near = nearest(name, _KNOWN)
        return f"/{name[:40]}: no such command; " + (
            "/help lists them" if near is None else f"did you mean /{near}?"
        )

    # -- looking ---------------------------------------------------------------------------

    def _report(self, name: str, words: Sequence[str]) -> str:
        if not self._accounts:
            return "no account has started yet"
        if words and words[0] not in self._accounts:
            return self._no_account(words[0])
        chosen = words[:1] or list(self._accounts)
        return "\n\n".join(self._report_of(name, one) for one in chosen)

    def _report_of(self, name: str, account: str) -> str:
        view, history, now = self._accounts[account], self._history.of(account), self._now()
        match name:
            case "orders":
                return orders_text(view)
            case "profit":
                return profit_text(view, history, now)
            case "positions":
                return positions_text(view)
            case _:
                return status_text(view, history, now)

    # -- commanding ------------------------------------------------------------------------

    async def _cancel_all(self, chat: int, words: tuple[str, ...]) -> str:
        """First a code is asked for, then that very command is given."""
        pending = self._pending.pop(chat, None)
        if pending is not None and words == (pending.code,):
            if self._wall() <= pending.until:
                return await self._ordered(CommandName.CANCEL_ALL, chat, pending.words)
            return "too late: nothing was cancelled; begin again with /cancelall"
        problem = self._problem(words)
        if problem is not None:
            return problem
        code = self._code()
        until = Instant(self._wall() + CONFIRM_US)
        self._pending[chat] = _Pending(code=code, words=words, until=until)
        names = words[:1] or tuple(self._accounts)
        count = sum(self._accounts[name].session.open_orders for name in names)
        whose = " ".join(words) or "all accounts"
        return (
            f"This cancels every order of {whose} ({count} rest on {', '.join(names)}) and halts. "
            f"To do it, send within a minute:\n/cancelall {code}"
        )

    async def _ordered(self, command: CommandName, chat: int, words: Sequence[str]) -> str:
        problem = self._problem(words)
        if problem is not None:
            return problem
        symbol = words[1].upper() if len(words) == 2 else None
        lines = []
        for account in words[:1] or list(self._accounts):
            try:
                outcome = await self._bus.submit(command, account, symbol, f"telegram:{chat}")
            except CommandRefused as refused:
                lines.append(f"{account}: {refused.message}; {refused.hint}")
            else:
                lines.append(_outcome_text(outcome))
        return "\n".join(lines)

    def _problem(self, words: Sequence[str]) -> str | None:
        if not self._accounts:
            return "no account has started yet"
        if len(words) > 2:
            return "expected [ACCOUNT [SYMBOL]], found more words"
        if words and words[0] not in self._accounts:
            return self._no_account(words[0])
        return None

    def _no_account(self, found: str) -> str:
        return f"expected one of the accounts {', '.join(self._accounts)}, found {found[:40]!r}"


def _outcome_text(outcome: CommandOutcome) -> str:
    whose = outcome.account if outcome.symbol is None else f"{outcome.account} {outcome.symbol}"
    done = "done" if outcome.handled else "given, but not handled yet"
    audit = "" if outcome.audited else " (the audit log cannot be written)"
    return f"{whose}: {outcome.command.value} {done}{audit}"

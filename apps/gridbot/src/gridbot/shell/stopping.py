"""What becomes of an account's orders when the daemon is told to end, and how long all of it lasts.

It asks the session, as an operator would, and looks until it is done; it cancels nothing itself.
"""

import asyncio
from collections.abc import Awaitable, Callable

from gridbot.config.blocks import OnStop
from gridbot.shell.account_loop import AccountLoop
from gridcore.events import OperatorAction, OperatorCommand
from gridcore.session.modes import Mode, ModeCause

STOP_S_MAX = 10.5
"""For everything that ends before the pages, the bot and the log do: fifteen seconds together."""
LOOK_S = 0.05
_ASKED = {
    OnStop.CANCEL_OPENS: (OperatorAction.CLOSE_ONLY, Mode.CLOSE_ONLY),
    OnStop.CANCEL_ALL: (OperatorAction.CANCEL_ALL, Mode.HALT),
}
_ACTIONS = {
    Mode.NO_OPEN: OperatorAction.NO_OPEN,
    Mode.CLOSE_ONLY: OperatorAction.CLOSE_ONLY,
}
"""What brings back a milder word of the operator's that the policy's has replaced."""

Sleep = Callable[[float], Awaitable[None]]


class Deadline:
    """The one limit that all stages of an end share: each has to be over by its share of it.

    What an earlier stage leaves is the next one's; a stage that hangs takes nothing of what is
    behind it.
    """

    POLICY, MARKET, ANSWERS, LOOPS, PARTS, JOURNALS, CLAIMS = (
        0.70,
        0.80,
        0.86,
        0.91,
        0.94,
        0.97,
        1.0,
    )

    def __init__(self, total_s: float, steady_s: Callable[[], float]) -> None:
        self._total_s = total_s
        self._steady_s = steady_s
        self._began_s = steady_s()

    def left_s(self, share: float) -> float:
        """Seconds until that share of the limit is used up; never below 0."""
        return max(0.0, self._began_s + share * self._total_s - self._steady_s())

    async def within(self, share: float, *works: Awaitable[object]) -> list[BaseException]:
        """Wait for the works of a stage until its share is used up; the errors that ended some.

        What hangs is left to itself, and ends with the process.
        """
        if not works:
            return []
        doing = [asyncio.ensure_future(work) for work in works]
        done, _ = await asyncio.wait(doing, timeout=self.left_s(share))
        errors = (one.exception() for one in doing if one in done and not one.cancelled())
        return [error for error in errors if error is not None]


class BookKeeper:
    """Leaves the book of one account as `on_stop` says, and the session as it was found.

    It speaks of each symbol alone: a word for the account, taken back, would forgive the day's
    losses and begin the drawdown anew.
    """

    def __init__(
        self, policy: OnStop, loop: AccountLoop, deadline: Deadline, *, sleep: Sleep
    ) -> None:
        self._policy = policy
        self._loop = loop
        self._deadline = deadline
        self._sleep = sleep
        self._stood: dict[str, Mode] = {}
        """What the operator had asked for, of the symbols that were told something milder."""

    async def leave(self) -> int:
        """Do with the book what the policy says; how many orders may rest against it."""
        asked = _ASKED.get(self._policy)
        if asked is None or not self._loop.begun:
            return 0
        action, mode = asked
        told = []
        for symbol in self._loop.session.strategies:
            stood = self._operators(symbol)
            if stood < mode:
                self._stood[symbol] = stood
            if stood < mode or action is OperatorAction.CANCEL_ALL:
                self._command(action, symbol)
                told.append(symbol)
        await self._until(
            lambda: all(self._operators(one) >= mode for one in told) and not self.left(),
            Deadline.POLICY,
        )
        return self.left()

    async def quieten(self) -> None:
        """Once no ticker comes any more: take the command back, so that the next start trades if
        this one did, and let answers come in that are under way."""
        for symbol, stood in self._stood.items():
            self._command(OperatorAction.RESUME, symbol)
            if stood in _ACTIONS:
                self._command(_ACTIONS[stood], symbol)
        await self._until(lambda: not self._loop.settled().in_flight, Deadline.ANSWERS)

    def _command(self, action: OperatorAction, symbol: str) -> None:
        loop = self._loop
        loop.command(OperatorCommand(at=loop.now(), action=action, symbol=symbol))

    def _operators(self, symbol: str) -> Mode:
        """What the operator asks of a symbol, the account's word left aside."""
        for request in self._loop.session.standing_modes():
            if request.scope == symbol and request.cause is ModeCause.OPERATOR:
                return request.mode
        return Mode.NORMAL

    def left(self) -> int:
        """Orders that are not known to have ended and that the policy wants gone."""
        if self._policy not in _ASKED or not self._loop.begun:
            return 0
        orders = self._loop.session.live_orders()
        if self._policy is OnStop.CANCEL_ALL:
            return len(orders)
        return sum(order.opens for order in orders)

    async def _until(self, holds: Callable[[], bool], share: float) -> None:
        while not holds() and self._deadline.left_s(share):
            await self._sleep(LOOK_S)

"""What becomes of an account's orders when the daemon is told to end.

It asks the session, as an operator would, and looks until it is done; it cancels nothing itself.
"""

from collections.abc import Awaitable, Callable

from gridbot.config.blocks import OnStop
from gridbot.shell.account_loop import AccountLoop
from gridcore.events import OperatorAction, OperatorCommand
from gridcore.session.account import AccountSession
from gridcore.session.modes import ACCOUNT, ModeCause

POLICY_S_MAX = 9.0
"""The policy's part of the fifteen seconds in which the process has to be gone."""
QUIET_S_MAX = 2.0
"""How long answers under way are waited for; later ones are looked up at the next start."""
LOOK_S = 0.05
_ACTIONS = {
    OnStop.CANCEL_OPENS: OperatorAction.CLOSE_ONLY,
    OnStop.CANCEL_ALL: OperatorAction.CANCEL_ALL,
}
_LIFTED_BY_RESUME = frozenset(
    {ModeCause.OPERATOR, ModeCause.LIQUIDATED, ModeCause.LOSS_LIMIT, ModeCause.DRAWDOWN}
)

Sleep = Callable[[float], Awaitable[None]]


class BookKeeper:
    """Leaves the book of one account as `on_stop` says, and the session as it was found."""

    def __init__(
        self, policy: OnStop, loop: AccountLoop, *, sleep: Sleep, steady_s: Callable[[], float]
    ) -> None:
        self._policy = policy
        self._loop = loop
        self._sleep = sleep
        self._steady_s = steady_s
        self._asked = False

    async def leave(self) -> int:
        """Do with the book what the policy says; how many orders may rest against it."""
        action = _ACTIONS.get(self._policy)
        loop, session = self._loop, self._loop.session
        if action is None or not loop.begun:
            return 0
        stood = any(
            mode.scope == ACCOUNT and mode.cause in _LIFTED_BY_RESUME
            for mode in session.standing_modes()
        )
        self._asked = not stood
        loop.command(OperatorCommand(at=loop.now(), action=action, symbol=None))
        await self._until(lambda: _was_told(session) and not self._left(), POLICY_S_MAX)
        return self._left()

    async def quieten(self) -> None:
        """Once no ticker comes any more: take the command back, so that the next start trades if
        this one did, and let answers come in that are under way."""
        loop = self._loop
        if self._asked:
            resume = OperatorCommand(at=loop.now(), action=OperatorAction.RESUME, symbol=None)
            loop.command(resume)
        await self._until(lambda: not loop.settled().in_flight, QUIET_S_MAX)

    def _left(self) -> int:
        """Orders that are not known to have ended and that the policy wants gone."""
        orders = self._loop.session.live_orders()
        if self._policy is OnStop.CANCEL_ALL:
            return len(orders)
        return sum(order.opens for order in orders)

    async def _until(self, holds: Callable[[], bool], patience_s: float) -> None:
        ends_s = self._steady_s() + patience_s
        while not holds() and self._steady_s() < ends_s:
            await self._sleep(LOOK_S)


def _was_told(session: AccountSession) -> bool:
    return any(mode.cause is ModeCause.OPERATOR for mode in session.standing_modes())

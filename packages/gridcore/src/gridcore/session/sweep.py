"""The verified cancel-all: every order is cancelled, again and again, until none is left (A33).

It knows orders; it refuses to know why they have to go.
"""

from gridcore.clock import SECOND_US, Instant
from gridcore.saved import Saved
from gridcore.session.effects import CancelReason, Severity, SnapshotKind
from gridcore.session.state import AccountState

AGAIN_US = 5 * SECOND_US


class Sweep:
    """Cancels all orders of the account until a listing, asked afterwards, shows none of ours."""

    __slots__ = ("_asked", "_state", "since")

    def __init__(self, state: AccountState) -> None:
        self._state = state
        self.since: Instant | None = None
        self._asked = False

    def begin(self, now: Instant) -> None:
        """Start, or start over."""
        self.since = now
        self._asked = False
        self.due(now)

    def stop(self) -> None:
        """Leave what is left: the reason is gone."""
        self.since = None
        self._state.deadlines.set("sweep", None)

    def due(self, now: Instant) -> None:
        """Cancel what is live, ask what the exchange shows; done when it shows nothing."""
        if self.since is None:
            return
        state = self._state
        unanswered = any(state.questions.is_open(symbol) for symbol in state.strategies)
        if self._asked and not unanswered and not len(state.tracker):
            self.stop()
            state.out.notice(now, "gridcore.session", "all_cancelled", Severity.WARNING)
            return
        for order in list(state.tracker.live()):
            if order.order_id and not order.cancelling:
                state.strategies[order.symbol].cancel(order, CancelReason.MODE, now)
        for symbol in state.strategies:
            state.want(symbol, now, "every order is to be cancelled", SnapshotKind.ORDERS)
        self._asked = True
        state.deadlines.set("sweep", Instant(now + AGAIN_US))

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {"since": self.since, "asked": self._asked}

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self.since = saved.instant_or_none("since")
        self._asked = saved.flag("asked")

"""The verified cancel-all: every order is cancelled, again and again, until none is left (A33).

It knows orders; it refuses to know why they have to go.
"""

from collections.abc import Iterable

from gridcore.clock import SECOND_US, Instant
from gridcore.saved import Saved
from gridcore.session.effects import CancelReason, Severity, SnapshotKind
from gridcore.session.modes import ModeCause
from gridcore.session.state import AccountState

AGAIN_US = 5 * SECOND_US


class _Swept:
    """One symbol that is being emptied: for whom, and whether a listing asked since is due."""

    __slots__ = ("causes", "proving")

    def __init__(self, causes: list[ModeCause]) -> None:
        self.causes = causes
        self.proving = False
        """Whether nothing of ours was live when the exchange was last asked."""


class Sweep:
    """Cancels all orders of symbols until a listing, asked afterwards, shows none of ours."""

    __slots__ = ("_state", "_swept")

    def __init__(self, state: AccountState) -> None:
        self._state = state
        self._swept: dict[str, _Swept] = {}

    @property
    def active(self) -> bool:
        """Whether any symbol is being emptied."""
        return bool(self._swept)

    def sweeps(self, symbol: str) -> bool:
        """Whether a symbol is being emptied."""
        return symbol in self._swept

    def begin(self, symbols: Iterable[str], cause: ModeCause, now: Instant) -> None:
        """Empty these symbols, on behalf of a cause."""
        for symbol in symbols:
            swept = self._swept.get(symbol)
            if swept is None:
                self._swept[symbol] = _Swept([cause])
            elif cause not in swept.causes:
                swept.causes.append(cause)
        self.due(now)

    def stop(self, symbols: Iterable[str], *causes: ModeCause) -> None:
        """These causes no longer want it: what is left stays, unless another cause wants it."""
        for symbol in symbols:
            swept = self._swept.get(symbol)
            if swept is None:
                continue
            swept.causes = [cause for cause in swept.causes if cause not in causes]
            if not swept.causes:
                del self._swept[symbol]
        if not self._swept:
            self._state.deadlines.set("sweep", None)

    def due(self, now: Instant) -> None:
        """Cancel what is live, ask what the exchange shows; done where it shows nothing."""
        for symbol in list(self._swept):
            self._sweep(symbol, self._swept[symbol], now)
        again = Instant(now + AGAIN_US) if self._swept else None
        self._state.deadlines.set("sweep", again)

    def _sweep(self, symbol: str, swept: _Swept, now: Instant) -> None:
        state = self._state
        live = state.tracker.live_of(symbol)
        if swept.proving and not live and not state.questions.is_open(symbol):
            del self._swept[symbol]
            state.out.notice(
                now, "gridcore.session", "all_cancelled", Severity.WARNING, symbol=symbol
            )
            return
        for order in live:
            if order.order_id and not order.cancelling:
                state.strategies[symbol].cancel(order, CancelReason.MODE, now)
        swept.proving = not live
        state.want(symbol, now, "every order is to be cancelled", SnapshotKind.ORDERS)

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            symbol: {"causes": [cause.value for cause in swept.causes], "proving": swept.proving}
            for symbol, swept in self._swept.items()
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._swept = {}
        for symbol in saved.names():
            part = saved.part(symbol)
            swept = _Swept([ModeCause(str(cause)) for cause in part.list_of("causes")])
            swept.proving = part.flag("proving")
            self._swept[symbol] = swept

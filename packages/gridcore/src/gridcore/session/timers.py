"""What is done when a deadline comes: each name's first part says whose it is."""

from collections.abc import Callable

from gridcore.clock import SECOND_US, Instant
from gridcore.config import SafetyConfig
from gridcore.events import TimerFired
from gridcore.session.conditions import ConditionDesk
from gridcore.session.effects import SnapshotKind
from gridcore.session.listings import ListingDesk
from gridcore.session.modes import ModeCause
from gridcore.session.reconcile import Reconciler
from gridcore.session.refusals import RefusalDesk
from gridcore.session.state import AccountState

_AUDITS = {
    "audit_orders": SnapshotKind.ORDERS,
    "audit_positions": SnapshotKind.POSITIONS,
    "audit_wallet": SnapshotKind.WALLET,
}


class Timers:
    """The periodic audits, and every desk's own deadlines."""

    __slots__ = (
        "_audit_us",
        "_conditions",
        "_listings",
        "_reconciler",
        "_refusals",
        "_routes",
        "_state",
    )

    def __init__(
        self,
        state: AccountState,
        safety: SafetyConfig,
        conditions: ConditionDesk,
        refusals: RefusalDesk,
        listings: ListingDesk,
        reconciler: Reconciler,
    ) -> None:
        self._state = state
        self._conditions = conditions
        self._refusals = refusals
        self._listings = listings
        self._reconciler = reconciler
        self._audit_us = {
            "audit_orders": safety.audit_orders_s * SECOND_US,
            "audit_positions": safety.audit_positions_s * SECOND_US,
            "audit_wallet": safety.audit_wallet_s * SECOND_US,
        }
        self._routes: dict[str, Callable[[str, Instant], None]] = {
            "emergency": self._emergency,
            "brakes": self._brakes,
            "crossing": self._crossing,
            "legs": self._legs,
            "duplicates": self._duplicates,
            "liquidation": self._liquidation,
            "unsure": self._unsure,
            "reconcile": reconciler.due,
            "stale": conditions.stale_due,
            "questions": self._questions,
            "orders": self._orders,
            "unexecuted": self._unexecuted,
            "authentication": self._probe,
            "balance": self._balance,
            "sweep": self._sweep,
            "books": self._books,
            "midnight": self._midnight,
        }

    def start_audits(self, now: Instant) -> None:
        """Begin the periodic questions."""
        for name in _AUDITS:
            self._state.deadlines.set(name, Instant(now + self._audit_us[name]))

    def fired(self, event: TimerFired, now: Instant) -> None:
        """Everything due by the event's time, earliest first."""
        for name in self._state.deadlines.due(event.at):
            kind, _, rest = name.partition("/")
            if kind in _AUDITS:
                self._audit(kind, now)
            else:
                self._routes[kind](rest, now)

    def _audit(self, name: str, now: Instant) -> None:
        kind = _AUDITS[name]
        state = self._state
        state.deadlines.set(name, Instant(now + self._audit_us[name]))
        if state.authentication.cooling:
            return  # a dead key asks nothing but its probe (spec/live.md 4.20)
        if kind is SnapshotKind.WALLET:
            state.want(None, now, "audit", kind)
            kind = SnapshotKind.EXECUTIONS  # two lost ones may cancel out in the wallet
        for symbol in state.strategies:
            state.want(symbol, now, "audit", kind)

    def _emergency(self, symbol: str, now: Instant) -> None:
        self._conditions.emergency_due(self._state.strategies[symbol], now)

    def _brakes(self, symbol: str, now: Instant) -> None:
        strategy = self._state.strategies[symbol]
        strategy.brakes_due(now)
        self._state.deadlines.set(strategy.brakes_name, strategy.brakes.next_deadline())

    def _crossing(self, symbol: str, now: Instant) -> None:
        """The market has been beyond a live order for 2 s without an execution: ask."""
        crossing = self._state.strategies[symbol].crossing
        if crossing.due(now):
            self._state.want(
                symbol,
                now,
                "the market is beyond an order that did not fill",
                SnapshotKind.ORDERS,
                SnapshotKind.EXECUTIONS,
            )
        self._state.deadlines.set(f"crossing/{symbol}", crossing.next_deadline())

    def _legs(self, symbol: str, now: Instant) -> None:
        if self._reconciler.under_way(symbol):
            return  # it compares the legs, at its own pace
        if self._reconciler.legs_differ(self._state.strategies[symbol]):
            self._reconciler.begin(symbol, "a position that our executions do not explain", now)

    def _unsure(self, symbol: str, now: Instant) -> None:
        """No answer was sure to know what the exchange knew when it refused a close: ask again."""
        if any(since is not None for since in self._state.strategies[symbol].brakes.unsure):
            reason = "less to close than believed"
            self._state.want(symbol, now, reason, SnapshotKind.POSITIONS)

    def _liquidation(self, symbol: str, now: Instant) -> None:
        """A leg was opened and no report told its liquidation price: unknown is not far away."""
        if self._state.strategies[symbol].pair.unknown_liquidation:
            self._state.ask_mode(
                symbol, ModeCause.UNKNOWN_LIQUIDATION, "a known liquidation price", now
            )
            reason = "a liquidation price is unknown"
            self._state.want(symbol, now, reason, SnapshotKind.POSITIONS)

    def _duplicates(self, symbol: str, now: Instant) -> None:
        self._conditions.duplicates_due(self._state.strategies[symbol], now)

    def _questions(self, rest: str, now: Instant) -> None:
        del rest
        state = self._state
        if not state.authentication.cooling:
            state.out.requests.extend(state.questions.due(now))
        state.wake_questions(now)

    def _orders(self, rest: str, now: Instant) -> None:
        del rest
        self._listings.orders_due(now)

    def _unexecuted(self, rest: str, now: Instant) -> None:
        del rest
        self._listings.unexecuted_due(now)

    def _probe(self, rest: str, now: Instant) -> None:
        del rest
        self._refusals.probe_due(now)

    def _balance(self, rest: str, now: Instant) -> None:
        del rest
        self._refusals.balance_due(now)

    def _books(self, rest: str, now: Instant) -> None:
        del rest
        self._state.want(None, now, "a profit is unknown", SnapshotKind.WALLET)

    def _sweep(self, rest: str, now: Instant) -> None:
        del rest
        self._conditions.sweep.due(now)

    def _midnight(self, rest: str, now: Instant) -> None:
        del rest
        self._conditions.midnight(now)

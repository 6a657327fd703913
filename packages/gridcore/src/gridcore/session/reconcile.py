"""Belief against the exchange: one procedure for start, reconnect, suspicion and audit.

It asks, waits for the answers that listings.py applies, and forbids opening until both agree.
"""

from gridcore.clock import SECOND_US, Instant
from gridcore.policy import DIRECTIONS
from gridcore.saved import Saved
from gridcore.session.effects import Severity, SnapshotKind
from gridcore.session.modes import ModeCause
from gridcore.session.orders import OrderState
from gridcore.session.state import LAG_US, MARGIN_US, AccountState
from gridcore.session.strategy import Strategy

PATIENCE = 5
"""Comparisons after which a difference is taken over from the exchange, with an alert."""
_OF_SYMBOL = (
    SnapshotKind.ORDERS,
    SnapshotKind.HISTORY,
    SnapshotKind.EXECUTIONS,
    SnapshotKind.POSITIONS,
)


class Round:
    """One comparison under way for a symbol."""

    __slots__ = ("attempts", "reason", "since", "unexplained")

    def __init__(
        self, since: Instant, reason: str, attempts: int = 0, unexplained: int = 0
    ) -> None:
        self.since = since
        self.reason = reason
        self.attempts = attempts
        self.unexplained = unexplained
        """How often executions that had to explain the legs did not."""


class Reconciler:
    """Compares, corrects by events, and forbids opening until belief and exchange agree."""

    __slots__ = ("_rounds", "_state", "_tracker")

    def __init__(self, state: AccountState) -> None:
        self._state = state
        self._tracker = state.tracker
        self._rounds: dict[str, Round] = {}

    # -- rounds ----------------------------------------------------------------------------

    def begin(self, symbol: str, reason: str, now: Instant) -> None:
        """Compare a symbol with the exchange; no opening there until both agree."""
        state = self._state
        if state.ask_mode(symbol, ModeCause.RECONCILE, "belief and exchange agree", now):
            state.out.notice(
                now,
                "gridcore.session",
                "reconcile_begun",
                Severity.WARNING,
                symbol=symbol,
                reason=reason,
            )
        known = self._rounds.get(symbol)
        if known is None:
            self._rounds[symbol] = Round(now, reason)
        else:
            self._rounds[symbol] = Round(now, reason, known.attempts, known.unexplained)
        state.want(symbol, now, reason, *_OF_SYMBOL)
        state.want(None, now, reason, SnapshotKind.WALLET)

    def begin_suspected(self, now: Instant) -> None:
        """Begin what this event made suspect."""
        suspicions = self._state.suspicions
        while suspicions:
            symbol = next(iter(suspicions))
            self.begin(symbol, suspicions.pop(symbol), now)

    def judge(self, symbol: str, now: Instant) -> None:
        """An answer came: whether the comparison is over."""
        round_ = self._rounds.get(symbol)
        questions = self._state.questions
        if round_ is None or questions.is_open(symbol) or questions.is_open(None):
            return
        strategy = self._state.strategies[symbol]
        if not self._differs(strategy):
            del self._rounds[symbol]
            self._state.deadlines.set(f"reconcile/{symbol}", None)
            self._agreed(strategy, now)
            return
        round_.attempts += 1
        if self._unexplained(strategy):
            round_.unexplained += 1
        if round_.unexplained >= PATIENCE and self._take_over(strategy, now):
            self.judge(symbol, now)
            return
        wait = min(SECOND_US << min(round_.attempts, 5), 30 * SECOND_US)
        self._state.deadlines.set(f"reconcile/{symbol}", Instant(now + wait))

    def under_way(self, symbol: str) -> bool:
        """Whether a symbol is being compared."""
        return symbol in self._rounds

    def due(self, symbol: str, now: Instant) -> None:
        """Compare again."""
        round_ = self._rounds.get(symbol)
        if round_ is not None:
            self.begin(symbol, round_.reason, now)

    def _agreed(self, strategy: Strategy, now: Instant) -> None:
        state = self._state
        symbol = strategy.symbol
        state.end_mode(symbol, ModeCause.RECONCILE)
        if strategy.guard.release():
            state.end_mode(symbol, ModeCause.DUPLICATE_FILLS)
            state.deadlines.set(f"duplicates/{symbol}", None)
        state.out.notice(now, "gridcore.session", "reconciled", Severity.INFO, symbol=symbol)

    def _differs(self, strategy: Strategy) -> bool:
        """Whether anything is open: an order in doubt, executions missing, legs that differ."""
        symbol = strategy.symbol
        for order in self._tracker.live_of(symbol):
            if order.state is OrderState.UNCERTAIN or order.unlisted:
                return True
        for wire_id in self._state.unexecuted:
            filled = self._tracker.find("", wire_id)
            if filled is not None and filled.symbol == symbol:
                return True
        return self.legs_differ(strategy)

    def legs_differ(self, strategy: Strategy) -> bool:
        """Whether our own books and the mirror disagree about a position."""
        ledger, instrument = self._state.ledger, strategy.instrument
        for index, direction in enumerate(DIRECTIONS):
            leg = strategy.pair.legs[index]
            if leg.at is not None and (
                ledger.leg_size(strategy.symbol, direction) != instrument.qty_step * leg.size
            ):
                return True
        return False

    def _unexplained(self, strategy: Strategy) -> bool:
        """Whether complete executions, asked late enough to know, leave a difference."""
        known_to = self._state.known_to.get(strategy.symbol)
        if known_to is None or not self.legs_differ(strategy):
            return False
        sure = known_to + MARGIN_US - LAG_US
        return all(leg.changed_at <= sure for leg in strategy.pair.legs)

    def _take_over(self, strategy: Strategy, now: Instant) -> bool:
        """Executions cannot explain the legs: believe the exchange, and say so."""
        state = self._state
        if not self.legs_differ(strategy):
            return False
        for index, direction in enumerate(DIRECTIONS):
            leg = strategy.pair.legs[index]
            if leg.at is None:
                continue
            size = strategy.instrument.qty_step * leg.size
            if state.ledger.leg_size(strategy.symbol, direction) != size:
                at = Instant(max(leg.at, leg.moved_at))
                state.enter(
                    state.ledger.seed_leg(
                        strategy.symbol, direction, size, leg.entry, at, state.last_minted
                    )
                )
                state.out.notice(
                    now,
                    "gridcore.session",
                    "leg_taken_over",
                    Severity.ALERT,
                    symbol=strategy.symbol,
                    direction=direction.value,
                    size=str(size),
                )
        return True

    # -- answers ---------------------------------------------------------------------------

    def answered(
        self,
        kind: SnapshotKind,
        symbol: str | None,
        asked_at: Instant,
        now: Instant,
        *,
        complete: bool = True,
    ) -> None:
        """An answer came and was applied: whether it ends a comparison."""
        state = self._state
        state.questions.answered(kind, symbol, asked_at, now, complete=complete)
        state.wake_questions(now)
        if symbol is not None:
            self.judge(symbol, now)
        else:
            for name in list(self._rounds):
                self.judge(name, now)

    # -- memory ----------------------------------------------------------------------------

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            symbol: {
                "since": one.since,
                "reason": one.reason,
                "attempts": one.attempts,
                "unexplained": one.unexplained,
            }
            for symbol, one in self._rounds.items()
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._rounds = {}
        for symbol in saved.names():
            part = saved.part(symbol)
            self._rounds[symbol] = Round(
                Instant(part.whole("since")),
                part.text("reason"),
                part.whole("attempts"),
                part.whole("unexplained"),
            )

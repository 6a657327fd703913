"""What a refused placement causes: a retry, a breaker, a doubt, a mode. It places nothing."""

from gridcore.clock import MINUTE_US, SECOND_US, Instant
from gridcore.events import PlaceRejected, QuestionRefused
from gridcore.instrument import Ticks
from gridcore.session.breakers import Key
from gridcore.session.codes import Reaction, reaction_to_place
from gridcore.session.effects import Severity, SnapshotKind
from gridcore.session.modes import ACCOUNT, Mode, ModeCause
from gridcore.session.orders import TrackedOrder
from gridcore.session.state import AccountState
from gridcore.session.strategy import Strategy
from gridcore.sides import BUY
from gridcore.working import direction_index

BALANCE_PAUSE_US = MINUTE_US
BALANCE_RETRY_US = 5 * SECOND_US
_UNKNOWN = (Reaction.AMBIGUOUS, Reaction.DUPLICATE_ID)


def key_of(order: TrackedOrder) -> Key:
    """The placement that an order is: (direction, side, price in ticks)."""
    return direction_index(order.direction), 0 if order.side is BUY else 1, int(order.price)


class RefusalDesk:
    """Acts on the exchange's no."""

    __slots__ = ("_state",)

    def __init__(self, state: AccountState) -> None:
        self._state = state

    @staticmethod
    def ambiguous(code: int) -> bool:
        """Whether a code leaves open whether the order exists (A08: 110072 probably landed)."""
        return reaction_to_place(code) in _UNKNOWN

    def refused(
        self, strategy: Strategy, order: TrackedOrder, event: PlaceRejected, now: Instant
    ) -> None:
        """React to a code that is no uncertainty (spec/live.md 1.7)."""
        state = self._state
        reaction = reaction_to_place(event.code)
        if reaction is Reaction.AUTHENTICATION:
            self.key_refused(now)
        else:
            state.authentication.refused_otherwise()
        if reaction is Reaction.RETRY:
            due = strategy.brakes.refused(key_of(order), order.wire_id, now)
            self._wake(strategy)
            if due is not None:
                return
        elif reaction is Reaction.POSITION_STALE:
            strategy.brakes.unsure[direction_index(order.direction)] = event.at
            state.want(event.symbol, now, "less to close than believed", SnapshotKind.POSITIONS)
        elif reaction is Reaction.BALANCE:
            state.balance_refused_at = now
            state.ask_mode(ACCOUNT, ModeCause.BALANCE, "a newer wallet, 60 s at least", now)
            state.deadlines.set("balance", Instant(now + BALANCE_PAUSE_US))
            state.want(None, now, "the wallet does not carry an order", SnapshotKind.WALLET)
        self.count(strategy, order, str(event.code), now)

    def count(self, strategy: Strategy, order: TrackedOrder, reason: str, now: Instant) -> None:
        """Count a refusal against its placement; the third within 60 s stops it for 60 s (L36)."""
        tripped = strategy.brakes.breaker.count(key_of(order), now)
        self._state.out.notice(
            now,
            "gridcore.session",
            "placement_stopped" if tripped else "placement_refused",
            Severity.ALERT if tripped else Severity.WARNING,
            strat_id=order.strat_id,
            reason=reason,
            price=strategy.instrument.price_text(Ticks(int(order.price))),
        )
        if tripped:
            self._state.want(
                order.symbol,
                now,
                "a placement is refused again and again",
                SnapshotKind.ORDERS,
                SnapshotKind.POSITIONS,
            )
            self._wake(strategy)

    def _wake(self, strategy: Strategy) -> None:
        state = self._state
        state.deadlines.set(strategy.brakes_name, strategy.brakes.next_deadline())

    # -- our key ---------------------------------------------------------------------------

    def key_refused(self, now: Instant) -> None:
        """Five in a row halt the account for 30 min (A23, L115)."""
        if self._state.authentication.refused(now):
            self._halt(now)

    def question_refused(self, event: QuestionRefused, now: Instant) -> None:
        """A question counts like any request, the probe of a cooldown above all (A23)."""
        self.key_refused(now)

    def stream_refused(self, now: Instant) -> None:
        """The private stream was refused for our key (A38)."""
        if self._state.authentication.failed_for_good(now):
            self._halt(now)

    def _halt(self, now: Instant) -> None:
        state = self._state
        state.ask_mode(ACCOUNT, ModeCause.AUTHENTICATION, "a probe after 30 min", now, Mode.HALT)
        state.deadlines.set("authentication", state.authentication.next_deadline())
        state.out.notice(
            now,
            "gridcore.session",
            "key_refused",
            Severity.ALERT,
            cooldowns=str(state.authentication.cooldowns),
        )

    def key_works(self) -> None:
        """The exchange took a request that needs our key."""
        state = self._state
        if state.authentication.succeeded():
            state.end_mode(ACCOUNT, ModeCause.AUTHENTICATION)
            state.deadlines.set("authentication", None)
            for symbol in state.strategies:
                state.suspect(symbol, "the key works again")

    def probe_due(self, now: Instant) -> None:
        """Ask one thing, to learn whether our key works again."""
        state = self._state
        if state.authentication.probe_due(now):
            reason = "whether the key works again"
            state.out.requests.append(state.questions.probe(SnapshotKind.WALLET, None, now, reason))
        state.deadlines.set("authentication", state.authentication.next_deadline())

    def balance_due(self, now: Instant) -> None:
        """Opens go on when a wallet newer than the refusal is known, 60 s after it (A21)."""
        state = self._state
        since, seen = state.balance_refused_at, state.wallet.seen
        if since is None:
            return
        if seen is not None and seen > since:
            state.balance_refused_at = None
            state.end_mode(ACCOUNT, ModeCause.BALANCE)
            return
        state.deadlines.set("balance", Instant(now + BALANCE_RETRY_US))
        state.want(None, now, "a wallet newer than the refusal", SnapshotKind.WALLET)

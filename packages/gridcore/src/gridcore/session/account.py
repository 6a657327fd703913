"""AccountSession: routes events to the desks and strategies that share one wallet.

It never awaits, logs, reads a clock, draws a random number or touches a file.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from gridcore.clock import Instant
from gridcore.config import ConfigError, SafetyConfig
from gridcore.events import (
    AuthenticationFailed,
    CancelAccepted,
    CancelRejected,
    CancelUnknown,
    CashMoved,
    Event,
    Execution,
    ExecutionsSnapshot,
    FundingPaid,
    HistorySnapshot,
    HostReport,
    Liquidated,
    OperatorCommand,
    OrdersSnapshot,
    OrderUpdate,
    PlaceAccepted,
    PlaceRejected,
    PlaceUnknown,
    PositionsSnapshot,
    PositionUpdate,
    PublicTrade,
    QuestionRefused,
    SessionStarted,
    StreamLost,
    StreamRestored,
    SymbolReport,
    Ticker,
    TimerFired,
    WalletSnapshot,
    WalletUpdate,
)
from gridcore.policy import PriceBand
from gridcore.saved import Saved, SavedStateError
from gridcore.session.cash_desk import CashDesk
from gridcore.session.conditions import ConditionDesk
from gridcore.session.effects import NO_EFFECTS, Effects, SnapshotKind
from gridcore.session.exposure import AccountExposure
from gridcore.session.ledger import Ledger
from gridcore.session.listings import ListingDesk
from gridcore.session.modes import ACCOUNT, Mode, ModeCause, ModeRequest
from gridcore.session.order_desk import OrderDesk
from gridcore.session.orders import OrderEvent, OrderState, TrackedOrder
from gridcore.session.ownership import Claim, Ownership
from gridcore.session.reconcile import Reconciler
from gridcore.session.refusals import RefusalDesk
from gridcore.session.setup import AccountPolicies, StrategySetup
from gridcore.session.state import AccountState
from gridcore.session.strangers import StrangerDesk
from gridcore.session.strategy import Strategy
from gridcore.session.strategy_memory import restore_strategy, strategy_snapshot
from gridcore.session.timers import Timers

SNAPSHOT_FORMAT = 2
DEFAULT_POLICIES = AccountPolicies()


class AccountSession:
    """The kernel of one account: events in, effects out."""

    __slots__ = (
        "_cash",
        "_conditions",
        "_orders",
        "_out",
        "_reconciler",
        "_refusals",
        "_routes",
        "_started",
        "_state",
        "_strangers",
        "_timers",
        "account_id",
    )

    def __init__(
        self,
        account_id: str,
        setups: Sequence[StrategySetup],
        safety: SafetyConfig,
        policies: AccountPolicies = DEFAULT_POLICIES,
    ) -> None:
        """ConfigError for two strategies with one name, or on one symbol (E-11)."""
        self.account_id = account_id
        self._started = False
        state = self._state = AccountState(safety)
        self._out = state.out
        state.strategies = _strategies(setups, state)
        claims = [
            Claim(strat_id=setup.strat_id, salt=setup.salt, instrument=setup.instrument)
            for setup in setups
        ]
        for symbol in state.strategies:
            state.ask_mode(symbol, ModeCause.UNKNOWN_BOOK, "a complete listing", Instant(0))
            state.ask_mode(symbol, ModeCause.UNKNOWN_POSITION, "position event", Instant(0))
        state.ask_mode(ACCOUNT, ModeCause.UNKNOWN_WALLET, "wallet event", Instant(0))
        refusals = self._refusals = RefusalDesk(state)
        strangers = self._strangers = StrangerDesk(state, Ownership(claims), policies)
        orders = self._orders = OrderDesk(state, refusals, strangers)
        cash = self._cash = CashDesk(state)
        conditions = self._conditions = ConditionDesk(state, safety, refusals, strangers)
        self._reconciler = Reconciler(state)
        listings = ListingDesk(state, orders, cash, strangers, self._reconciler)
        self._routes: dict[type, Callable[[Any, Instant], None]] = {
            Ticker: self._ticker,
            Execution: orders.execution,
            OrderUpdate: orders.order_update,
            PositionUpdate: cash.position,
            WalletUpdate: cash.wallet_update,
            PlaceAccepted: orders.place_accepted,
            PlaceRejected: orders.place_rejected,
            PlaceUnknown: orders.place_unknown,
            CancelAccepted: orders.cancel_accepted,
            CancelRejected: orders.cancel_rejected,
            CancelUnknown: orders.cancel_unknown,
            QuestionRefused: refusals.question_refused,
            PublicTrade: self._ignore,
            FundingPaid: cash.funding,
            CashMoved: cash.cash,
            OrdersSnapshot: listings.orders_snapshot,
            HistorySnapshot: listings.history_snapshot,
            ExecutionsSnapshot: listings.executions_snapshot,
            PositionsSnapshot: self._positions,
            WalletSnapshot: self._wallet,
            SymbolReport: conditions.symbol_report,
            AuthenticationFailed: conditions.authentication_failed,
            StreamLost: conditions.stream_lost,
            StreamRestored: conditions.stream_restored,
            Liquidated: conditions.liquidated,
            OperatorCommand: conditions.command,
            HostReport: conditions.host_report,
            SessionStarted: self._start,
        }
        self._timers = Timers(state, safety, conditions, refusals, listings, self._reconciler)
        self._routes[TimerFired] = self._timers.fired

    # -- the contract ----------------------------------------------------------------------

    def handle(self, event: Event, now: Instant) -> Effects:
        """Take one event; return what to make durable, to send and to tell.

        The first event of a process is SessionStarted: until then nothing is opened, as nothing is
        known (there is no other way in).
        """
        self._routes[type(event)](event, now)
        state = self._state
        if state.loss_moved:
            state.loss_moved = False
            self._conditions.loss_moved(now)
        if state.suspicions:
            self._reconciler.begin_suspected(now)
        if state.drawdown.active and type(event) is not Ticker:
            self._conditions.equity_moved(now)
        out = self._out
        if out.records or out.requests or out.notices:
            return out.drain()
        return NO_EFFECTS

    def next_deadline(self) -> Instant | None:
        """When the session wants a TimerFired."""
        return self._state.deadlines.next()

    def quiet_band(self, symbol: str) -> PriceBand | None:
        """The open interval of last prices, on the tick, in which a ticker of `symbol` yields no
        effects and leaves every later decision unchanged; None when every ticker matters."""
        strategy = self._state.strategies.get(symbol)
        if strategy is None:
            return None, None
        if self._state.drawdown.active:
            inner = self._conditions.equity_band(strategy)
            return None if inner is None else strategy.quiet_band(inner)
        return strategy.quiet_band()

    def adopt_grid(self, symbol: str, rows: object) -> None:
        """Begin with a recorded grid, rows [{side, price}]; only before the first event.

        GridError when it cannot be used.
        """
        assert not self._started, "a session that has begun has a grid of its own"
        strategy = self._state.strategies[symbol]
        strategy.engine.adopt(rows, strategy.book)

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable as JSON; `restore` is its inverse."""
        state = self._state
        return {
            "format": SNAPSHOT_FORMAT,
            "account_id": self.account_id,
            "started": self._started,
            "state": state.snapshot(),
            "strangers": self._strangers.snapshot(),
            "reconcile": self._reconciler.snapshot(),
            "sweep": self._conditions.sweep.snapshot(),
            "cash": self._cash.snapshot(),
            "strategies": {
                symbol: strategy_snapshot(strategy) for symbol, strategy in state.strategies.items()
            },
        }

    def restore(self, memory: Mapping[str, object]) -> None:
        """Take back what snapshot() gave; SavedStateError when it does not fit this session."""
        saved = Saved(memory)
        state = self._state
        if saved.whole("format") != SNAPSHOT_FORMAT:
            raise SavedStateError(
                f"expected snapshot format {SNAPSHOT_FORMAT}, found {saved.raw('format')}"
            )
        if saved.text("account_id") != self.account_id:
            raise SavedStateError(
                f"expected a snapshot of {self.account_id}, found {saved.text('account_id')}"
            )
        parts = saved.part("strategies")
        if sorted(parts.names()) != sorted(state.strategies):
            raise SavedStateError(
                f"expected strategies on {sorted(state.strategies)}, found {parts.names()}"
            )
        self._started = saved.flag("started")
        state.restore(saved.part("state"))
        self._strangers.restore(saved.parts("strangers"))
        self._reconciler.restore(saved.part("reconcile"))
        self._conditions.sweep.restore(saved.part("sweep"))
        self._cash.restore(saved.part("cash"))
        state.apply_modes()
        for symbol, strategy in state.strategies.items():
            restore_strategy(strategy, parts.part(symbol), state.tracker.live_of(symbol))
        if self._started:
            state.out.drain()  # the notices of a start were told before the snapshot

    # -- start -----------------------------------------------------------------------------

    def _start(self, event: SessionStarted, now: Instant) -> None:
        """Start-up is recovery: what was in flight is unknown, everything is compared."""
        state = self._state
        self._started = True
        for order in list(state.tracker.live()):
            self._orders.in_flight(order, now)
        for symbol in state.strategies:
            state.known_to.setdefault(symbol, event.at)
        state.known_to.setdefault("", event.at)
        self._conditions.started(now)
        self._timers.start_audits(now)
        for symbol in state.strategies:
            state.ask_mode(symbol, ModeCause.UNKNOWN_BOOK, "a complete listing", now)
            self._reconciler.begin(symbol, "start", now)

    # -- market ----------------------------------------------------------------------------

    def _ticker(self, event: Ticker, now: Instant) -> None:
        state = self._state
        strategy = state.strategies.get(event.symbol)
        if strategy is None:
            return
        if strategy.observe(event, now):
            self._conditions.follow(strategy, now)
        if state.drawdown.active:
            self._conditions.price_moved(strategy, event.last, now)
        strategy.act(now)
        brakes = strategy.brakes
        if brakes.rate_denied:
            if not brakes.rate.full(now):
                strategy.brakes_due(now)  # room came before its timer did
            state.deadlines.set(strategy.brakes_name, brakes.next_deadline())

    def _ignore(self, event: Event, now: Instant) -> None:
        """Events that change nothing here."""

    # -- answers ---------------------------------------------------------------------------

    def _positions(self, event: PositionsSnapshot, now: Instant) -> None:
        self._cash.positions_snapshot(event, now)
        complete = len({leg.direction for leg in event.legs}) == 2
        self._reconciler.answered(
            SnapshotKind.POSITIONS, event.symbol, event.asked_at, now, complete=complete
        )

    def _wallet(self, event: WalletSnapshot, now: Instant) -> None:
        self._refusals.key_works()
        self._cash.wallet_snapshot(event, now)
        self._reconciler.answered(SnapshotKind.WALLET, None, event.asked_at, now)

    # -- what a shell may look at ----------------------------------------------------------

    @property
    def strategies(self) -> Mapping[str, Strategy]:
        """The strategies by symbol."""
        return self._state.strategies

    @property
    def ledger(self) -> Ledger:
        """Our own books."""
        return self._state.ledger

    def standing_modes(self) -> list[ModeRequest]:
        """Every request for less trading, oldest first."""
        return self._state.modes.standing()

    def awaits_rebuilding(self, symbol: str) -> bool:
        """Whether a symbol's instrument has changed and no order of the old one is left."""
        state = self._state
        return (
            state.modes.stands(symbol, ModeCause.SYMBOL_CHANGED)
            and state.modes.mode(symbol, "") >= Mode.HALT
            and not self._conditions.sweep.sweeps(symbol)
            and not state.tracker.live_of(symbol)
        )

    def denials(self) -> dict[str, int]:
        """How many orders were denied, by reason, over all strategies."""
        counts: dict[str, int] = {}
        for strategy in self._state.strategies.values():
            for reason, count in strategy.denials.counts.items():
                counts[reason] = counts.get(reason, 0) + count
        return dict(sorted(counts.items()))

    @property
    def transitions(self) -> dict[tuple[OrderState, OrderEvent], int]:
        """How often each row of the order table was taken; no memory, for whoever counts."""
        taken = self._state.tracker.taken
        return {
            (state, event): taken[state][event]
            for state in OrderState
            for event in OrderEvent
            if taken[state][event]
        }

    def live_orders(self) -> list[TrackedOrder]:
        """Orders that are not terminal, oldest first."""
        return list(self._state.tracker.live())

    @property
    def open_orders(self) -> int:
        """Orders that are not terminal."""
        return len(self._state.tracker)

    @property
    def balance(self) -> Decimal:
        """Cash by our own books."""
        return self._state.ledger.balance


def _strategies(setups: Sequence[StrategySetup], state: AccountState) -> dict[str, Strategy]:
    together = AccountExposure(state.wallet)
    strategies: dict[str, Strategy] = {}
    names: set[str] = set()
    for setup in setups:
        symbol = setup.instrument.symbol
        if symbol in strategies or setup.strat_id in names:
            raise ConfigError(
                f"strategies: expected one per symbol and name, found a second one for "
                f"{symbol} or named {setup.strat_id!r}"
            )
        names.add(setup.strat_id)
        strategies[symbol] = Strategy(
            setup, state.tracker, state.wallet, together, state.out, state.mint_wire_id
        )
    return strategies

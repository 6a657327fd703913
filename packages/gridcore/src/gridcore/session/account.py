"""AccountSession: routes events to the strategies that share one wallet, and keeps their deadlines.

It never awaits, logs, reads a clock, draws a random number or touches a file.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from gridcore.clock import SECOND_US, Instant
from gridcore.config import ConfigError, SafetyConfig
from gridcore.events import (
    CancelAccepted,
    CancelRejected,
    CashMoved,
    Event,
    Execution,
    FundingPaid,
    Liquidated,
    OperatorResumed,
    OrdersSnapshot,
    OrderUpdate,
    PlaceAccepted,
    PlaceRejected,
    PositionUpdate,
    PublicTrade,
    StreamLost,
    StreamRestored,
    Ticker,
    TimerFired,
    WalletUpdate,
)
from gridcore.policy import DIRECTIONS, PriceBand
from gridcore.position import RiskSeverity
from gridcore.saved import Saved, SavedStateError
from gridcore.session.cash_desk import CashDesk
from gridcore.session.effects import NO_EFFECTS, AskSnapshot, Effects, SnapshotKind
from gridcore.session.exposure import AccountExposure
from gridcore.session.ledger import Ledger
from gridcore.session.modes import ACCOUNT, Mode, ModeCause, ModeRequest
from gridcore.session.order_desk import OrderDesk
from gridcore.session.setup import StrategySetup
from gridcore.session.state import AccountState
from gridcore.session.strategy import Strategy
from gridcore.session.strategy_memory import restore_strategy, strategy_snapshot

SNAPSHOT_FORMAT = 1
_AUDITS = {
    "audit_orders": SnapshotKind.ORDERS,
    "audit_positions": SnapshotKind.POSITIONS,
    "audit_wallet": SnapshotKind.WALLET,
}


class AccountSession:
    """The kernel of one account: events in, effects out."""

    __slots__ = ("_audit_us", "_audits_started", "_out", "_routes", "_state", "account_id")

    def __init__(
        self, account_id: str, setups: Sequence[StrategySetup], safety: SafetyConfig
    ) -> None:
        """ConfigError for two strategies with one name, or on one symbol (E-11)."""
        self.account_id = account_id
        self._audit_us = {
            "audit_orders": safety.audit_orders_s * SECOND_US,
            "audit_positions": safety.audit_positions_s * SECOND_US,
            "audit_wallet": safety.audit_wallet_s * SECOND_US,
        }
        self._audits_started = False
        state = self._state = AccountState()
        self._out = state.out
        state.strategies = _strategies(setups, state)
        for symbol in state.strategies:
            state.ask_mode(symbol, ModeCause.UNKNOWN_POSITION, "position event", Instant(0))
        state.ask_mode(ACCOUNT, ModeCause.UNKNOWN_WALLET, "wallet event", Instant(0))
        orders, cash = OrderDesk(state), CashDesk(state)
        self._routes: dict[type, Callable[[Any, Instant], None]] = {
            Ticker: self._ticker,
            Execution: orders.execution,
            OrderUpdate: orders.order_update,
            PositionUpdate: cash.position,
            WalletUpdate: cash.wallet_update,
            PlaceAccepted: orders.place_accepted,
            PlaceRejected: orders.place_rejected,
            CancelAccepted: self._ignore,
            CancelRejected: orders.cancel_rejected,
            PublicTrade: self._ignore,
            FundingPaid: cash.funding,
            CashMoved: cash.cash,
            OrdersSnapshot: orders.orders_snapshot,
            StreamLost: self._stream_lost,
            StreamRestored: self._stream_restored,
            Liquidated: cash.liquidated,
            OperatorResumed: cash.resumed,
            TimerFired: self._timer,
        }

    # -- the contract ----------------------------------------------------------------------

    def handle(self, event: Event, now: Instant) -> Effects:
        """Take one event; return what to make durable, to send and to tell."""
        if not self._audits_started:
            self._audits_started = True
            for name in _AUDITS:
                self._state.deadlines.set(name, Instant(now + self._audit_us[name]))
        self._routes[type(event)](event, now)
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
        return (None, None) if strategy is None else strategy.quiet_band()

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable as JSON; `restore` is its inverse."""
        state = self._state
        return {
            "format": SNAPSHOT_FORMAT,
            "account_id": self.account_id,
            "audits_started": self._audits_started,
            "last_minted": state.last_minted,
            "ledger": state.ledger.snapshot(),
            "wallet": state.wallet.snapshot(),
            "modes": state.modes.snapshot(),
            "orders": state.tracker.snapshot(),
            "deadlines": state.deadlines.snapshot(),
            "executions": state.executions.snapshot(),
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
        self._audits_started = saved.flag("audits_started")
        state.last_minted = saved.whole("last_minted")
        state.ledger.restore(saved.part("ledger"))
        state.wallet.restore(saved.part("wallet"))
        state.modes.restore(saved.parts("modes"))
        state.tracker.restore(saved.part("orders"))
        state.deadlines.restore(saved.part("deadlines"))
        state.executions.restore(str(item) for item in saved.list_of("executions"))
        state.apply_modes()
        for symbol, strategy in state.strategies.items():
            restore_strategy(
                strategy,
                parts.part(symbol),
                [order for order in state.tracker.live() if order.symbol == symbol],
            )
        if self._audits_started:
            state.out.drain()  # the notices of a start were told before the snapshot

    # -- market ----------------------------------------------------------------------------

    def _ticker(self, event: Ticker, now: Instant) -> None:
        strategy = self._state.strategies.get(event.symbol)
        if strategy is None:
            return
        if strategy.observe(event, now):
            self._follow_grid_and_risk(strategy, now)
        strategy.act(now)

    def _follow_grid_and_risk(self, strategy: Strategy, now: Instant) -> None:
        """Turn the grid's holds and the pair's emergencies into modes."""
        state = self._state
        symbol = strategy.symbol
        hold = strategy.engine.rules.hold
        if hold is None:
            state.end_mode(symbol, ModeCause.GRID_HOLD)
        else:
            state.ask_mode(symbol, ModeCause.GRID_HOLD, hold.value, now)
        mode = Mode.CLOSE_ONLY if strategy.setup.risk.emergency_cancels_opens else Mode.NO_OPEN
        for index, direction in enumerate(DIRECTIONS):
            if strategy.risk.severity[index] is RiskSeverity.EMERGENCY:
                scope = f"{symbol}/{direction.value}"
                state.ask_mode(scope, ModeCause.EMERGENCY, "60 s below emergency", now, mode)
        state.deadlines.set(f"emergency/{symbol}", strategy.risk.next_deadline())

    def _stream_lost(self, event: StreamLost, now: Instant) -> None:
        self._state.ask_mode(event.symbol or ACCOUNT, ModeCause.STREAM_LOST, "stream restored", now)

    def _stream_restored(self, event: StreamRestored, now: Instant) -> None:
        del now
        self._state.end_mode(event.symbol or ACCOUNT, ModeCause.STREAM_LOST)

    def _ignore(self, event: Event, now: Instant) -> None:
        """Events that change nothing here."""

    # -- time ------------------------------------------------------------------------------

    def _timer(self, event: TimerFired, now: Instant) -> None:
        state = self._state
        for name in state.deadlines.due(event.at):
            kind, _, symbol = name.partition("/")
            if kind == "emergency":
                self._emergency_due(state.strategies[symbol], event.at)
            elif kind == "breaker":
                strategy = state.strategies[symbol]
                strategy.breaker_due(event.at)
                state.deadlines.set(name, strategy.breaker.next_deadline())
            else:
                self._audit(name, now)

    def _emergency_due(self, strategy: Strategy, at: Instant) -> None:
        if strategy.risk.expire(at):
            for index, direction in enumerate(DIRECTIONS):
                if strategy.risk.emergencies[index] is None:
                    scope = f"{strategy.symbol}/{direction.value}"
                    self._state.end_mode(scope, ModeCause.EMERGENCY)
        self._state.deadlines.set(f"emergency/{strategy.symbol}", strategy.risk.next_deadline())

    def _audit(self, name: str, now: Instant) -> None:
        kind = _AUDITS[name]
        state = self._state
        state.deadlines.set(name, Instant(now + self._audit_us[name]))
        symbols = [None] if kind is SnapshotKind.WALLET else list(state.strategies)
        for symbol in symbols:
            state.out.requests.append(AskSnapshot(kind=kind, symbol=symbol, reason="audit"))

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

    def denials(self) -> dict[str, int]:
        """How many orders were denied, by reason, over all strategies."""
        counts: dict[str, int] = {}
        for strategy in self._state.strategies.values():
            for reason, count in strategy.denials.counts.items():
                counts[reason] = counts.get(reason, 0) + count
        return dict(sorted(counts.items()))

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

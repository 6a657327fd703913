"""Conditions under which less trading is allowed, and what ends each of them.

Streams, ages, the operator, the symbol's own settings, losses. It never touches an order itself.
"""

from gridcore.clock import SECOND_US, Instant, utc_midnight
from gridcore.config import SafetyConfig
from gridcore.events import (
    AuthenticationFailed,
    HostCondition,
    HostReport,
    Liquidated,
    OperatorAction,
    OperatorCommand,
    StreamLost,
    StreamRestored,
    SymbolReport,
)
from gridcore.instrument import Price
from gridcore.policy import DIRECTIONS, PriceBand
from gridcore.position import RiskSeverity
from gridcore.session.drawdown import EquityLine, equity_line
from gridcore.session.effects import Severity
from gridcore.session.modes import ACCOUNT, Mode, ModeCause
from gridcore.session.refusals import RefusalDesk
from gridcore.session.state import AccountState
from gridcore.session.strangers import StrangerDesk
from gridcore.session.strategy import Strategy
from gridcore.session.sweep import Sweep

STALE_EXTRA_US = 10 * SECOND_US
_ASKED_MODES = {
    OperatorAction.NO_OPEN: Mode.NO_OPEN,
    OperatorAction.CLOSE_ONLY: Mode.CLOSE_ONLY,
    OperatorAction.HALT: Mode.HALT,
    OperatorAction.CANCEL_ALL: Mode.HALT,
}
_LIFTED = (ModeCause.OPERATOR, ModeCause.LIQUIDATED, ModeCause.LOSS_LIMIT, ModeCause.DRAWDOWN)
"""What the operator's resume lifts."""
_HOST_MODES = {
    HostCondition.JOURNAL_UNWRITABLE: (ModeCause.JOURNAL_UNWRITABLE, Mode.HALT, "a journal"),
    HostCondition.LEASE_UNRENEWED: (ModeCause.LEASE_UNRENEWED, Mode.NO_OPEN, "a renewed lease"),
    HostCondition.LEASE_LOST: (ModeCause.LEASE_LOST, Mode.SILENT, "a process that holds the lease"),
}
"""What a condition of the process asks for, and what ends that."""


class ConditionDesk:
    """Asks for modes and ends them."""

    __slots__ = ("_limits_us", "_refusals", "_state", "_strangers", "sweep")

    def __init__(
        self,
        state: AccountState,
        safety: SafetyConfig,
        refusals: RefusalDesk,
        strangers: StrangerDesk,
    ) -> None:
        self._state = state
        self._refusals = refusals
        self._strangers = strangers
        self.sweep = Sweep(state)
        self._limits_us = {
            "wallet": 2 * safety.audit_wallet_s * SECOND_US + STALE_EXTRA_US,
            "position": 2 * safety.audit_positions_s * SECOND_US + STALE_EXTRA_US,
            "book": 2 * safety.audit_orders_s * SECOND_US + STALE_EXTRA_US,
        }

    def started(self, now: Instant) -> None:
        """A process takes up the session: streams are new, ages are watched."""
        state = self._state
        state.end_mode(ACCOUNT, ModeCause.STREAM_LOST)
        for cause, _, _ in _HOST_MODES.values():
            state.end_mode(ACCOUNT, cause)
        state.deadlines.set("stale/wallet", Instant(now + self._limits_us["wallet"]))
        for symbol in state.strategies:
            state.end_mode(symbol, ModeCause.STALE_TICKER)
            for kind in ("position", "book"):
                state.deadlines.set(f"stale/{kind}/{symbol}", Instant(now + self._limits_us[kind]))
        state.deadlines.set("midnight", state.loss.next_midnight(now))
        self.midnight(now)

    # -- grid and risk ---------------------------------------------------------------------

    def follow(self, strategy: Strategy, now: Instant) -> None:
        """Turn the grid's holds, the pair's emergencies and crossings into modes and deadlines."""
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
        state.deadlines.set(f"crossing/{symbol}", strategy.crossing.next_deadline())

    def emergency_due(self, strategy: Strategy, at: Instant) -> None:
        """An emergency may have been below for long enough."""
        state = self._state
        if strategy.risk.expire(at):
            for index, direction in enumerate(DIRECTIONS):
                if strategy.risk.emergencies[index] is None:
                    state.end_mode(f"{strategy.symbol}/{direction.value}", ModeCause.EMERGENCY)
        state.deadlines.set(f"emergency/{strategy.symbol}", strategy.risk.next_deadline())

    def duplicates_due(self, strategy: Strategy, now: Instant) -> None:
        """No reconcile was clean for 30 min: the latch ends, loudly (L29)."""
        state = self._state
        if strategy.guard.expire(now):
            state.end_mode(strategy.symbol, ModeCause.DUPLICATE_FILLS)
            state.out.notice(
                now,
                "gridcore.session",
                "duplicate_latch_expired",
                Severity.ALERT,
                symbol=strategy.symbol,
            )

    # -- streams and ages ------------------------------------------------------------------

    def stream_lost(self, event: StreamLost, now: Instant) -> None:
        """A symbol's stream is its market; None is the account's private stream."""
        cause = ModeCause.STREAM_LOST if event.symbol is None else ModeCause.STALE_TICKER
        self._state.ask_mode(event.symbol or ACCOUNT, cause, "stream restored", now)

    def stream_restored(self, event: StreamRestored, now: Instant) -> None:
        """Every return of the private stream is followed by a comparison (L42)."""
        del now
        state = self._state
        if event.symbol is not None:
            state.end_mode(event.symbol, ModeCause.STALE_TICKER)
            return
        for symbol in state.strategies:
            state.suspect(symbol, "the private stream was lost")
        state.end_mode(ACCOUNT, ModeCause.STREAM_LOST)

    def stale_due(self, name: str, now: Instant) -> None:
        """A value may be too old; every value's age counts from its last receipt."""
        kind, _, symbol = name.partition("/")
        state = self._state
        if kind == "wallet":
            seen, cause = state.wallet.seen, ModeCause.STALE_WALLET
        else:
            strategy = state.strategies[symbol]
            cause = ModeCause.STALE_BOOK
            seen = strategy.listed_at
            if kind == "position":
                cause = ModeCause.STALE_POSITION
                ages = [leg.seen for leg in strategy.pair.legs]
                seen = None if None in ages else min(age for age in ages if age is not None)
        limit = self._limits_us[kind]
        due = Instant(now + limit)
        if seen is not None:
            if now - seen >= limit:
                state.ask_mode(symbol or ACCOUNT, cause, "a fresh report", now)
                due = Instant(now + STALE_EXTRA_US)
            else:
                due = Instant(seen + limit)
        state.deadlines.set(f"stale/{name}", due)

    def authentication_failed(self, event: AuthenticationFailed, now: Instant) -> None:
        """The exchange refuses our key at the stream."""
        del event
        self._refusals.stream_refused(now)

    def host_report(self, event: HostReport, now: Instant) -> None:
        """The process cannot, or must not, carry out everything; or it can again."""
        cause, mode, ended_by = _HOST_MODES[event.condition]
        if event.stands:
            self._state.ask_mode(ACCOUNT, cause, ended_by, now, mode)
        else:
            self._state.end_mode(ACCOUNT, cause)

    # -- the symbol ------------------------------------------------------------------------

    def symbol_report(self, event: SymbolReport, now: Instant) -> None:
        """What the exchange says of a symbol must be what the strategy was told at start.

        Where price or quantity mean something else, every order is cancelled and the session waits
        to be built anew (rebuilding.py).
        """
        state, symbol, cause = self._state, event.symbol, ModeCause.SYMBOL_CHANGED
        strategy = state.strategies.get(symbol)
        if strategy is None:
            return
        mode, ended_by = _judged(event, strategy)
        if mode is Mode.NORMAL:
            state.end_mode(symbol, cause)
        else:
            state.ask_mode(symbol, cause, ended_by, now, mode)
        if _other_units(event, strategy):
            self.sweep.begin([symbol], cause, now)
        else:
            self.sweep.stop([symbol], cause)

    def liquidated(self, event: Liquidated, now: Instant) -> None:
        """Positions were taken over: only the operator goes on from here."""
        self._state.ask_mode(ACCOUNT, ModeCause.LIQUIDATED, "the operator", now, Mode.HALT)
        self._state.out.notice(
            now,
            "gridcore.session",
            "liquidated",
            Severity.ALERT,
            equity=str(event.equity),
            maintenance_margin=str(event.maintenance_margin),
        )

    # -- the operator ----------------------------------------------------------------------

    def command(self, event: OperatorCommand, now: Instant) -> None:
        """The operator's word, for a symbol or the account."""
        state = self._state
        scope = event.symbol or ACCOUNT
        mode = _ASKED_MODES.get(event.action)
        if mode is not None:
            state.ask_mode(scope, ModeCause.OPERATOR, "the operator's resume", now, mode)
            if event.action is OperatorAction.CANCEL_ALL:
                self.sweep.begin(self._symbols(event.symbol), ModeCause.OPERATOR, now)
        elif event.action is OperatorAction.RESUME:
            self._resume(scope, self._symbols(event.symbol))
        else:
            for symbol in self._symbols(event.symbol):
                self._strangers.command(state.strategies[symbol], event.action, now)

    def _symbols(self, symbol: str | None) -> list[str]:
        """The symbols that a command is for."""
        return [name for name in self._state.strategies if symbol is None or symbol == name]

    def _resume(self, scope: str, symbols: list[str]) -> None:
        state = self._state
        for cause in _LIFTED:
            state.end_mode(scope, cause)
        if scope != ACCOUNT:
            if not state.modes.stands(ACCOUNT, ModeCause.OPERATOR):
                self.sweep.stop(symbols, ModeCause.OPERATOR)
            return
        self.sweep.stop(symbols, *_LIFTED)
        state.loss.resume()
        equity = state.equity()
        if equity is not None:
            state.drawdown.resume(equity)

    # -- losses ----------------------------------------------------------------------------

    def midnight(self, now: Instant) -> None:
        """A new UTC day: yesterday's losses are yesterday's (A32)."""
        state = self._state
        state.loss.roll(now, state.wallet.balance)
        state.deadlines.set("midnight", state.loss.next_midnight(now))
        since = state.modes.since(ACCOUNT, ModeCause.LOSS_LIMIT)
        if since is not None and since < utc_midnight(now) and not state.loss.breached():
            state.end_mode(ACCOUNT, ModeCause.LOSS_LIMIT)
            self.sweep.stop(state.strategies, ModeCause.LOSS_LIMIT)

    def loss_moved(self, now: Instant) -> None:
        """The day's profit changed: beyond the limit everything is cancelled (A31, W18)."""
        if self._state.loss.breached():
            self._trip(ModeCause.LOSS_LIMIT, "UTC midnight, or the operator", now)

    def _trip(self, cause: ModeCause, ended_by: str, now: Instant) -> None:
        state = self._state
        if state.ask_mode(ACCOUNT, cause, ended_by, now, Mode.HALT):
            state.out.notice(
                now,
                "gridcore.session",
                cause.value,
                Severity.ALERT,
                profit=str(state.loss.profit),
                limit=str(state.loss.limit()),
            )
            self.sweep.begin(state.strategies, cause, now)

    def equity_moved(self, now: Instant) -> None:
        """Mirror or wallet moved: follow the day's peak, and judge the fall below it."""
        state = self._state
        equity = state.equity()
        if equity is None:
            return
        state.drawdown.observe(equity, now)
        if state.drawdown.judge(equity):
            self._trip(ModeCause.DRAWDOWN, "the operator", now)

    def price_moved(self, strategy: Strategy, last: Price, now: Instant) -> None:
        """Judge the fall of equity at a last price, everything else as the mirror has it."""
        line = self._equity_line(strategy)
        if line is not None and self._state.drawdown.judge(line.at(last)):
            self._trip(ModeCause.DRAWDOWN, "the operator", now)

    def equity_band(self, strategy: Strategy) -> PriceBand | None:
        """The open interval of last prices in which the fall stays within its limit."""
        state = self._state
        if state.modes.stands(ACCOUNT, ModeCause.DRAWDOWN):
            return None, None
        line = self._equity_line(strategy)
        return (None, None) if line is None else state.drawdown.band(line)

    def _equity_line(self, strategy: Strategy) -> EquityLine | None:
        equity = self._state.equity()
        if equity is None:
            return None
        for leg in strategy.pair.legs:
            equity -= leg.unrealised
        return equity_line(equity, strategy.risk.legs(), strategy.instrument.tick_size)


def _other_units(event: SymbolReport, strategy: Strategy) -> bool:
    """Whether a tick or a step is not what it was."""
    told, known = event.instrument, strategy.instrument
    return told.tick_size != known.tick_size or told.qty_step != known.qty_step


def _judged(event: SymbolReport, strategy: Strategy) -> tuple[Mode, str]:
    """How much trading a report of the symbol allows, and what ends that.

    Leverage and margin mode are changed by somebody's hand, so that a hand has to say that it is
    meant: by a restart, which takes both over.
    """
    told, setup = event.instrument, strategy.setup
    if _other_units(event, strategy):
        return Mode.HALT, f"a session on tick {told.tick_size} and step {told.qty_step}"
    if not event.hedge_mode:
        return Mode.HALT, "hedge mode again"
    if not event.trading:
        return Mode.CLOSE_ONLY, "trading again"
    if told != strategy.instrument:
        return Mode.NO_OPEN, "the limits of the start again, or a restart"
    known = setup.sizing.leverage
    if event.leverage is not None and event.leverage != known:
        return Mode.NO_OPEN, f"leverage {known:f} again (it is {event.leverage:f}), or a restart"
    before, now = setup.margin_mode, event.margin_mode
    if before and now and before != now:
        return Mode.NO_OPEN, f"margin mode {before} again (it is {now}), or a restart"
    return Mode.NORMAL, ""

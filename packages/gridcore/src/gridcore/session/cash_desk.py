"""Positions, wallet, funding, cash movements and liquidations: what they do to mirror and books."""

from gridcore.clock import Instant
from gridcore.events import (
    CashMoved,
    FundingPaid,
    Liquidated,
    OperatorResumed,
    PositionUpdate,
    WalletUpdate,
)
from gridcore.instrument import Steps
from gridcore.session.effects import Severity
from gridcore.session.modes import ACCOUNT, Mode, ModeCause
from gridcore.session.state import AccountState
from gridcore.session.strategy import Strategy
from gridcore.working import direction_index


class CashDesk:
    """Acts on everything that concerns positions and cash."""

    __slots__ = ("_state",)

    def __init__(self, state: AccountState) -> None:
        self._state = state

    def position(self, event: PositionUpdate, now: Instant) -> None:
        strategy = self._state.strategies.get(event.symbol)
        if strategy is None:
            return
        pair = strategy.pair
        index = direction_index(event.direction)
        first = pair.legs[index].at is None
        if not pair.legs[index].take(event, strategy.instrument):
            return
        pair.version += 1
        if first:
            self._first_report(strategy, event, now)
        if event.size and event.liquidation is None:
            self._state.ask_mode(
                event.symbol, ModeCause.UNKNOWN_LIQUIDATION, "a known liquidation price", now
            )
        elif self._state.modes.any_standing and not (
            pair.liquidation_unknown(0) or pair.liquidation_unknown(1)
        ):
            self._state.end_mode(event.symbol, ModeCause.UNKNOWN_LIQUIDATION)
        strategy.position_reported(index)

    def _first_report(self, strategy: Strategy, event: PositionUpdate, now: Instant) -> None:
        del now
        if event.size:
            size = strategy.instrument.qty(Steps(event.size))
            self._state.ledger.seed_leg(event.symbol, event.direction, size, event.entry)
        if strategy.pair.known:
            self._state.end_mode(event.symbol, ModeCause.UNKNOWN_POSITION)

    def wallet_update(self, event: WalletUpdate, now: Instant) -> None:
        if not self._state.wallet.take(event):
            return
        if not self._state.ledger.opened:
            self._state.out.records.append(self._state.ledger.open(event.balance, now))
            self._state.end_mode(ACCOUNT, ModeCause.UNKNOWN_WALLET)
        for strategy in self._state.strategies.values():
            strategy.stirred = True
            strategy.denials.wallet_changed()

    def funding(self, event: FundingPaid, now: Instant) -> None:
        del now
        if self._state.executions.add(event.exec_id):
            self._state.out.records.append(self._state.ledger.funding(event))

    def cash(self, event: CashMoved, now: Instant) -> None:
        del now
        if self._state.executions.add(event.movement_id):
            self._state.out.records.append(self._state.ledger.cash(event))

    def liquidated(self, event: Liquidated, now: Instant) -> None:
        self._state.ask_mode(ACCOUNT, ModeCause.LIQUIDATED, "the operator", now, Mode.HALT)
        self._state.out.notice(
            now,
            "gridcore.session",
            "liquidated",
            Severity.ALERT,
            equity=str(event.equity),
            maintenance_margin=str(event.maintenance_margin),
        )

    def resumed(self, event: OperatorResumed, now: Instant) -> None:
        """The operator ends the halt after a liquidation."""
        del event, now
        self._state.end_mode(ACCOUNT, ModeCause.LIQUIDATED)

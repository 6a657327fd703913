"""What a run writes down while it goes on, and the outcome it becomes."""

from collections.abc import Mapping
from decimal import Decimal

from backtest.outcome import Fill, FillKind, GridChange, LiquidationOutcome
from gridcore.clock import Instant
from gridcore.events import Event, ExecType, Execution, FillEvidence, Liquidated, PositionUpdate
from gridcore.instrument import Instrument
from gridcore.session.account import AccountSession
from gridcore.session.effects import (
    Effects,
    FillRecord,
    LedgerEntry,
    LedgerKind,
    Notice,
    Severity,
)
from gridcore.sides import LONG

ALERTS_KEPT = 1000
_ZERO = Decimal(0)
WIND_DOWN_PREFIX = "wind_down_"


class Recorder:
    """Fills, ledger entries, grids and alerts of one run."""

    def __init__(self, session: AccountSession, instruments: Mapping[str, Instrument]) -> None:
        self.fills: list[Fill] = []
        self.ledger: list[LedgerEntry] = []
        self.grids: list[tuple[Instant, str, str, str, tuple[int, ...]]] = []
        self.liquidations: list[LiquidationOutcome] = []
        self.alerts: list[str] = []
        self.alerts_dropped = 0
        self.nearest: dict[str, Decimal] = {}
        self._session = session
        self._instruments = instruments

    def take(self, event: Event, effects: Effects) -> None:
        """Write down what an event caused."""
        if effects.records:
            if isinstance(event, Execution):
                self._execution(event, effects)
            else:
                self.ledger.extend(
                    record for record in effects.records if isinstance(record, LedgerEntry)
                )
        for notice in effects.notices:
            self._notice(notice)

    def liquidated(self, event: Liquidated) -> None:
        """Write down a forced liquidation."""
        self.liquidations.append(
            LiquidationOutcome(
                at=event.at,
                equity=event.equity,
                maintenance_margin=event.maintenance_margin,
            )
        )

    def _execution(self, event: Execution, effects: Effects) -> None:
        realised = _ZERO
        ours: FillRecord | None = None
        for record in effects.records:
            if type(record) is FillRecord:
                ours = record
                realised = record.realised
            else:
                assert isinstance(record, LedgerEntry)
                self.ledger.append(record)
                if ours is None and record.kind is LedgerKind.REALISED:
                    realised = record.amount
        instrument = self._instruments[event.symbol]
        strategy = self._session.strategies[event.symbol]
        step = instrument.qty_step
        self.fills.append(
            Fill(
                at=event.at,
                symbol=event.symbol,
                strat_id=strategy.setup.strat_id if ours is None else ours.strat_id,
                direction=event.direction,
                side=event.side,
                price=instrument.price(event.price),
                qty=step * event.qty,
                closed_qty=step * event.closed if event.closed else _ZERO,
                fee=event.fee,
                realised=realised,
                client_order_id=event.wire_id if ours is None else ours.client_order_id,
                order_id=event.order_id,
                exec_id=event.exec_id,
                level=-1 if ours is None else ours.level,
                is_maker=event.is_maker,
                evidence=event.evidence or FillEvidence.TAKER,
                kind=_kind(event),
            )
        )

    def _notice(self, notice: Notice) -> None:
        if notice.logger == "gridcore.grid":
            strat_id = dict(notice.fields)["strat_id"]
            for symbol, strategy in self._session.strategies.items():
                if strategy.setup.strat_id == strat_id:
                    levels = tuple(strategy.engine.levels)
                    cause = notice.event.removeprefix("grid_")
                    self.grids.append((notice.at, strat_id, symbol, cause, levels))
        elif notice.severity is Severity.ALERT:
            if len(self.alerts) >= ALERTS_KEPT:
                self.alerts_dropped += 1
                return
            fields = " ".join(f"{name}={value}" for name, value in notice.fields)
            self.alerts.append(f"{notice.event} {fields}")

    def distance(self, event: PositionUpdate) -> None:
        """Distance to liquidation where it was reported: at fills, funding and audits."""
        liquidation, mark = event.liquidation, event.mark
        if not isinstance(liquidation, Decimal) or not mark:
            return
        apart = mark - liquidation if event.direction is LONG else liquidation - mark
        pct = apart / mark * 100
        known = self.nearest.get(event.symbol)
        if known is None or pct < known:
            self.nearest[event.symbol] = pct

    def told_alerts(self) -> list[str]:
        """The alerts kept, and how many more there were."""
        if not self.alerts_dropped:
            return self.alerts
        return [*self.alerts, f"and {self.alerts_dropped} more"]

    def grid_changes(self) -> list[GridChange]:
        """The grids in quote currency; equal prices share one Decimal."""
        prices: dict[tuple[str, int], Decimal] = {}
        changes = []
        for at, strat_id, symbol, cause, levels in self.grids:
            instrument = self._instruments[symbol]
            shown = []
            for level in levels:
                price = prices.get((symbol, level))
                if price is None:
                    price = prices[symbol, level] = instrument.price(level)
                shown.append(price)
            changes.append(
                GridChange(
                    at=at, strat_id=strat_id, symbol=symbol, cause=cause, levels=tuple(shown)
                )
            )
        return changes


def _kind(event: Execution) -> FillKind:
    if event.wire_id.startswith(WIND_DOWN_PREFIX):
        return FillKind.WIND_DOWN
    return FillKind.GRID if event.kind is ExecType.TRADE else FillKind.LIQUIDATION

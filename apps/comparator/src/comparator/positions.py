"""Legs as the exchange pushed them live and as the backtest's venue told them (C-10, C-13).

It turns rows and events into states; how they are paired and compared stands in telemetry.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from backtest.outcome import Fill, RunOutcome
from backtest.wiring import RunPlan
from comparator.loading.runs import RecordedRun
from comparator.telemetry import PositionPair, PositionState, pair_positions
from grid_db.records import PositionSnapshot
from grid_db.repositories import Repositories
from grid_db.types import from_microseconds, microseconds
from grid_db.words import SnapshotSource
from gridcore.clock import Instant
from gridcore.events import Event, PositionUpdate
from gridcore.pnl import unrealised
from gridcore.session.account import AccountSession
from gridcore.session.effects import Effects
from gridcore.sides import BUY, LONG, SHORT, DirectionType, opening_side

_ZERO = Decimal(0)


class PositionEars:
    """Stands before a session and keeps every leg that it is told; the rest is the session's."""

    def __init__(self, session: AccountSession) -> None:
        self._session = session
        self.heard: list[PositionUpdate] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def handle(self, event: Event, now: Instant) -> Effects:
        """Pass an event on."""
        if isinstance(event, PositionUpdate):
            self.heard.append(event)
        return self._session.handle(event, now)


def paired_positions(
    rows: Repositories,
    run: RecordedRun,
    plan: RunPlan,
    outcome: RunOutcome,
    heard: Sequence[PositionUpdate],
) -> list[PositionPair]:
    """The backtest's legs of the run's symbols with the live ones beside them (C-11).

    Sizes are the same within half a quantity step of the symbol.
    """
    pairs: list[PositionPair] = []
    for symbol in run.symbols:
        pairs += pair_positions(
            recorded_positions(rows, run, symbol),
            simulated_positions(rows, run, plan, outcome, symbol, heard),
            size_tolerance=plan.symbols[symbol].instrument.qty_step / 2,
        )
    return pairs


def recorded_positions(rows: Repositories, run: RecordedRun, symbol: str) -> list[PositionState]:
    """What the exchange pushed of a symbol's legs within the window, whenever a leg changed.

    It pushes a leg for every order, too: such rows would be paired with changes.
    """
    begin, end = from_microseconds(run.window.start), from_microseconds(run.window.end)
    states = [
        _recorded(row)
        for row in rows.positions.each(run.account_id, begin, end, [symbol])
        if row.source is SnapshotSource.LIVE
    ]
    before = {leg: _before(rows, run, symbol, leg) for leg in (LONG, SHORT)}
    return [state for leg in before for state in _changes(states, leg, before[leg])]


def simulated_positions(
    rows: Repositories,
    run: RecordedRun,
    plan: RunPlan,
    outcome: RunOutcome,
    symbol: str,
    heard: Sequence[PositionUpdate],
) -> list[PositionState]:
    """What the venue told of a symbol's legs; realised profit goes on from what was recorded."""
    states: list[PositionState] = []
    for direction in (LONG, SHORT):
        fills = [
            fill for fill in outcome.fills if fill.symbol == symbol and fill.direction is direction
        ]
        updates = [one for one in heard if one.symbol == symbol and one.direction is direction]
        before = _before(rows, run, symbol, direction)
        told = _simulated(plan, updates, fills, before)
        states += _changes(told, direction, before)
    return states


def _recorded(row: PositionSnapshot) -> PositionState:
    return PositionState(
        direction=LONG if row.side is BUY else SHORT,
        at=Instant(microseconds(row.exchange_ts)),
        size=row.size,
        entry_price=row.entry_price,
        liq_price=row.liq_price,
        unrealised_pnl=row.unrealised_pnl,
        mark_price=row.mark_price,
        position_im=row.position_im,
        position_mm=row.position_mm,
        cum_realised_pnl=row.cum_realised_pnl,
        cur_realised_pnl=row.cur_realised_pnl,
        position_value=row.position_value,
    )


def _before(
    rows: Repositories, run: RecordedRun, symbol: str, direction: DirectionType
) -> PositionState | None:
    """A leg as it was recorded before the window."""
    row = rows.positions.latest_before(
        run.recorder_run,
        run.account_id,
        symbol,
        opening_side(direction),
        from_microseconds(run.window.start - 1),
        SnapshotSource.LIVE,
    )
    return None if row is None else _recorded(row)


def _changes(
    states: Iterable[PositionState], direction: DirectionType, before: PositionState | None
) -> Iterator[PositionState]:
    """The states of a leg whose size is another than that of the state before."""
    size = _ZERO if before is None else before.size
    for state in states:
        if state.direction is direction and state.size != size:
            size = state.size
            yield state


def _simulated(
    plan: RunPlan,
    updates: Sequence[PositionUpdate],
    fills: Sequence[Fill],
    before: PositionState | None,
) -> Iterator[PositionState]:
    lifetime = cycle = size = _ZERO
    if before is not None:
        size = before.size
        lifetime = before.cum_realised_pnl or _ZERO
        cycle = (before.cur_realised_pnl or _ZERO) if before.size else _ZERO
    done = 0
    for update in updates:
        told = plan.symbols[update.symbol].instrument.qty(update.size)
        # Several fills of one instant are told one by one: the size says which have been.
        while done < len(fills) and fills[done].at <= update.at and size != told:
            fill = fills[done]
            gained, done = fill.realised - fill.fee, done + 1
            size += fill.qty if fill.side is opening_side(fill.direction) else -fill.qty
            lifetime, cycle = lifetime + gained, cycle + gained
        yield _state(plan, update, {"cum": lifetime, "cur": cycle})
        if not update.size:
            cycle = _ZERO


def _state(plan: RunPlan, update: PositionUpdate, realised: Mapping[str, Decimal]) -> PositionState:
    spec = plan.symbols[update.symbol]
    size, mark, entry = spec.instrument.qty(update.size), update.mark, update.entry
    value = None if mark is None else size * mark
    return PositionState(
        direction=update.direction,
        at=update.at,
        size=size,
        entry_price=entry,
        liq_price=update.liquidation if isinstance(update.liquidation, Decimal) else None,
        unrealised_pnl=(
            unrealised(update.direction, entry, mark, size)
            if entry is not None and mark is not None
            else None
        ),
        mark_price=mark,
        position_im=None if value is None else spec.tiers.initial_margin(value, spec.leverage),
        position_mm=None if value is None else spec.tiers.maintenance_margin(value),
        cum_realised_pnl=realised["cum"],
        cur_realised_pnl=realised["cur"],
        position_value=value,
    )

"""Turns a finished run into its outcome: final legs, curve, pictures' prices, counts."""

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backtest.outcome import FinalLeg, RunOutcome
from gridcore.events import Event, PositionUpdate
from gridcore.sides import DirectionType

if TYPE_CHECKING:
    from backtest.runner import Run

PRICE_POINTS = 10_000


def outcome_of(run: "Run", ticks: int) -> RunOutcome:
    """Everything the run produced."""
    plan, venue, session = run.plan, run.venue, run.session
    valuing = run.valuing
    curve = run.curve.finish([stream.cursor for stream in valuing], run.now, venue.equity())
    legs = [leg for symbol in run.symbols for leg in _final_legs(run, symbol)]
    price_at, price = _prices(run)
    return RunOutcome(
        instruments={symbol: spec.instrument for symbol, spec in plan.symbols.items()},
        strategies={one.strat_id: one.symbol for one in plan.strategies},
        start=run.start,
        end=run.now,
        initial_balance=plan.initial_balance,
        final_wallet=venue.wallet,
        final_equity=venue.equity(),
        fills=run.recorder.fills,
        ledger=run.recorder.ledger,
        equity_at=curve.at,
        equity=curve.equity,
        hourly_at=curve.hourly_at,
        hourly_equity=curve.hourly,
        price_at=price_at,
        price=price,
        drawdown=curve.drawdown,
        legs=legs,
        grid_changes=run.recorder.grid_changes(),
        liquidations=run.recorder.liquidations,
        min_liquidation_distance_pct=run.recorder.nearest,
        ticks=ticks,
        wakes=run.wakes,
        orders_placed=run.placed,
        orders_cancelled=run.cancelled,
        orders_rejected=dict(sorted(run.rejected.items())),
        denials=session.denials(),
        max_open_orders=run.most_orders,
        alerts=run.recorder.told_alerts(),
    )


def _final_legs(run: "Run", symbol: str) -> list[FinalLeg]:
    instrument = run.plan.symbols[symbol].instrument
    reported: dict[DirectionType, Event] = {
        update.direction: update
        for update in run.venue.position_updates(symbol, run.now)
        if isinstance(update, PositionUpdate)
    }
    legs = []
    for direction, update in reported.items():
        assert isinstance(update, PositionUpdate)
        liquidation = update.liquidation
        legs.append(
            FinalLeg(
                symbol=symbol,
                direction=direction,
                size=update.size,
                qty=instrument.qty_step * update.size,
                entry=update.entry,
                mark=update.mark,
                liquidation=liquidation if isinstance(liquidation, Decimal) else None,
            )
        )
    return legs


def _prices(
    run: "Run",
) -> tuple[dict[str, NDArray[np.int64]], dict[str, NDArray[np.float64]]]:
    """Evenly chosen rows of each symbol's price column, for pictures."""
    at: dict[str, NDArray[np.int64]] = {}
    price: dict[str, NDArray[np.float64]] = {}
    for stream, column in zip(run.valuing, run.curve.columns, strict=True):
        first = run.first_rows[column.symbol]
        count = min(stream.cursor - first, PRICE_POINTS)
        rows = np.linspace(first, stream.cursor - 1, max(count, 0)).astype(np.int64)
        at[column.symbol] = column.times[rows].astype(np.int64)
        price[column.symbol] = column.index.values[rows] * float(column.unit)
    return at, price

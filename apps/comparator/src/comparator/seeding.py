"""How a recorded account stood at an instant: grid, orders, legs and cash, to begin a run with.

It reads what a recorder and a bot stored; it refuses to guess: what is missing is an error with a
name (strategy.md V-3, V-4, A-16).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from appkit.dates import instant_text
from backtest.wiring import Opening
from grid_db.records import OrderState, PositionSnapshot
from grid_db.repositories import Repositories
from grid_db.types import from_microseconds, microseconds
from grid_db.words import SnapshotSource
from gridcore.clock import Instant
from gridcore.instrument import Instrument
from gridcore.intents import minted_number
from gridcore.session.setup import StrategySetup
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType
from simvenue.standing import Standing, StandingLeg, StandingOrder

COIN = "USDT"
LEGS = {1: LONG, 2: SHORT}
"""Bybit's positionIdx in hedge mode."""


class SeedMissing(LookupError):
    """What a run has to begin with was not recorded, or cannot be used: nothing can be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """How an account stood just before `at`. `cash`: the wallet balance, no open profit in it."""

    at: Instant
    cash: Decimal
    opening: Opening


def seed_of(
    rows: Repositories,
    *,
    account_id: str,
    recorder_run: str,
    setups: Sequence[StrategySetup],
    at: Instant,
) -> Seed:
    """The newest recorded state before `at`, which does not belong to it any more.

    `recorder_run` wrote orders, legs and wallet; the grids are whichever bot's was active then.
    SeedMissing names what is not there.
    """
    before = from_microseconds(at - 1)
    wallet = rows.wallets.latest_before(recorder_run, account_id, COIN, before)
    if wallet is None:
        raise SeedMissing(f"no {COIN} wallet was recorded before {instant_text(at)}")
    orders: list[StandingOrder] = []
    legs: list[StandingLeg] = []
    grids = {}
    for setup in setups:
        instrument = setup.instrument
        active = rows.orders.active_at(recorder_run, account_id, instrument.symbol, before)
        orders += [_order(state, instrument) for state in active]
        legs += _legs(rows, recorder_run, account_id, instrument, before)
        grid = _grid(rows, account_id, setup, before)
        if grid is not None:
            grids[instrument.symbol] = grid
        elif active:
            raise SeedMissing(
                f"{instrument.symbol}: orders rest at {instant_text(at)}, and no grid of "
                f"{setup.strat_id} was recorded before"
            )
    orders.sort(key=_placed_at)
    standing = Standing(orders=tuple(orders), legs=tuple(legs))
    return Seed(at=at, cash=wallet.wallet_balance, opening=Opening(standing=standing, grids=grids))


def _placed_at(order: StandingOrder) -> int:
    """Orders of one price fill as they came: our wire ids bear when they were minted."""
    minted = minted_number(order.wire_id)
    return order.at if minted is None else minted


def _order(state: OrderState, instrument: Instrument) -> StandingOrder:
    try:
        qty = instrument.to_steps(state.qty)
        return StandingOrder(
            symbol=state.symbol,
            order_id=state.order_id,
            wire_id=state.order_link_id or state.order_id,
            direction=_direction(state),
            side=state.side,
            price=instrument.to_ticks(state.price),
            qty=qty,
            filled=instrument.to_steps(state.qty - state.leaves_qty),
            at=Instant(microseconds(state.exchange_ts)),
        )
    except ValueError as error:
        raise SeedMissing(f"{state.symbol}: order {state.order_id}: {error}") from error


def _direction(state: OrderState) -> DirectionType:
    if state.position_idx in LEGS:
        return LEGS[state.position_idx]
    opens_long = (state.side is BUY) is not state.reduce_only
    return LONG if opens_long else SHORT


def _legs(
    rows: Repositories, run: str, account_id: str, instrument: Instrument, before: datetime
) -> list[StandingLeg]:
    """Open legs; a recorder writes both, flat ones too, so that one alone is a fault (V-3)."""
    found = {
        direction: rows.positions.latest_before(
            run, account_id, instrument.symbol, side, before, SnapshotSource.LIVE
        )
        for direction, side in ((LONG, BUY), (SHORT, SELL))
    }
    stated = [row for row in found.values() if row is not None]
    if len(stated) == 1:
        raise SeedMissing(
            f"{instrument.symbol}: expected both legs or none recorded, found the "
            f"{_leg_name(stated[0].side)} leg alone"
        )
    return [
        _leg(direction, row, instrument)
        for direction, row in found.items()
        if row is not None and row.size
    ]


def _leg_name(side: SideType) -> str:
    return (LONG if side is BUY else SHORT).value


def _leg(direction: DirectionType, row: PositionSnapshot, instrument: Instrument) -> StandingLeg:
    if row.entry_price is None or row.entry_price <= 0:
        raise SeedMissing(
            f"{row.symbol}: the {direction.value} leg of {row.size} was recorded with an entry of "
            f"{row.entry_price}"
        )
    try:
        size = instrument.to_steps(row.size)
    except ValueError as error:
        raise SeedMissing(f"{row.symbol}: the {direction.value} leg: {error}") from error
    return StandingLeg(symbol=row.symbol, direction=direction, size=size, entry=row.entry_price)


def _grid(
    rows: Repositories, account_id: str, setup: StrategySetup, before: datetime
) -> list[dict[str, str]] | None:
    """The recorded levels; None where none was stored, or for another step or count."""
    state = rows.grids.at_or_before(account_id, setup.strat_id, setup.instrument.symbol, before)
    if state is None:
        return None
    if (state.grid_step, state.grid_count) != (setup.grid.grid_step, setup.grid.grid_count):
        return None
    try:
        found = json.loads(state.grid_json)
        return [{"side": str(row["side"]), "price": str(row["price"])} for row in found]
    except (ValueError, TypeError, KeyError) as error:
        raise SeedMissing(
            f"{setup.instrument.symbol}: the recorded grid of {setup.strat_id} cannot be read: "
            f"{error!r}"
        ) from error

"""Rows of how the grids stood, written when they change: evidence, which nobody reads back."""

import json
from collections.abc import Callable
from typing import Final

from grid_db.identity import account_id_of
from grid_db.records import GridState, fingerprint
from grid_db.repositories import AdminRepositories
from grid_db.types import from_microseconds
from gridbot.store.database_thread import Write
from gridbot.store.runs import RunRows
from gridcore.clock import Instant
from gridcore.events import Event, Execution, SessionStarted
from gridcore.follow import FollowRules
from gridcore.instrument import Ticks
from gridcore.session.account import AccountSession
from gridcore.session.effects import Effects
from gridcore.session.strategy import Strategy

GRID_LOGGER: Final = "gridcore.grid"


class GridStateRows:
    """An observer that hands over a row whenever a grid's levels or waiting levels have changed.

    Under follow, sides move with the market: a row has them as they were at the change.
    `session_of` gives an account's session as it is now, `put` takes work for the database, `wall`
    is the machine's clock.
    """

    def __init__(
        self,
        *,
        session_of: Callable[[str], AccountSession],
        runs: RunRows,
        put: Callable[[str, Write], None],
        wall: Callable[[], Instant],
    ) -> None:
        self._session_of = session_of
        self._runs = runs
        self._put = put
        self._wall = wall
        self._kept: dict[tuple[str, str], object] = {}

    def observe(self, account: str, event: Event, effects: Effects, now: Instant) -> None:
        """Take note of one handled event."""
        is_start = isinstance(event, SessionStarted)
        moved = any(notice.logger == GRID_LOGGER for notice in effects.notices)
        if not (is_start or moved or isinstance(event, Execution)):
            return
        for symbol, strategy in self._session_of(account).strategies.items():
            key = (account, symbol)
            standing = _standing(strategy)
            if strategy.engine.levels and self._kept.get(key) != standing:
                self._kept[key] = standing
                self._keep(account, strategy, now)

    def _keep(self, account: str, strategy: Strategy, now: Instant) -> None:
        run_id = self._runs.run_of(account, strategy.symbol)
        if run_id is None:
            return
        text = grid_json(strategy)
        state = GridState(
            run_id=run_id,
            account_id=account_id_of(account),
            strat_id=strategy.setup.strat_id,
            symbol=strategy.symbol,
            exchange_ts=from_microseconds(now),
            local_ts=from_microseconds(self._wall()),
            grid_json=text,
            grid_step=strategy.setup.grid.grid_step,
            grid_count=strategy.setup.grid.grid_count,
            raw_fingerprint=fingerprint(text),
        )
        self._put(f"grid of {strategy.setup.strat_id}", lambda rows: _record(rows, state))


def _standing(strategy: Strategy) -> object:
    """What a row is written for when it changes: the levels, and which of them wait or turned."""
    rules = strategy.engine.rules
    sides = rules.waits if isinstance(rules, FollowRules) else rules.grid.sides
    return tuple(rules.grid.levels), tuple(sides)


def _record(rows: AdminRepositories, state: GridState) -> None:
    rows.grids.record([state])


def grid_json(strategy: Strategy) -> str:
    """The levels of a strategy as `[{"side":..,"price":..}]`, ascending, prices as exact text."""
    instrument, engine = strategy.setup.instrument, strategy.engine
    rows = [
        {"side": side.value, "price": instrument.price_text(Ticks(level))}
        for level, side in zip(engine.levels, engine.side_tags(), strict=True)
    ]
    return json.dumps(rows, separators=(",", ":"))

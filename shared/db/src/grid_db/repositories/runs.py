"""Runs: who works or worked, with what, and whether it still lives."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from grid_db import models
from grid_db.records import Run
from grid_db.repositories.scope import NotOwned, Scope
from grid_db.repositories.shapes import Shape
from grid_db.words import RunStatus, RunType

_RUNS: Final = Shape(Run, models.Run)
_STRATEGIES: Final = models.Strategy.__table__.c
_LOOKED_AT: Final = (RunStatus.COMPLETED, RunStatus.RUNNING)


class Runs:
    """The tenant's runs, the newest first."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def start(self, run: Run) -> None:
        """Store a run that begins. Raises NotOwned when user, account or strategy is another's."""
        self._scope.require_user(run.user_id)
        self._scope.require_accounts([run.account_id])
        if run.strategy_id is not None:
            self._require_strategy(run.strategy_id, run.account_id)
        self._scope.session.execute(sa.insert(_RUNS.table), [_RUNS.values(run)])

    def heartbeat(self, run_id: str, now: datetime) -> bool:
        """Note that a run is alive; False when it is not running (any more)."""
        return self._change(run_id, {"heartbeat_at": now})

    def finish(self, run_id: str, status: RunStatus, end_ts: datetime) -> bool:
        """End a run; False when it is not running: how a run ended is said once."""
        return self._change(run_id, {"status": status.value, "end_ts": end_ts})

    def close_stale(
        self,
        account_id: str | None,
        strategy_id: str | None,
        run_type: RunType,
        not_alive_since: datetime,
    ) -> list[Run]:
        """Mark as abandoned what still says "running" and was not alive since (L52).

        Alive is its newest heartbeat, else its start, and there it ends. Gives those runs as they
        are now, so that what followed their last sign of life can be asked for.
        """
        columns = _RUNS.columns
        alive_at = sa.func.coalesce(
            columns.heartbeat_at, columns.start_ts, type_=columns.start_ts.type
        )
        stale = self._all(
            columns.account_id.is_not_distinct_from(account_id),
            columns.strategy_id.is_not_distinct_from(strategy_id),
            columns.run_type == run_type.value,
            columns.status == RunStatus.RUNNING.value,
            alive_at < not_alive_since,
        )
        for run in stale:
            self.finish(run.run_id, RunStatus.ABANDONED, run.heartbeat_at or run.start_ts)
        return self._all(columns.run_id.in_([run.run_id for run in stale])) if stale else []

    def get(self, run_id: str) -> Run | None:
        """The run with this id."""
        found = self._all(_RUNS.columns.run_id == run_id)
        return found[0] if found else None

    def recent(self, limit: int = 100) -> list[Run]:
        """The newest runs."""
        return self._all(limit=limit)

    def running(self) -> list[Run]:
        """Runs that say they are running."""
        return self._all(_RUNS.columns.status == RunStatus.RUNNING.value)

    def by_account(self, account_id: str) -> list[Run]:
        """The runs of an account."""
        return self._all(_RUNS.columns.account_id == account_id)

    def by_type(self, run_type: RunType) -> list[Run]:
        """The runs of a type."""
        return self._all(_RUNS.columns.run_type == run_type.value)

    def latest_of_type(
        self, run_type: RunType, statuses: Sequence[RunStatus] = _LOOKED_AT
    ) -> Run | None:
        """The newest run of a type with one of these statuses."""
        found = self._all(
            _RUNS.columns.run_type == run_type.value,
            _RUNS.columns.status.in_([status.value for status in statuses]),
            limit=1,
        )
        return found[0] if found else None

    def _change(self, run_id: str, values: dict[str, object]) -> bool:
        columns = _RUNS.columns
        statement = (
            sa.update(_RUNS.table)
            .where(columns.run_id == run_id, columns.status == RunStatus.RUNNING.value)
            .where(self._scope.user(columns.user_id))
            .values(values)
            .returning(columns.run_id)
        )
        return self._scope.session.scalar(statement) is not None

    def _all(self, *conditions: sa.ColumnElement[bool], limit: int | None = None) -> list[Run]:
        columns = _RUNS.columns
        query = (
            _RUNS.select()
            .where(self._scope.user(columns.user_id), *conditions)
            .order_by(columns.start_ts.desc(), columns.run_id.desc())
            .limit(limit)
        )
        return _RUNS.all(self._scope.session, query)

    def _require_strategy(self, strategy_id: str, account_id: str | None) -> None:
        query = sa.select(_STRATEGIES.strategy_id).where(
            _STRATEGIES.strategy_id == strategy_id, _STRATEGIES.account_id == account_id
        )
        if self._scope.session.scalar(query) is None:
            raise NotOwned("strategy", strategy_id)

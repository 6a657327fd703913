"""How the account stood: positions, wallet, and the grids of its strategies."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from grid_db import models
from grid_db.records import GridState, PositionSnapshot, WalletSnapshot
from grid_db.repositories.rows import RunRows
from grid_db.repositories.scope import Scope
from grid_db.repositories.shapes import Shape
from grid_db.words import RunType, SnapshotSource
from gridcore.sides import SideType

_POSITIONS: Final = Shape(PositionSnapshot, models.PositionSnapshot)
_WALLETS: Final = Shape(WalletSnapshot, models.WalletSnapshot)
_GRIDS: Final = Shape(GridState, models.GridStateSnapshot)
_RUNS: Final = models.Run.__table__.c
_TRADING: Final = (RunType.LIVE.value, RunType.SHADOW.value)


class Positions(RunRows[PositionSnapshot]):
    """Position rows of the tenant's accounts: one leg each, Buy is long, Sell is short."""

    __slots__ = ()

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, _POSITIONS)

    def latest(
        self, account_id: str, symbol: str, side: SideType, source: SnapshotSource | None
    ) -> PositionSnapshot | None:
        """The newest row of a leg; `source` None: of either source."""
        columns = _POSITIONS.columns
        return self._newest(
            columns.account_id == account_id,
            columns.symbol == symbol,
            columns.side == side.value,
            sa.true() if source is None else columns.source == source.value,
        )

    def latest_before(
        self,
        run_id: str,
        account_id: str,
        symbol: str,
        side: SideType,
        ts: datetime,
        source: SnapshotSource,
    ) -> PositionSnapshot | None:
        """The newest row of a leg up to `ts`, included, that a run recorded."""
        columns = _POSITIONS.columns
        return self._newest(
            columns.run_id == run_id,
            columns.account_id == account_id,
            columns.symbol == symbol,
            columns.side == side.value,
            columns.source == source.value,
            columns.exchange_ts <= ts,
        )


class Wallets(RunRows[WalletSnapshot]):
    """Wallet rows of the tenant's accounts: one coin each; a quiet coin's last row is old."""

    __slots__ = ()

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, _WALLETS)

    def latest(self, account_id: str, coin: str) -> WalletSnapshot | None:
        """The newest row of a coin."""
        columns = _WALLETS.columns
        return self._newest(columns.account_id == account_id, columns.coin == coin)

    def latest_before(
        self, run_id: str, account_id: str, coin: str, ts: datetime
    ) -> WalletSnapshot | None:
        """The newest row of a coin up to `ts`, included, that a run recorded."""
        columns = _WALLETS.columns
        return self._newest(
            columns.run_id == run_id,
            columns.account_id == account_id,
            columns.coin == coin,
            columns.exchange_ts <= ts,
        )

    def all_coins_latest_before(
        self, run_id: str, account_id: str, ts: datetime
    ) -> list[WalletSnapshot]:
        """The newest row of every coin up to `ts`, included, that a run recorded, by coin."""
        columns = _WALLETS.columns
        rank = sa.func.row_number().over(
            partition_by=columns.coin, order_by=(columns.exchange_ts.desc(), columns.id.desc())
        )
        ranked = (
            sa.select(columns.id, rank.label("rank"))
            .where(
                self._mine(),
                columns.run_id == run_id,
                columns.account_id == account_id,
                columns.exchange_ts <= ts,
            )
            .subquery()
        )
        query = (
            _WALLETS.select()
            .where(columns.id.in_(sa.select(ranked.c.id).where(ranked.c.rank == 1)))
            .order_by(columns.coin)
        )
        return _WALLETS.all(self._scope.session, query)


class Grids(RunRows[GridState]):
    """Grids of the tenant's strategies over time; of one time the row stored last counts.

    The lookups within a run and across runs differ on purpose (live.md 2.4).
    """

    __slots__ = ()

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, _GRIDS)

    def latest(self, run_id: str, account_id: str, strat_id: str) -> GridState | None:
        """The newest grid that a run stored of a strategy."""
        columns = _GRIDS.columns
        return self._newest(
            columns.run_id == run_id,
            columns.account_id == account_id,
            columns.strat_id == strat_id,
        )

    def at_or_before(
        self, account_id: str, strat_id: str, symbol: str, ts: datetime
    ) -> GridState | None:
        """The newest grid up to `ts`, stored by whichever bot's run was active then (L88)."""
        columns = _GRIDS.columns
        return self._of_active_runs(
            ts,
            (
                columns.account_id == account_id,
                columns.strat_id == strat_id,
                columns.symbol == symbol,
            ),
        )

    def of_any_account_at_or_before(
        self, strat_id: str, symbol: str, ts: datetime
    ) -> GridState | None:
        """The same of whichever of the tenant's accounts has a strategy of this name."""
        columns = _GRIDS.columns
        return self._of_active_runs(ts, (columns.strat_id == strat_id, columns.symbol == symbol))

    def _of_active_runs(
        self, ts: datetime, conditions: Iterable[sa.ColumnElement[bool]]
    ) -> GridState | None:
        active = sa.select(_RUNS.run_id).where(
            _RUNS.run_type.in_(_TRADING),
            _RUNS.start_ts <= ts,
            sa.or_(_RUNS.end_ts.is_(None), _RUNS.end_ts >= ts),
        )
        columns = _GRIDS.columns
        found: Any = (columns.exchange_ts <= ts, columns.run_id.in_(active), *conditions)
        return self._newest(*found)

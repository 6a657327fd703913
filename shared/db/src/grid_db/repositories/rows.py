"""Rows that a run recorded of an account: how all of them are written and read back.

It knows the columns they share (run, account, exchange time) and none of the others.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa

from grid_db.repositories.scope import Scope
from grid_db.repositories.shapes import Shape
from grid_db.upsert import bulk_insert


class OfRun(Protocol):
    """What a record of an account says of its origin."""

    @property
    def run_id(self) -> str:
        """The run that recorded it."""

    @property
    def account_id(self) -> str:
        """The account that it is of."""


RunRecord = TypeVar("RunRecord", bound=OfRun)


class RunRows(Generic[RunRecord]):
    """The rows of one such table that are the tenant's; in the order of their exchange times."""

    __slots__ = ("_scope", "_shape")

    def __init__(self, scope: Scope, shape: Shape[RunRecord]) -> None:
        self._scope = scope
        self._shape = shape

    def record(self, records: Sequence[RunRecord]) -> list[int]:
        """Store what is not there yet; the positions in `records` of what was stored.

        Raises NotOwned when one is of another's account or run; then none is stored.
        """
        self._scope.require_runs((record.account_id, record.run_id) for record in records)
        return bulk_insert(self._scope.session, self._shape.model, self._shape.rows(records))

    def by_run_range(self, run_id: str, start: datetime, end: datetime) -> list[RunRecord]:
        """What a run recorded of `start` to `end`, both included, in a fixed order."""
        columns = self._shape.columns
        return self._all(columns.run_id == run_id, columns.exchange_ts.between(start, end))

    def by_account_range(self, account_id: str, start: datetime, end: datetime) -> list[RunRecord]:
        """What all runs recorded of an account, `start` to `end`, both included."""
        columns = self._shape.columns
        return self._all(columns.account_id == account_id, columns.exchange_ts.between(start, end))

    def each(
        self, account_id: str, start: datetime, end: datetime, symbols: Sequence[str] = ()
    ) -> Iterator[RunRecord]:
        """What all runs recorded of an account, from `start` to before `end`, one by one.

        Without the raw messages (`raw_json` is None), so that there may be millions. `symbols`: of
        those only, where rows have one.
        """
        columns = self._shape.columns
        query = self._shape.select(without=("raw_json",)).where(
            self._mine(),
            columns.account_id == account_id,
            columns.exchange_ts >= start,
            columns.exchange_ts < end,
        )
        if symbols and "symbol" in columns:
            query = query.where(columns.symbol.in_(symbols))
        return self._shape.each(self._scope.session, query.order_by(*self._order()))

    def last_ts(
        self, account_id: str, symbol: str | None = None, until: datetime | None = None
    ) -> datetime | None:
        """The newest exchange time stored of an account.

        `symbol`: of its rows only, where rows have one (a wallet is of all symbols); `until`: not
        after that.
        """
        columns = self._shape.columns
        query = sa.select(sa.func.max(columns.exchange_ts)).where(
            self._mine(), columns.account_id == account_id
        )
        if symbol is not None and "symbol" in columns:
            query = query.where(columns.symbol == symbol)
        if until is not None:
            query = query.where(columns.exchange_ts <= until)
        found: datetime | None = self._scope.session.scalar(query)
        return found

    def _all(self, *conditions: sa.ColumnElement[bool]) -> list[RunRecord]:
        query = self._shape.select().where(self._mine(), *conditions).order_by(*self._order())
        return self._shape.all(self._scope.session, query)

    def _newest(self, *conditions: sa.ColumnElement[bool]) -> RunRecord | None:
        columns = self._shape.columns
        query = (
            self._shape.select()
            .where(self._mine(), *conditions)
            .order_by(columns.exchange_ts.desc(), columns.id.desc())
        )
        return self._shape.first(self._scope.session, query)

    def _mine(self) -> sa.ColumnElement[bool]:
        return self._scope.account(self._shape.columns.account_id)

    def _order(self) -> tuple[sa.ColumnElement[Any], ...]:
        columns = self._shape.columns
        return columns.exchange_ts, columns.id

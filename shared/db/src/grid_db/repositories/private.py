"""What the account did: executions, changes of orders, funding."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa

from grid_db import models
from grid_db.records import FundingPayment, OrderState, PrivateExecution
from grid_db.repositories.rows import RunRecord, RunRows
from grid_db.repositories.scope import Scope
from grid_db.repositories.shapes import Shape
from grid_db.words import Attribution
from gridcore.event_words import OrderStatus

_EXECUTIONS: Final = Shape(PrivateExecution, models.PrivateExecution)
_ORDERS: Final = Shape(OrderState, models.OrderState)
_FUNDING: Final = Shape(FundingPayment, models.FundingPayment)
_COMPLETED: Final = (
    "order_link_id",
    "closed_size",
    "leaves_qty",
    "exec_fee",
    "fee_currency",
    "fee_rate",
    "closed_pnl",
    "is_maker",
    "seq",
    "raw_json",
)
"""Columns of an execution that one source tells and another does not."""
_ACTIVE: Final = frozenset({OrderStatus.NEW.value, OrderStatus.PARTIALLY_FILLED.value})
_OPEN: Final = _ACTIVE | {"Untriggered", "Triggered"}
"""States of an order that has not ended, conditional ones too (live.md 3.7)."""
_LOOKED_UP_AT_ONCE: Final = 500


class ByExecId(RunRows[RunRecord]):
    """Rows that the exchange names by an execution id."""

    __slots__ = ()

    def known(self, account_id: str, exec_ids: Iterable[str]) -> frozenset[str]:
        """Which of these are stored; for the audit against the exchange's list."""
        columns = self._shape.columns
        found: set[str] = set()
        for some in _pieces(sorted(set(exec_ids))):
            query = sa.select(columns.exec_id).where(
                self._mine(), columns.account_id == account_id, columns.exec_id.in_(some)
            )
            found.update(self._scope.session.scalars(query))
        return frozenset(found)


class Executions(ByExecId[PrivateExecution]):
    """Executions of the tenant's accounts, each once, ordered by (exchange time, exec_id)."""

    __slots__ = ()

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, _EXECUTIONS)

    def record(self, records: Sequence[PrivateExecution]) -> list[int]:
        """Store what is not there yet; the positions of what was stored. Raises NotOwned.

        Of an execution that is there already, what its row does not know yet is added: the
        listing that fills a gap says less than the stream, and either may come first.
        """
        inserted = super().record(records)
        fresh = set(inserted)
        self._complete([row for at, row in enumerate(records) if at not in fresh])
        return inserted

    def by_order_link_id(self, run_id: str, order_link_id: str) -> list[PrivateExecution]:
        """The executions of one wire id that a run recorded."""
        columns = _EXECUTIONS.columns
        return self._all(columns.run_id == run_id, columns.order_link_id == order_link_id)

    def by_order(self, account_id: str, order_id: str) -> list[PrivateExecution]:
        """The executions of one order."""
        columns = _EXECUTIONS.columns
        return self._all(columns.account_id == account_id, columns.order_id == order_id)

    def _order(self) -> tuple[sa.ColumnElement[Any], ...]:
        return _EXECUTIONS.columns.exchange_ts, _EXECUTIONS.columns.exec_id

    def _complete(self, repeated: Sequence[PrivateExecution]) -> None:
        columns = _EXECUTIONS.columns
        stored: dict[tuple[str, str], PrivateExecution] = {}
        for some in _pieces(repeated):
            query = _EXECUTIONS.select().where(
                columns.account_id.in_({record.account_id for record in some}),
                columns.exec_id.in_({record.exec_id for record in some}),
            )
            found = _EXECUTIONS.all(self._scope.session, query)
            stored |= {(row.account_id, row.exec_id): row for row in found}
        for record in repeated:
            key = record.account_id, record.exec_id
            merged = _merged(stored[key], record)
            if merged != stored[key]:
                stored[key] = merged
                self._scope.session.execute(
                    sa.update(_EXECUTIONS.table)
                    .where(columns.account_id == record.account_id)
                    .where(columns.exec_id == record.exec_id)
                    .values(_EXECUTIONS.values(merged))
                )


class Orders(RunRows[OrderState]):
    """Changes of orders, a log: every state that the exchange reported, each once."""

    __slots__ = ()

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, _ORDERS)

    def of_order(self, account_id: str, order_id: str) -> list[OrderState]:
        """All states of one order, the oldest first."""
        columns = _ORDERS.columns
        found = self._all(columns.account_id == account_id, columns.order_id == order_id)
        return sorted(found, key=_progress)

    def active_at(
        self, run_id: str, account_id: str, symbol: str, ts: datetime
    ) -> list[OrderState]:
        """The orders that were open at `ts` by what a run recorded, each as it was then.

        The latest state of each up to `ts`; kept when it is New or PartiallyFilled and something
        is left. Of two states of one time the later one has ended or has less left.
        """
        columns = _ORDERS.columns
        recorded = (
            self._mine(),
            columns.run_id == run_id,
            columns.account_id == account_id,
            columns.symbol == symbol,
            columns.exchange_ts <= ts,
        )
        newest = (
            sa.select(columns.order_id, sa.func.max(columns.exchange_ts).label("newest_ts"))
            .where(*recorded)
            .group_by(columns.order_id)
            .subquery()
        )
        query = (
            _ORDERS.select()
            .join(
                newest,
                sa.and_(
                    columns.order_id == newest.c.order_id,
                    columns.exchange_ts == newest.c.newest_ts,
                ),
            )
            .where(*recorded)
            .order_by(columns.exchange_ts, columns.id)
        )
        latest: dict[str, OrderState] = {}
        for state in sorted(_ORDERS.all(self._scope.session, query), key=_progress):
            latest[state.order_id] = state
        return [
            state for state in latest.values() if state.status in _ACTIVE and state.leaves_qty > 0
        ]

    def open_of(self, account_id: str, since: datetime) -> list[tuple[str, str]]:
        """Symbol and id of the orders whose newest state since `since` is open, the oldest first.

        Of two states of one time the later one has ended or has less left.
        """
        columns = _ORDERS.columns
        # Without the raw messages: these are the orders of weeks.
        query = sa.select(
            columns.exchange_ts,
            columns.status,
            columns.leaves_qty,
            columns.symbol,
            columns.order_id,
        ).where(self._mine(), columns.account_id == account_id, columns.exchange_ts >= since)
        states = sorted(self._scope.session.execute(query), key=lambda row: _rank(*row[:3]))
        newest = {(state.symbol, state.order_id): state.status for state in states}
        return [order for order, status in newest.items() if status in _OPEN]


class Funding(ByExecId[FundingPayment]):
    """Funding payments of the tenant's accounts, each once."""

    __slots__ = ()

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, _FUNDING)


def _pieces(all_of_it: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Pieces small enough for one statement's parameters."""
    for start in range(0, len(all_of_it), _LOOKED_UP_AT_ONCE):
        yield all_of_it[start : start + _LOOKED_UP_AT_ONCE]


def _progress(state: OrderState) -> tuple[datetime, bool, Decimal]:
    """How far an order is: states sort by it, whatever the order they came in."""
    return _rank(state.exchange_ts, state.status, state.leaves_qty)


def _rank(
    exchange_ts: datetime, status: str, leaves_qty: Decimal
) -> tuple[datetime, bool, Decimal]:
    return exchange_ts, status not in _OPEN, -leaves_qty


def _merged(stored: PrivateExecution, told: PrivateExecution) -> PrivateExecution:
    """What both know of one execution; what is stored stays."""
    unknown = {name: getattr(told, name) for name in _COMPLETED if getattr(stored, name) is None}
    merged = replace(stored, **unknown)
    if stored.attribution is Attribution.NONE:
        merged = replace(
            merged,
            attribution=told.attribution,
            position_idx=told.position_idx,
            strat_id=told.strat_id,
        )
    return merged

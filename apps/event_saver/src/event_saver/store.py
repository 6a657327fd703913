"""What the database knows of each stream: how far it is recorded, which orders are open.

It reads; what it writes goes through the sinks.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from event_saver.codec import Item
from event_saver.gaps.filling import StoreAway
from event_saver.gaps.ledger import Key, key_of
from event_saver.sink import DatabaseSink, told
from event_saver.times import instant, moment
from event_saver.writer.batches import Outcome
from grid_db import models
from grid_db.factory import DatabaseFactory
from grid_db.records import Gap
from grid_db.repositories import as_admin
from grid_db.words import Environment, RunType, Stream
from gridcore.clock import Instant

LOOKED_BACK: Final = timedelta(days=30)
"""Orders that were last heard of before that are not asked for again."""
_MODELS: Final[dict[Stream, type[models.Base]]] = {
    Stream.TRADES: models.PublicTrade,
    Stream.TICKERS: models.TickerSnapshot,
    Stream.EXECUTIONS: models.PrivateExecution,
    Stream.ORDERS: models.OrderState,
    Stream.POSITIONS: models.PositionSnapshot,
    Stream.WALLET: models.WalletSnapshot,
    Stream.FUNDING: models.FundingPayment,
}
_OPEN: Final = ("New", "PartiallyFilled", "Untriggered", "Triggered")


class DatabaseStore:
    """Reads one environment's rows, or raises StoreAway.

    `sinks` write for each account, None being the public one; `own_runs` are of this process.
    """

    def __init__(
        self,
        database: DatabaseFactory,
        environment: Environment,
        sinks: Mapping[str | None, DatabaseSink],
        own_runs: Collection[str],
    ) -> None:
        self._database = database
        self._environment = environment
        self._sinks = sinks
        self._own_runs = frozenset(own_runs)

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        """A session to read in; StoreAway when the database does not answer."""
        try:
            with self._database.get_readonly_session() as session:
                yield session
        except SQLAlchemyError as error:
            raise StoreAway(told(error)) from error

    def last_before(self, gap: Gap) -> Instant | None:
        """The newest stored time of the gap's stream that is not after its beginning."""
        return self.last(key_of(gap), instant(gap.from_ts))

    def last(self, key: Key, until: Instant) -> Instant | None:
        """The newest stored exchange time of a stream up to an instant; None: nothing stored."""
        account_id, stream, symbol = key
        columns = _MODELS[stream].__table__.c
        conditions: list[sa.ColumnElement[bool]] = [columns.exchange_ts <= moment(until)]
        if account_id is None:
            conditions.append(columns.environment == self._environment.value)
        else:
            conditions.append(columns.account_id == account_id)
        if symbol is not None:
            conditions.append(columns.symbol == symbol)
        with self._reading() as session:
            found = session.scalar(sa.select(sa.func.max(columns.exchange_ts)).where(*conditions))
        return None if found is None else instant(found)

    def recorded_until(self, key: Key, until: Instant) -> Instant | None:
        """How far a stream was recorded by former processes; None: it never was.

        That is its newest row, or, where a quiet account has none, the last sign of life of the
        run before.
        """
        newest = self.last(key, until)
        account_id = key[0]
        if newest is not None or account_id is None:
            return newest
        with self._reading() as session:
            runs = as_admin(session).runs.by_account(account_id)
        alive = [
            instant(run.end_ts or run.heartbeat_at or run.start_ts)
            for run in runs
            if run.run_type is RunType.RECORDING and run.run_id not in self._own_runs
        ]
        return min(max(alive), until) if alive else None

    def open_orders(self, account_id: str) -> Sequence[tuple[str, str]]:
        """Symbol and id of the orders whose newest stored state is open."""
        table: Any = models.OrderState.__table__
        mine = table.c.account_id == account_id
        with self._reading() as session:
            newest = session.scalar(sa.select(sa.func.max(table.c.exchange_ts)).where(mine))
            if newest is None:
                return ()
            query = sa.select(
                table.c.exchange_ts,
                table.c.symbol,
                table.c.order_id,
                table.c.status,
                table.c.leaves_qty,
            )
            rows = session.execute(
                query.where(mine, table.c.exchange_ts >= newest - LOOKED_BACK)
            ).all()
        # Of two states of one time the later one has ended, or has less left.
        rows = sorted(
            rows, key=lambda row: (row.exchange_ts, row.status not in _OPEN, -row.leaves_qty)
        )
        status = {(row.symbol, row.order_id): row.status for row in rows}
        return tuple(order for order, found in status.items() if found in _OPEN)

    def open_gaps(self) -> list[Gap]:
        """The open gaps that former processes left."""
        with self._reading() as session:
            gaps = as_admin(session).gaps.open()
        mine = self._sinks.keys()
        return [
            gap for gap in gaps if gap.environment is self._environment and gap.account_id in mine
        ]

    def known_executions(self, account_id: str, exec_ids: Sequence[str]) -> frozenset[str]:
        """Which executions or funding payments are stored."""
        table: Any = models.FundingPayment.__table__
        with self._reading() as session:
            known = as_admin(session).executions.known(account_id, exec_ids)
            missing = sorted(set(exec_ids) - known)
            paid: set[str] = set()
            for start in range(0, len(missing), 500):
                some = missing[start : start + 500]
                query = sa.select(table.c.exec_id)
                mine = query.where(table.c.account_id == account_id, table.c.exec_id.in_(some))
                paid.update(session.scalars(mine))
        return known | paid

    def fill(
        self, gap: Gap, items: Sequence[Item], close: Callable[[int], Sequence[Gap]]
    ) -> Outcome:
        """Commit what a gap had hidden together with what becomes of it."""
        return self._sinks[gap.account_id].fill(items, close)

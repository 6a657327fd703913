"""What the database knows of each stream: how far it is recorded, which orders are open.

It reads; what it writes goes through the sinks.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

from event_saver.codec import Item
from event_saver.gaps.filling import StoreAway
from event_saver.gaps.ledger import Key, key_of
from event_saver.sink import DatabaseSink, told
from event_saver.times import instant, moment
from event_saver.writer.batches import Outcome
from grid_db.factory import DatabaseFactory
from grid_db.records import Gap
from grid_db.repositories import AdminRepositories, as_admin
from grid_db.types import EARLIEST_PLAUSIBLE
from grid_db.words import Environment, RunType, Stream
from gridcore.clock import Instant

LOOKED_BACK: Final = timedelta(days=30)
"""Orders that were last heard of before that are not asked for again."""


class Public(Protocol):
    """Rows of the market."""

    def last_ts(
        self, environment: Environment, symbol: str, until: datetime | None = None
    ) -> datetime | None:
        """The newest exchange time stored."""


class Private(Protocol):
    """Rows of an account."""

    def last_ts(
        self, account_id: str, symbol: str | None = None, until: datetime | None = None
    ) -> datetime | None:
        """The newest exchange time stored."""


_PUBLIC: Final[dict[Stream, Callable[[AdminRepositories], Public]]] = {
    Stream.TRADES: lambda rows: rows.trades,
    Stream.TICKERS: lambda rows: rows.tickers,
}
_PRIVATE: Final[dict[Stream, Callable[[AdminRepositories], Private]]] = {
    Stream.EXECUTIONS: lambda rows: rows.executions,
    Stream.ORDERS: lambda rows: rows.orders,
    Stream.POSITIONS: lambda rows: rows.positions,
    Stream.WALLET: lambda rows: rows.wallets,
    Stream.FUNDING: lambda rows: rows.funding,
}


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
    def _reading(self) -> Iterator[AdminRepositories]:
        """Rows to read; StoreAway when the database does not answer."""
        try:
            with self._database.get_readonly_session() as session:
                yield as_admin(session)
        except SQLAlchemyError as error:
            raise StoreAway(told(error)) from error

    def last_before(self, gap: Gap) -> Instant | None:
        """The newest stored time of the gap's stream that is not after its beginning."""
        return self.last(key_of(gap), instant(gap.from_ts))

    def last(self, key: Key, until: Instant) -> Instant | None:
        """The newest stored exchange time of a stream up to an instant; None: nothing stored."""
        account_id, stream, symbol = key
        with self._reading() as rows:
            if account_id is not None:
                found = _PRIVATE[stream](rows).last_ts(account_id, symbol, moment(until))
            else:
                assert symbol is not None, f"a public stream is of a symbol: {stream}"
                public = _PUBLIC[stream](rows)
                found = public.last_ts(self._environment, symbol, moment(until))
        return None if found is None else instant(found)

    def recorded_until(self, key: Key, until: Instant) -> Instant | None:
        """How far a stream was recorded by former processes; None: it never was.

        That is its newest row, or, where a quiet account has none, the last sign of life of the
        run before, and where a market was pruned, the end of its newest gap.
        """
        newest = self.last(key, until)
        account_id = key[0]
        if newest is not None:
            return newest
        if account_id is None:
            return self._newest_gap(key, until)
        with self._reading() as rows:
            runs = rows.runs.by_account(account_id)
        alive = [
            instant(run.end_ts or run.heartbeat_at or run.start_ts)
            for run in runs
            if run.run_type is RunType.RECORDING and run.run_id not in self._own_runs
        ]
        return min(max(alive), until) if alive else None

    def _newest_gap(self, key: Key, until: Instant) -> Instant | None:
        _, stream, symbol = key
        with self._reading() as rows:
            gaps = rows.gaps.overlapping(
                self._environment, stream, EARLIEST_PLAUSIBLE, moment(until)
            )
        ends = [instant(gap.to_ts) for gap in gaps if gap.symbol == symbol]
        return min(max(ends), until) if ends else None

    def open_orders(self, account_id: str) -> Sequence[tuple[str, str]]:
        """Symbol and id of the orders whose newest stored state is open."""
        with self._reading() as rows:
            newest = rows.orders.last_ts(account_id)
            return [] if newest is None else rows.orders.open_of(account_id, newest - LOOKED_BACK)

    def open_gaps(self) -> list[Gap]:
        """The open gaps that former processes left."""
        with self._reading() as rows:
            gaps = rows.gaps.open()
        mine = self._sinks.keys()
        return [
            gap for gap in gaps if gap.environment is self._environment and gap.account_id in mine
        ]

    def known_executions(self, account_id: str, exec_ids: Sequence[str]) -> frozenset[str]:
        """Which executions or funding payments are stored."""
        with self._reading() as rows:
            known = rows.executions.known(account_id, exec_ids)
            return known | rows.funding.known(account_id, set(exec_ids) - known)

    def fill(
        self, gap: Gap, items: Sequence[Item], close: Callable[[int], Sequence[Gap]]
    ) -> Outcome:
        """Commit what a gap had hidden together with what becomes of it."""
        return self._sinks[gap.account_id].fill(items, close)

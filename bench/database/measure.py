"""What is measured: the same trades written and read in bulk, and one by one through the ORM.

Knows the order of work; refuses to know which database it is.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.memory import MIB, RESET_PEAK, STATUS, resident_memory
from grid_db import bulk, models, schema
from grid_db.factory import DatabaseFactory
from grid_db.records import PublicTrade
from grid_db.repositories import as_admin
from grid_db.settings import POSTGRESQL, DatabaseSettings, sqlite_path
from grid_db.words import Environment
from gridcore.sides import SideType

SYMBOL = "BTCUSDT"
BATCH = 1_000
"""Trades in one transaction, for the bulk writes and for the naive ones."""
TIMES_MIN = 6.0
_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One way of writing or reading: rows, seconds, and the peak of memory beyond what the process
    held before, in bytes."""

    rows: int
    seconds: float
    memory: int

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds

    def text(self) -> str:
        """The finding."""
        return f"{self.rate:11,.0f} rows/s  {self.rows:9,} rows  {self.memory / MIB:7,.1f} MiB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was measured on one dialect."""

    dialect: str
    written: Work
    naive_written: Work
    committed_each: Work
    read: Work
    naive_read: Work
    bytes_per_trade: float

    @property
    def times(self) -> float:
        """How many times as fast as the naive insert a bulk write is."""
        return self.written.rate / self.naive_written.rate

    def good(self) -> bool:
        """Whether the target is met."""
        return self.times >= TIMES_MIN

    def text(self) -> str:
        """The findings, one in a line."""
        verdict = f"at least {TIMES_MIN:g}: {'met' if self.good() else 'MISSED'}"
        faster = self.read.rate / self.naive_read.rate
        lines = (
            f"bulk write                 {self.written.text()}",
            f"naive ORM insert           {self.naive_written.text()}",
            f"the same, a commit for each{self.committed_each.text()}",
            f"bulk read                  {self.read.text()}",
            f"naive ORM read             {self.naive_read.text()}",
            f"bulk write: {self.times:.1f} times the naive insert, {verdict}",
            f"bulk read: {faster:.1f} times the naive read",
            f"{self.bytes_per_trade:,.0f} bytes a trade, with its indexes",
        )
        return "".join(f"{self.dialect:12}{line}\n" for line in lines)


def measure(url: str, rows: int, naive_rows: int, rounds: int) -> Found:
    """Fill a new database in bulk and naively, in turn, and read it; the middle of the rounds.

    RuntimeError when it holds anything but the trades.
    """
    records = list(trades(max(rows, naive_rows)))
    some, few = records[:naive_rows], records[: naive_rows // 10]
    database = DatabaseFactory(DatabaseSettings.of_url(url))
    works: list[tuple[Work, ...]] = []
    try:
        schema.upgrade(database)
        for _ in range(rounds):
            each = _worked(lambda: write_naively(database, few, 1), len(few))
            _clear(database)
            naive = _worked(lambda: write_naively(database, some, BATCH), len(some))
            _clear(database)
            empty = stored_bytes(database)
            written = _worked(lambda: write_in_bulk(database, records[:rows]), rows)
            stored = stored_bytes(database) - empty
            read = _worked(lambda: expect(rows, read_in_bulk(database)), rows)
            read_each = _worked(lambda: expect(rows, read_naively(database)), rows)
            _clear(database)
            works.append((each, naive, written, read, read_each))
    finally:
        database.dispose()
    each, naive, written, read, read_each = (_middle(one) for one in zip(*works, strict=True))
    return Found(
        dialect=database.dialect,
        written=written,
        naive_written=naive,
        committed_each=each,
        read=read,
        naive_read=read_each,
        bytes_per_trade=stored / rows,
    )


def trades(rows: int) -> Iterator[PublicTrade]:
    """Trades as the exchange tells them: an id of 36 letters, five a time, prices that move."""
    for row in range(rows):
        at = _START + timedelta(milliseconds=20 * (row // 5))
        yield PublicTrade(
            environment=Environment.MAINNET,
            symbol=SYMBOL,
            trade_id=f"2100000000-{row * 2_654_435_761 % 2**32:08x}-{row:016x}",
            exchange_ts=at,
            local_ts=at + timedelta(milliseconds=35),
            side=SideType.BUY if row % 3 else SideType.SELL,
            price=Decimal(941_250 + row % 997).scaleb(-1),
            size=Decimal(1 + row % 213).scaleb(-3),
            seq=9_000_000_000 + row,
        )


def write_in_bulk(database: DatabaseFactory, records: Sequence[PublicTrade]) -> None:
    """As event_saver writes: batches through the repository, duplicates recognised."""
    for batch in batches(records, BATCH):
        with database.get_session() as session:
            as_admin(session).trades.record(batch)


def write_naively(database: DatabaseFactory, records: Sequence[PublicTrade], each: int) -> None:
    """One ORM object and one INSERT for each trade, committed after every `each`."""
    for batch in batches(records, each):
        with database.get_session() as session:
            for trade in batch:
                session.add(_orm_row(trade))
                session.flush()


def read_in_bulk(database: DatabaseFactory) -> int:
    """Every trade as integers in numpy columns; how many there were."""
    with database.get_readonly_session() as session:
        return sum(len(block) for block in bulk.read_trades(session, Environment.MAINNET, SYMBOL))


def read_naively(database: DatabaseFactory) -> int:
    """Every trade as an ORM object, in blocks; how many there were."""
    with database.get_readonly_session() as session:
        query = sa.select(models.PublicTrade).order_by(models.PublicTrade.exchange_ts)
        options = {"yield_per": BATCH}
        return sum(1 for _ in session.scalars(query, execution_options=options))


def stored_bytes(database: DatabaseFactory) -> int:
    """What the database needs on disk: SQLite's file, PostgreSQL's table with its indexes."""
    if database.dialect == POSTGRESQL:
        table = models.PublicTrade.__tablename__
        with database.get_readonly_session() as session:
            return _whole(session, f"SELECT pg_total_relation_size('{table}')")
    path = sqlite_path(database.url)
    assert path is not None, "a database in memory has no size on disk"
    with database.outside_transactions() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def batches(records: Sequence[PublicTrade], each: int) -> Iterator[Sequence[PublicTrade]]:
    """The records in parts of `each`, the last of which may be shorter."""
    for first in range(0, len(records), each):
        yield records[first : first + each]


def _orm_row(trade: PublicTrade) -> models.PublicTrade:
    return models.PublicTrade(
        environment=trade.environment.value,
        symbol=trade.symbol,
        trade_id=trade.trade_id,
        exchange_ts=trade.exchange_ts,
        local_ts=trade.local_ts,
        side=None if trade.side is None else trade.side.value,
        price=trade.price,
        size=trade.size,
        seq=trade.seq,
    )


def _clear(database: DatabaseFactory) -> None:
    """Empty the table and give its room back."""
    with database.get_session() as session:
        session.execute(sa.delete(models.PublicTrade))
    with database.outside_transactions() as connection:
        connection.exec_driver_sql("VACUUM FULL" if database.dialect == POSTGRESQL else "VACUUM")


def _whole(session: Session, statement: str) -> int:
    return int(session.connection().exec_driver_sql(statement).scalar_one())


def expect(rows: int, found: int) -> None:
    """RuntimeError unless as many trades were found as there should be."""
    if found != rows:
        raise RuntimeError(f"expected {rows:,} trades in the database, found {found:,}")


def _middle(works: Sequence[Work]) -> Work:
    """The middle speed, and the most memory: a later round finds room that an earlier one left."""
    middle = sorted(works, key=lambda work: work.rate)[len(works) // 2]
    return replace(middle, memory=max(work.memory for work in works))


def _worked(work: Callable[[], None], rows: int) -> Work:
    gc.collect()
    before = resident_memory(STATUS.read_text(encoding="ascii"))
    # Where this is not allowed, the peak is that of the whole process: too much, never too little.
    with suppress(OSError):
        RESET_PEAK.write_text("5", encoding="ascii")
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    after = resident_memory(STATUS.read_text(encoding="ascii"))
    return Work(rows=rows, seconds=seconds, memory=max(0, after.peak - before.own - before.mapped))

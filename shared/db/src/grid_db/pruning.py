"""Deletes old market rows on request, and leaves a gap where they were.

It refuses private rows: they are the books.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.orm import Session

from grid_db.factory import DatabaseFactory
from grid_db.models import Gap, PublicTrade, TickerSnapshot
from grid_db.types import microseconds
from grid_db.upsert import bulk_insert
from grid_db.words import GapState, Stream

ROWS_PER_STEP = 10_000
"""Rows deleted in one transaction: writers get in between."""
REASON = "pruned"
_NAMESPACE = UUID("12345678-1234-5678-1234-567812345678")

Market = type[PublicTrade] | type[TickerSnapshot]


class Prunable(Enum):
    """What may be pruned."""

    TRADES = Stream.TRADES
    TICKERS = Stream.TICKERS

    @property
    def model(self) -> Market:
        """Its table."""
        return PublicTrade if self is Prunable.TRADES else TickerSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """Rows of one symbol that went, or would go; `first` and `last` are their times."""

    kind: Prunable
    environment: str
    symbol: str
    rows: int
    first: datetime
    last: datetime


def plan(database: DatabaseFactory, kinds: list[Prunable], before: datetime) -> list[Pruned]:
    """What is older than `before`, by kind, environment and symbol."""
    microseconds(before)  # a naive time is refused
    with database.get_readonly_session() as session:
        return [found for kind in kinds for found in _old_rows(session, kind.model, kind, before)]


def prune(
    database: DatabaseFactory,
    kinds: list[Prunable],
    before: datetime,
    on_step: Callable[[int], None] = lambda rows: None,
) -> list[Pruned]:
    """Delete market rows older than `before`, in steps; `on_step` is told the rows of each.

    Before the first row of a symbol goes, the gap ledger says that its time until the last of
    them is pruned, so that nobody takes an emptied stretch for a quiet market.
    """
    planned = plan(database, kinds, before)
    for pruned in planned:
        with database.get_session() as session:
            _leave_gap(session, pruned)
        while rows := _delete_step(database, pruned):
            on_step(rows)
    return planned


def reclaim(database: DatabaseFactory) -> None:
    """Give the room of deleted rows back (VACUUM); on SQLite this writes the whole file anew."""
    with database.outside_transactions() as connection:
        connection.exec_driver_sql("VACUUM")


def _old_rows(session: Session, model: Market, kind: Prunable, before: datetime) -> list[Pruned]:
    statement = (
        sa.select(
            model.environment,
            model.symbol,
            sa.func.count(),
            sa.func.min(model.exchange_ts),
            sa.func.max(model.exchange_ts),
        )
        .where(model.exchange_ts < before)
        .group_by(model.environment, model.symbol)
        .order_by(model.environment, model.symbol)
    )
    return [
        Pruned(kind=kind, environment=environment, symbol=symbol, rows=rows, first=first, last=last)
        for environment, symbol, rows, first, last in session.execute(statement)
    ]


def _leave_gap(session: Session, pruned: Pruned) -> None:
    stream: Stream = pruned.kind.value
    identity = f"{REASON}:{pruned.environment}:{stream}:{pruned.symbol}"
    gap_id = str(uuid5(_NAMESPACE, identity))
    earlier = session.get(Gap, gap_id)
    row: dict[str, Any] = {
        "gap_id": gap_id,
        "environment": pruned.environment,
        "stream": stream.value,
        "symbol": pruned.symbol,
        "from_ts": pruned.first if earlier is None else min(pruned.first, earlier.from_ts),
        "to_ts": pruned.last if earlier is None else max(pruned.last, earlier.to_ts),
        "state": GapState.UNRECOVERABLE.value,
        "reason": REASON,
    }
    bulk_insert(session, Gap, [row], update=["from_ts", "to_ts"])


def _delete_step(database: DatabaseFactory, pruned: Pruned) -> int:
    model = pruned.kind.model
    oldest = (
        sa.select(model.id)
        .where(
            model.environment == pruned.environment,
            model.symbol == pruned.symbol,
            model.exchange_ts <= pruned.last,
        )
        .limit(ROWS_PER_STEP)
    )
    with database.get_session() as session:
        deleted = session.execute(sa.delete(model).where(model.id.in_(oldest)))
        assert isinstance(deleted, sa.CursorResult)
        return deleted.rowcount

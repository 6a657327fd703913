"""Recorded markets as numpy columns of integers, streamed: millions of rows without objects.

It refuses to know tapes: prices, sizes and rates are counts of 1e-8, times microseconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.orm import Session

from grid_db import models
from grid_db.types import from_microseconds
from grid_db.upsert import UnsupportedDialect
from grid_db.words import Environment
from gridcore.sides import SideType

Whole = npt.NDArray[np.int64]

UNKNOWN: Final = -(2**31)
"""What the table holds as NULL, in a column of integers: prices are positive, and a funding rate
of -21.47 does not exist."""
BLOCK_ROWS: Final = 131_072

_TRADES: Final = models.PublicTrade.__table__
_TICKERS: Final = models.TickerSnapshot.__table__
_COPY_HEADER_BYTES: Final = 19
_COPY_TRAILER_BYTES: Final = 2
_COPY_EPOCH_US: Final = 946_684_800_000_000
"""PostgreSQL sends times as microseconds since 2000-01-01."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TradeBlock:
    """Trades in the market's order: at (us UTC), price and size (1e-8), side (of the taker: 1
    buy, -1 sell, 0 unknown).
    """

    at: Whole
    price: Whole
    size: Whole
    side: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TickerBlock:
    """Tickers in time order: at (us UTC), all others in 1e-8, or UNKNOWN (all but `last`)."""

    at: Whole
    last: Whole
    mark: Whole
    bid: Whole
    ask: Whole
    funding: Whole

    def __len__(self) -> int:
        return len(self.at)


def read_trades(
    session: Session,
    environment: Environment,
    symbol: str,
    *,
    start_us: int | None = None,
    end_us: int | None = None,
    block_rows: int = BLOCK_ROWS,
) -> Iterator[TradeBlock]:
    """The trades from `start_us` (included) to `end_us` (excluded), in blocks of `block_rows`.

    Trades of one time come in the order of their cross sequence, else of their storing. On
    PostgreSQL a reader that stops before the last block must roll the session back.
    """
    side = sa.case(
        (_TRADES.c.side == SideType.BUY.value, 1),
        (_TRADES.c.side == SideType.SELL.value, -1),
        else_=0,
    )
    query = (
        sa.select(
            _TRADES.c.exchange_ts,
            _whole(_TRADES.c.price),
            _whole(_TRADES.c.size),
            sa.cast(side, sa.BigInteger),
        )
        .where(*_window(_TRADES, environment, symbol, start_us, end_us))
        .order_by(_TRADES.c.exchange_ts, _TRADES.c.seq.nulls_first(), _TRADES.c.id)
    )
    for time, price, size, side_column in _columns(session, query, block_rows):
        yield TradeBlock(at=time, price=price, size=size, side=side_column.astype(np.int8))


def read_tickers(
    session: Session,
    environment: Environment,
    symbol: str,
    *,
    start_us: int | None = None,
    end_us: int | None = None,
    block_rows: int = BLOCK_ROWS,
) -> Iterator[TickerBlock]:
    """The tickers from `start_us` (included) to `end_us` (excluded), in blocks of `block_rows`."""
    query = (
        sa.select(
            _TICKERS.c.exchange_ts,
            _whole(_TICKERS.c.last_price),
            _known(_TICKERS.c.mark_price),
            _known(_TICKERS.c.bid1_price),
            _known(_TICKERS.c.ask1_price),
            _known(_TICKERS.c.funding_rate),
        )
        .where(*_window(_TICKERS, environment, symbol, start_us, end_us))
        .order_by(_TICKERS.c.exchange_ts)
    )
    for time, last, mark, bid, ask, funding in _columns(session, query, block_rows):
        yield TickerBlock(at=time, last=last, mark=mark, bid=bid, ask=ask, funding=funding)


def count_trades(
    session: Session,
    environment: Environment,
    symbol: str,
    *,
    start_us: int | None = None,
    end_us: int | None = None,
) -> int:
    """How many trades `read_trades` would give."""
    return _count(session, _window(_TRADES, environment, symbol, start_us, end_us))


def count_tickers(
    session: Session,
    environment: Environment,
    symbol: str,
    *,
    start_us: int | None = None,
    end_us: int | None = None,
) -> int:
    """How many tickers `read_tickers` would give."""
    return _count(session, _window(_TICKERS, environment, symbol, start_us, end_us))


def _window(
    table: sa.FromClause,
    environment: Environment,
    symbol: str,
    start_us: int | None,
    end_us: int | None,
) -> list[sa.ColumnElement[bool]]:
    columns = table.c
    conditions = [columns.environment == environment.value, columns.symbol == symbol]
    if start_us is not None:
        conditions.append(columns.exchange_ts >= from_microseconds(start_us))
    if end_us is not None:
        conditions.append(columns.exchange_ts < from_microseconds(end_us))
    return conditions


def _count(session: Session, conditions: list[sa.ColumnElement[bool]]) -> int:
    return session.scalar(sa.select(sa.func.count()).where(*conditions)) or 0


def _whole(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """The integer that the table holds, without its conversion to a Decimal."""
    return sa.type_coerce(column, sa.BigInteger)


def _known(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(_whole(column), sa.cast(sa.literal(UNKNOWN), sa.BigInteger))


def _columns(session: Session, query: sa.Select[Any], block_rows: int) -> Iterator[list[Whole]]:
    """Blocks of the query's columns, the first of which is a time; all are eight bytes wide.

    Errors of the driver, whose cursors are used directly, become SQLAlchemy's.
    """
    if block_rows < 1:
        raise ValueError(f"block_rows: expected at least 1, found {block_rows}")
    dialect = session.get_bind().dialect
    match dialect.name:
        case "sqlite":
            blocks = _fetched(session, query, block_rows)
        case "postgresql":
            blocks = _copied(session, query, block_rows)
        case other:
            raise UnsupportedDialect(f"expected sqlite or postgresql, found {other}")
    assert dialect.loaded_dbapi is not None
    try:
        yield from blocks
    except dialect.loaded_dbapi.Error as error:
        raise _told(session, error) from error


def _told(session: Session, error: Exception) -> sa.exc.DBAPIError:
    """The driver's error as SQLAlchemy's; a connection that broke is given up, not reused."""
    connection = session.connection()
    is_lost = connection.dialect.is_disconnect(
        cast(Any, error), cast(Any, connection.connection.dbapi_connection), None
    )
    if is_lost:
        connection.invalidate(error)
    return sa.exc.DBAPIError("bulk read", None, error, connection_invalidated=is_lost)


def _fetched(session: Session, query: sa.Select[Any], block_rows: int) -> Iterator[list[Whole]]:
    """Through the driver's own cursor: tuples of integers, no rows and no types above them."""
    width = len(query.selected_columns)
    result = session.connection().execute(query)
    try:
        while rows := cast(Any, result).cursor.fetchmany(block_rows):
            flat = np.fromiter(chain.from_iterable(rows), np.int64, count=width * len(rows))
            yield [np.ascontiguousarray(column) for column in flat.reshape(-1, width).T]
    finally:
        result.close()


def _copied(session: Session, query: sa.Select[Any], block_rows: int) -> Iterator[list[Whole]]:
    """Through COPY in its binary form, in which all rows of such columns have one size."""
    connection = session.connection()
    compiled = query.compile(dialect=connection.dialect)
    layout = _copy_layout(len(query.selected_columns))
    block_bytes = block_rows * layout.itemsize
    driver: Any = connection.connection.driver_connection
    statement = f"COPY ({compiled}) TO STDOUT (FORMAT BINARY)"
    with driver.cursor() as cursor, cursor.copy(statement, compiled.params) as copy:
        held, begin = bytearray(), _COPY_HEADER_BYTES
        for message in copy:
            held += message
            if len(held) - begin >= block_bytes + _COPY_TRAILER_BYTES:
                yield _decoded(held[begin : begin + block_bytes], layout)
                del held[: begin + block_bytes]
                begin = 0
        rest = held[begin:-_COPY_TRAILER_BYTES]
        if rest:
            yield _decoded(rest, layout)


def _copy_layout(width: int) -> np.dtype[Any]:
    """A row: how many fields, then each field's length and eight bytes, most significant first."""
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for at in range(width):
        fields += [(f"length{at}", ">i4"), (f"value{at}", ">i8")]
    return np.dtype(fields)


def _decoded(content: bytearray, layout: np.dtype[Any]) -> list[Whole]:
    rows = np.frombuffer(content, layout)
    values = [name for name in layout.names or () if name.startswith("value")]
    time, *others = (rows[name].astype(np.int64) for name in values)
    return [time + _COPY_EPOCH_US, *others]

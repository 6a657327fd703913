"""The public market: trades and tickers. They belong to an environment and to no tenant."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from grid_db import models
from grid_db.records import PublicTrade, TickerSnapshot
from grid_db.repositories.shapes import Shape
from grid_db.upsert import bulk_insert
from grid_db.words import Environment

_TRADES: Final = Shape(PublicTrade, models.PublicTrade)
_TICKERS: Final = Shape(TickerSnapshot, models.TickerSnapshot)


class Trades:
    """Public trades, each once; in bulk they are read by `grid_db.bulk`."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def record(self, records: Sequence[PublicTrade]) -> list[int]:
        """Store what is not there yet; the positions in `records` of what was stored."""
        return bulk_insert(self._session, _TRADES.model, _TRADES.rows(records))

    def in_range(
        self,
        environment: Environment,
        symbol: str,
        start: datetime,
        end: datetime,
        limit: int = 10_000,
    ) -> list[PublicTrade]:
        """The first trades of `start` to `end`, both included, in the market's order."""
        columns = _TRADES.columns
        query = (
            _TRADES.select()
            .where(_of(_TRADES, environment, symbol), columns.exchange_ts.between(start, end))
            .order_by(columns.exchange_ts, columns.seq.nulls_first(), columns.id)
            .limit(limit)
        )
        return _TRADES.all(self._session, query)

    def last_ts(
        self, environment: Environment, symbol: str, until: datetime | None = None
    ) -> datetime | None:
        """The newest exchange time stored of a symbol, not after `until` where that is given."""
        return _last_ts(self._session, _TRADES, environment, symbol, until)

    def exists(
        self, environment: Environment, symbol: str, exchange_ts: datetime, trade_id: str
    ) -> bool:
        """Whether a trade is stored."""
        columns = _TRADES.columns
        query = sa.select(columns.id).where(
            _of(_TRADES, environment, symbol),
            columns.exchange_ts == exchange_ts,
            columns.trade_id == trade_id,
        )
        return self._session.scalar(query) is not None


class Tickers:
    """The market at its times: one row for each exchange time, the first one received."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def record(self, records: Sequence[TickerSnapshot]) -> list[int]:
        """Store what is not there yet; the positions in `records` of what was stored."""
        return bulk_insert(self._session, _TICKERS.model, _TICKERS.rows(records))

    def in_range(
        self,
        environment: Environment,
        symbol: str,
        start: datetime,
        end: datetime,
        limit: int = 10_000,
    ) -> list[TickerSnapshot]:
        """The first tickers of `start` to `end`, both included."""
        columns = _TICKERS.columns
        query = (
            _TICKERS.select()
            .where(_of(_TICKERS, environment, symbol), columns.exchange_ts.between(start, end))
            .order_by(columns.exchange_ts)
            .limit(limit)
        )
        return _TICKERS.all(self._session, query)

    def last_ts(
        self, environment: Environment, symbol: str, until: datetime | None = None
    ) -> datetime | None:
        """The newest exchange time stored of a symbol, not after `until` where that is given."""
        return _last_ts(self._session, _TICKERS, environment, symbol, until)

    def out_of_order(
        self, environment: Environment, symbol: str, start: datetime, end: datetime
    ) -> int:
        """How many tickers from `start` to before `end` were stored after one of a later time."""
        columns = _TICKERS.columns
        before = sa.func.lag(columns.exchange_ts).over(order_by=columns.id)
        rows = (
            sa.select(columns.exchange_ts, before.label("before"))
            .where(
                _of(_TICKERS, environment, symbol),
                columns.exchange_ts >= start,
                columns.exchange_ts < end,
            )
            .subquery()
        )
        query = sa.select(sa.func.count()).where(rows.c.exchange_ts < rows.c.before)
        return self._session.scalar(query) or 0

    def latest(self, environment: Environment, symbol: str) -> TickerSnapshot | None:
        """The newest ticker of a symbol."""
        query = _TICKERS.select().where(_of(_TICKERS, environment, symbol))
        newest_first = query.order_by(_TICKERS.columns.exchange_ts.desc())
        return _TICKERS.first(self._session, newest_first)

    def mark_at_or_before(
        self, environment: Environment, symbol: str, ts: datetime
    ) -> Decimal | None:
        """The newest mark price up to `ts`, included; tickers without one are passed over."""
        columns = _TICKERS.columns
        query = (
            sa.select(columns.mark_price)
            .where(_of(_TICKERS, environment, symbol))
            .where(columns.exchange_ts <= ts, columns.mark_price.is_not(None))
            .order_by(columns.exchange_ts.desc())
            .limit(1)
        )
        found: Decimal | None = self._session.scalar(query)
        return found


def _of(shape: Shape[Any], environment: Environment, symbol: str) -> sa.ColumnElement[bool]:
    columns = shape.columns
    return sa.and_(columns.environment == environment.value, columns.symbol == symbol)


def _last_ts(
    session: Session,
    shape: Shape[Any],
    environment: Environment,
    symbol: str,
    until: datetime | None,
) -> datetime | None:
    query = sa.select(sa.func.max(shape.columns.exchange_ts))
    query = query.where(_of(shape, environment, symbol))
    if until is not None:
        query = query.where(shape.columns.exchange_ts <= until)
    found: datetime | None = session.scalar(query)
    return found

"""A database with the whole schema in a file, and short ways to fill it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from backtest.recordings.market import RecordedMarket
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.records import Gap, PublicTrade, TickerSnapshot
from grid_db.repositories import as_admin
from grid_db.settings import DatabaseSettings
from grid_db.types import from_microseconds
from grid_db.words import Environment, GapState, Stream
from gridcore.sides import SideType

START_US = 1_767_229_200_000_000
NOW = datetime(2026, 2, 1, tzinfo=UTC)


@dataclass(slots=True)
class Recording:
    """A database being filled as event_saver fills it. Times are milliseconds after START_US."""

    database: DatabaseFactory
    path: Path
    symbol: str = "BTCUSDT"
    environment: Environment = Environment.SIM
    count: int = 0

    def trade(
        self,
        at_ms: int,
        price: str = "100.5",
        size: str = "0.001",
        side: SideType | None = SideType.BUY,
        seq: int | None = None,
    ) -> None:
        self.count += 1
        at = from_microseconds(START_US + at_ms * 1000)
        record = PublicTrade(
            environment=self.environment,
            symbol=self.symbol,
            trade_id=f"t-{self.count}",
            exchange_ts=at,
            local_ts=at,
            side=side,
            price=Decimal(price),
            size=Decimal(size),
            seq=seq,
        )
        with self.database.get_session() as session:
            as_admin(session).trades.record([record])

    def ticker(
        self,
        at_ms: int,
        last: str = "100.5",
        bid: str | None = "100.0",
        ask: str | None = "100.5",
        mark: str | None = "100.37",
        funding: str | None = "-0.0001",
    ) -> None:
        at = from_microseconds(START_US + at_ms * 1000)
        values = [None if text is None else Decimal(text) for text in (mark, bid, ask, funding)]
        record = TickerSnapshot(
            environment=self.environment,
            symbol=self.symbol,
            exchange_ts=at,
            local_ts=at,
            last_price=Decimal(last),
            mark_price=values[0],
            bid1_price=values[1],
            ask1_price=values[2],
            funding_rate=values[3],
        )
        with self.database.get_session() as session:
            as_admin(session).tickers.record([record])

    def gap(
        self,
        from_ms: int,
        to_ms: int,
        *,
        stream: Stream = Stream.TRADES,
        state: GapState = GapState.OPEN,
        symbol: str | None = "BTCUSDT",
        reason: str = "disconnect",
    ) -> str:
        gap = Gap(
            gap_id=str(uuid4()),
            environment=self.environment,
            account_id=None,
            stream=stream,
            symbol=symbol,
            from_ts=from_microseconds(START_US + from_ms * 1000),
            to_ts=from_microseconds(START_US + to_ms * 1000),
            reason=reason,
            state=state,
        )
        with self.database.get_session() as session:
            as_admin(session).gaps.record([gap], NOW)
        return gap.gap_id

    def filled(self, gap_id: str) -> None:
        with self.database.get_session() as session:
            assert as_admin(session).gaps.fill(gap_id, 1, NOW)


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    """An empty recording of BTCUSDT in the environment sim."""
    path = tmp_path / "grid.db"
    database = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{path}"))
    schema.upgrade(database)
    yield Recording(database, path)
    database.dispose()


@pytest.fixture
def market(recording: Recording) -> Iterator[Callable[..., RecordedMarket]]:
    """The recording as a new reader sees it."""
    opened = []

    def look(symbol: str = "BTCUSDT", environment: Environment = Environment.SIM) -> RecordedMarket:
        context = recording.database.get_readonly_session()
        opened.append(context)
        return RecordedMarket(context.__enter__(), environment, symbol)

    yield look
    for context in opened:
        context.__exit__(None, None, None)


@pytest.fixture
def at() -> Callable[[int], int]:
    """Milliseconds after the start as microseconds since the epoch."""
    return lambda ms: START_US + ms * 1000

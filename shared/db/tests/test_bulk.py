from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as drawn
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from grid_db import bulk, repositories
from grid_db.factory import DatabaseFactory
from grid_db.records import PublicTrade, TickerSnapshot
from grid_db.upsert import UnsupportedDialect
from grid_db.words import Environment
from gridcore.clock import SECOND_US
from gridcore.sides import SideType

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOON_US = 1_793_534_400_000_000
SIM = Environment.SIM
SYMBOL = "LTCUSDT"


def trade(number: int, seconds: float = 0, seq: int | None = None) -> PublicTrade:
    return PublicTrade(
        environment=SIM,
        symbol=SYMBOL,
        trade_id=f"{1000 - number}",
        exchange_ts=NOON + timedelta(seconds=seconds),
        local_ts=NOON,
        side=(SideType.BUY, SideType.SELL, None)[number % 3],
        price=Decimal("54.21") + number,
        size=Decimal("0.5"),
        seq=seq,
    )


def ticker(seconds: float, mark: Decimal | None, funding: Decimal | None) -> TickerSnapshot:
    return TickerSnapshot(
        environment=SIM,
        symbol=SYMBOL,
        exchange_ts=NOON + timedelta(seconds=seconds),
        local_ts=NOON,
        last_price=Decimal("54.21"),
        mark_price=mark,
        bid1_price=Decimal("54.2"),
        ask1_price=None,
        funding_rate=funding,
    )


@pytest.fixture
def session(database: DatabaseFactory) -> Iterator[Session]:
    with database.get_session() as session:
        yield session


@pytest.fixture
def read(session: Session) -> Callable[..., list[bulk.TradeBlock]]:
    """The blocks of all trades around noon."""

    def blocks(block_rows: int = 100) -> list[bulk.TradeBlock]:
        return list(bulk.read_trades(session, SIM, SYMBOL, block_rows=block_rows))

    return blocks


def test_trades_come_as_the_integers_that_were_stored(
    session: Session, read: Callable[..., list[bulk.TradeBlock]]
) -> None:
    rows = [trade(0), trade(1, 0.000001), trade(2, 1)]
    repositories.as_admin(session).trades.record(rows)

    [found] = read()

    assert found.at.tolist() == [NOON_US, NOON_US + 1, NOON_US + 1_000_000]
    assert found.price.tolist() == [5_421_000_000, 5_521_000_000, 5_621_000_000]
    assert found.size.tolist() == [50_000_000] * 3
    assert found.side.tolist() == [1, -1, 0]
    columns = (found.at, found.price, found.size, found.side)
    assert [column.dtype for column in columns] == [np.int64, np.int64, np.int64, np.int8]


@drawn(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(data=st.data(), count=st.integers(0, 40), block_rows=st.integers(1, 45))
def test_blocks_of_any_size_hold_the_same_rows_in_the_markets_order(
    session: Session,
    read: Callable[..., list[bulk.TradeBlock]],
    data: st.DataObject,
    count: int,
    block_rows: int,
) -> None:
    """By (time, cross sequence, storing); none is lost where one block ends."""
    times = data.draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    seqs = data.draw(st.lists(st.none() | st.integers(0, 3), min_size=count, max_size=count))
    rows = [trade(number, *at) for number, at in enumerate(zip(times, seqs, strict=True))]
    attempt = session.begin_nested()
    repositories.as_admin(session).trades.record(rows)

    blocks = read(block_rows)
    attempt.rollback()

    def place(row: PublicTrade) -> tuple[datetime, int]:
        return row.exchange_ts, -1 if row.seq is None else row.seq

    expected = [int(row.price * 10**8) for row in sorted(rows, key=place)]
    assert [price for block in blocks for price in block.price.tolist()] == expected
    assert all(len(block) == block_rows for block in blocks[:-1])
    assert all(0 < len(block) <= block_rows for block in blocks)


def test_the_start_belongs_to_a_window_and_the_end_does_not(session: Session) -> None:
    """So that windows which follow each other hold every trade once."""
    repositories.as_admin(session).trades.record([trade(n, n) for n in range(6)])

    def count(first: int | None, last: int | None) -> int:
        return bulk.count_trades(
            session,
            SIM,
            SYMBOL,
            start_us=None if first is None else NOON_US + first * SECOND_US,
            end_us=None if last is None else NOON_US + last * SECOND_US,
        )

    def prices(first: int, last: int) -> list[int]:
        blocks = bulk.read_trades(
            session,
            SIM,
            SYMBOL,
            start_us=NOON_US + first * SECOND_US,
            end_us=NOON_US + last * SECOND_US,
        )
        return [price for block in blocks for price in block.price.tolist()]

    assert prices(1, 3) + prices(3, 5) == prices(1, 5)
    assert len(prices(1, 5)) == count(1, 5) == 4
    assert (count(None, 2), count(4, None), count(None, None)) == (2, 2, 6)


def test_other_environments_and_symbols_are_not_read(session: Session) -> None:
    repositories.as_admin(session).trades.record([trade(0)])
    assert list(bulk.read_trades(session, Environment.MAINNET, SYMBOL)) == []
    assert list(bulk.read_trades(session, SIM, "SOLUSDT")) == []
    assert list(bulk.read_trades(session, SIM, "'; DROP TABLE runs; --")) == []


def test_a_session_can_go_on_after_a_read(
    session: Session, read: Callable[..., list[bulk.TradeBlock]]
) -> None:
    trades = repositories.as_admin(session).trades
    trades.record([trade(0)])
    read()

    trades.record([trade(1, 1)])

    assert sum(len(block) for block in read()) == 2


def test_after_a_read_that_stopped_early_the_database_still_serves(
    database: DatabaseFactory,
) -> None:
    with database.get_session() as session:
        repositories.as_admin(session).trades.record([trade(n, n) for n in range(500)])

    with database.get_readonly_session() as session:
        first = next(bulk.read_trades(session, SIM, SYMBOL, block_rows=2))
        session.rollback()

        assert len(first) == 2
        assert bulk.count_trades(session, SIM, SYMBOL) == 500


MANY_TRADES = """
INSERT INTO public_trades
    (environment, symbol, trade_id, exchange_ts, local_ts, side, price, size)
SELECT 'sim', 'LTCUSDT', n::text, at, at, 'Buy', 1, 1
FROM generate_series(1, 200000) AS n,
    LATERAL (SELECT '2026-11-01Z'::timestamptz + n * '1 s'::interval AS at) AS times
"""
"""More than what fits between a server and its client."""


def test_a_read_that_breaks_off_says_so_as_any_query_would(database: DatabaseFactory) -> None:
    """Callers know SQLAlchemy's errors, not each driver's."""
    with database.get_session() as session:
        if database.dialect == "postgresql":
            session.execute(sa.text(MANY_TRADES))
        else:
            repositories.as_admin(session).trades.record([trade(n, n) for n in range(500)])

    with database.get_readonly_session() as session:
        blocks = bulk.read_trades(session, SIM, SYMBOL, block_rows=2)
        next(blocks)
        driver = session.connection().connection.driver_connection
        assert driver is not None
        if database.dialect == "postgresql":
            with database.get_session() as other:
                other.execute(
                    sa.text("SELECT pg_terminate_backend(:process)"),
                    {"process": driver.info.backend_pid},
                )
        else:
            driver.interrupt()
        with pytest.raises(sa.exc.DBAPIError, match="bulk read"):
            deque(blocks, maxlen=0)


def test_tickers_come_with_what_is_unknown_marked(session: Session) -> None:
    """Unknown is never 0."""
    rows = [
        ticker(2, Decimal("54.205"), Decimal("-0.000125")),
        ticker(1, None, None),
    ]
    repositories.as_admin(session).tickers.record(rows)

    [found] = bulk.read_tickers(session, SIM, SYMBOL)

    assert len(found) == bulk.count_tickers(session, SIM, SYMBOL) == 2
    assert bulk.count_tickers(session, SIM, SYMBOL, start_us=NOON_US + 2 * SECOND_US) == 1
    assert found.at.tolist() == [NOON_US + 1_000_000, NOON_US + 2_000_000]
    assert found.last.tolist() == [5_421_000_000] * 2
    assert found.mark.tolist() == [bulk.UNKNOWN, 5_420_500_000]
    assert found.bid.tolist() == [5_420_000_000] * 2
    assert found.ask.tolist() == [bulk.UNKNOWN] * 2
    assert found.funding.tolist() == [bulk.UNKNOWN, -12_500]


def test_a_block_of_no_rows_is_refused(session: Session) -> None:
    with pytest.raises(ValueError, match="expected at least 1, found 0"):
        list(bulk.read_trades(session, SIM, SYMBOL, block_rows=0))


def test_a_dialect_that_nobody_knows_is_refused() -> None:
    engine = sa.create_engine("sqlite://")
    engine.dialect.name = "mysql"

    with Session(engine) as session, pytest.raises(UnsupportedDialect, match="found mysql"):
        list(bulk.read_trades(session, SIM, SYMBOL))

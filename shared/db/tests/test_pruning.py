from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from grid_db.factory import DatabaseFactory
from grid_db.models import Base, Gap, PrivateExecution, PublicTrade, TickerSnapshot
from grid_db.pruning import REASON, ROWS_PER_STEP, Prunable, plan, prune, reclaim
from grid_db.upsert import bulk_insert

Rows = dict[type[Base], dict[str, object]]
START = datetime(2026, 3, 1, tzinfo=UTC)
BOTH = list(Prunable)


def add_trades(
    database: DatabaseFactory, sample_rows: Rows, symbol: str, minutes: range, per_minute: int = 1
) -> None:
    rows = [
        {
            **sample_rows[PublicTrade],
            "symbol": symbol,
            "trade_id": f"{minute}-{number}",
            "exchange_ts": START + timedelta(minutes=minute),
        }
        for minute in minutes
        for number in range(per_minute)
    ]
    with database.get_session() as session:
        bulk_insert(session, PublicTrade, rows)


def left(database: DatabaseFactory, model: type[Base] = PublicTrade) -> int:
    with database.get_readonly_session() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def gaps(database: DatabaseFactory) -> list[tuple[object, ...]]:
    with database.get_readonly_session() as session:
        found = session.execute(
            sa.select(Gap.environment, Gap.stream, Gap.symbol, Gap.from_ts, Gap.to_ts, Gap.state)
            .where(Gap.reason == REASON)
            .order_by(Gap.symbol)
        )
        return [tuple(row) for row in found]


def test_rows_before_the_time_go_and_the_others_stay(
    database: DatabaseFactory, sample_rows: Rows
) -> None:
    add_trades(database, sample_rows, "BTCUSDT", range(10))

    [pruned] = prune(database, BOTH, START + timedelta(minutes=4))

    assert (pruned.kind, pruned.symbol, pruned.rows) == (Prunable.TRADES, "BTCUSDT", 4)
    assert (pruned.first, pruned.last) == (START, START + timedelta(minutes=3))
    with database.get_readonly_session() as session:
        assert session.scalar(sa.select(sa.func.min(PublicTrade.exchange_ts))) == START + timedelta(
            minutes=4
        )


def test_the_gap_ledger_keeps_the_time_of_what_went(
    database: DatabaseFactory, sample_rows: Rows
) -> None:
    """An emptied stretch must not look like a quiet market."""
    add_trades(database, sample_rows, "BTCUSDT", range(10))
    add_trades(database, sample_rows, "ETHUSDT", range(2, 10))

    prune(database, BOTH, START + timedelta(minutes=4))

    end = START + timedelta(minutes=3)
    assert gaps(database) == [
        ("sim", "trades", "BTCUSDT", START, end, "unrecoverable"),
        ("sim", "trades", "ETHUSDT", START + timedelta(minutes=2), end, "unrecoverable"),
    ]


def test_pruning_again_makes_the_same_gap_longer(
    database: DatabaseFactory, sample_rows: Rows
) -> None:
    add_trades(database, sample_rows, "BTCUSDT", range(10))
    prune(database, BOTH, START + timedelta(minutes=4))

    prune(database, BOTH, START + timedelta(minutes=6))

    assert gaps(database) == [
        ("sim", "trades", "BTCUSDT", START, START + timedelta(minutes=5), "unrecoverable")
    ]


def test_many_rows_go_in_steps(database: DatabaseFactory, sample_rows: Rows) -> None:
    add_trades(database, sample_rows, "BTCUSDT", range(2), per_minute=ROWS_PER_STEP // 2 + 1)
    steps: list[int] = []

    prune(database, [Prunable.TRADES], START + timedelta(days=1), steps.append)

    assert steps == [ROWS_PER_STEP, 2]
    assert left(database) == 0


def test_only_what_was_named_goes(filled: DatabaseFactory) -> None:
    prune(filled, [Prunable.TICKERS], datetime(2027, 1, 1, tzinfo=UTC))

    assert left(filled, TickerSnapshot) == 0
    assert left(filled, PublicTrade) == 1
    assert left(filled, PrivateExecution) == 1


def test_a_plan_deletes_nothing(filled: DatabaseFactory) -> None:
    planned = plan(filled, BOTH, datetime(2027, 1, 1, tzinfo=UTC))

    assert [(one.kind, one.rows) for one in planned] == [(kind, 1) for kind in BOTH]
    assert left(filled) == 1
    assert gaps(filled) == []


def test_a_time_without_a_zone_is_refused(database: DatabaseFactory) -> None:
    with pytest.raises(ValueError, match="expected a datetime with a time zone"):
        plan(database, BOTH, datetime(2026, 3, 1))  # noqa: DTZ001


def test_room_can_be_given_back(filled: DatabaseFactory) -> None:
    prune(filled, BOTH, datetime(2027, 1, 1, tzinfo=UTC))

    reclaim(filled)

    assert left(filled) == 0

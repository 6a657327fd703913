from datetime import timedelta, timezone
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from grid_db import models
from grid_db.factory import DatabaseFactory
from grid_db.models import Base, Gap, GridStateSnapshot, PublicTrade, Strategy, User
from grid_db.upsert import UnsupportedDialect, bulk_insert, conflict_key, insert_for

Rows = dict[type[Base], dict[str, object]]


def insert(
    database: DatabaseFactory, model: type[Base], rows: list[dict[str, object]]
) -> list[int]:
    with database.get_session() as session:
        return bulk_insert(session, model, rows)


def count(database: DatabaseFactory, model: type[Base]) -> int:
    with database.get_readonly_session() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


@pytest.mark.parametrize("name", [name for name in models.__all__ if name not in ("Base", "User")])
def test_every_table_takes_its_row_once(
    filled: DatabaseFactory, sample_rows: Rows, name: str
) -> None:
    """L75: a conflict target without its constraint fails only when it runs."""
    model = getattr(models, name)

    again = insert(filled, model, [sample_rows[model], sample_rows[model]])

    assert again == []
    assert count(filled, model) == 1


def test_every_row_comes_back_as_it_was_given(database: DatabaseFactory, sample_rows: Rows) -> None:
    with database.get_session() as session:
        for model, row in sample_rows.items():
            if model is User:
                session.execute(sa.insert(User), [row])
            else:
                assert bulk_insert(session, model, [row]) == [0]

    with database.get_readonly_session() as session:
        for model, row in sample_rows.items():
            kept = session.scalars(sa.select(model)).one()
            assert {name: getattr(kept, name) for name in row} == row


def test_columns_that_are_not_given_get_their_default(
    filled: DatabaseFactory, sample_rows: Rows
) -> None:
    rows = [{**sample_rows[Gap], "gap_id": name} for name in ("gap-2", "gap-3")]

    assert insert(filled, Gap, rows) == [0, 1]

    with filled.get_readonly_session() as session:
        gaps = list(session.scalars(sa.select(Gap).where(Gap.gap_id != "gap-1")))
    assert [(gap.state, gap.attempts, gap.created_at is None) for gap in gaps] == [
        ("open", 0, False),
        ("open", 0, False),
    ]


def test_rows_come_to_the_table_in_their_order(
    database: DatabaseFactory, sample_rows: Rows
) -> None:
    """Trades of one time are told apart by the order in which they came."""
    names = [f"t-{number * 7919 % 2500}" for number in range(2500)]

    insert(database, PublicTrade, [{**sample_rows[PublicTrade], "trade_id": n} for n in names])

    with database.get_readonly_session() as session:
        kept = list(session.scalars(sa.select(PublicTrade.trade_id).order_by(PublicTrade.id)))
    assert kept == names


def test_what_was_really_inserted_is_told(filled: DatabaseFactory, sample_rows: Rows) -> None:
    known = sample_rows[PublicTrade]
    new = {**known, "trade_id": "t-2"}
    other = {**known, "trade_id": "t-3"}

    inserted = insert(filled, PublicTrade, [known, new, dict(new), other, dict(known)])

    assert inserted == [1, 3]
    assert count(filled, PublicTrade) == 3


def test_the_first_of_repeated_rows_is_taken(filled: DatabaseFactory, sample_rows: Rows) -> None:
    first = {**sample_rows[PublicTrade], "trade_id": "t-2", "price": Decimal(1)}
    second = {**first, "price": Decimal(2)}

    insert(filled, PublicTrade, [first, second])

    with filled.get_readonly_session() as session:
        price = session.scalar(sa.select(PublicTrade.price).where(PublicTrade.trade_id == "t-2"))
    assert price == 1


def test_an_update_takes_the_last_of_repeated_rows(
    filled: DatabaseFactory, sample_rows: Rows
) -> None:
    """PostgreSQL refuses to change one row twice in one statement (live.md 2.4)."""
    gap = sample_rows[Gap]
    rows = [{**gap, "attempts": 1}, {**gap, "attempts": 2, "reason": "not to be taken"}]

    with filled.get_session() as session:
        changed = bulk_insert(session, Gap, rows, update=["attempts"])

    with filled.get_readonly_session() as session:
        kept = session.execute(sa.select(Gap.attempts, Gap.reason)).one()
    assert changed == [1]
    assert tuple(kept) == (2, "disconnect")


def test_a_time_is_the_same_in_every_zone(filled: DatabaseFactory, sample_rows: Rows) -> None:
    row = sample_rows[PublicTrade]
    at = row["exchange_ts"]
    abroad = at.astimezone(timezone(timedelta(hours=5, minutes=30)))  # type: ignore[attr-defined]

    assert insert(filled, PublicTrade, [{**row, "exchange_ts": abroad}]) == []


def test_rows_without_a_fingerprint_are_all_kept(
    filled: DatabaseFactory, sample_rows: Rows
) -> None:
    """live.md 2.2: the unique index is partial."""
    row = {**sample_rows[GridStateSnapshot], "raw_fingerprint": None}

    assert insert(filled, GridStateSnapshot, [row, dict(row)]) == [0, 1]
    assert insert(filled, GridStateSnapshot, [row]) == [0]
    assert count(filled, GridStateSnapshot) == 4


def test_a_row_that_breaks_another_rule_is_no_conflict(
    filled: DatabaseFactory, sample_rows: Rows
) -> None:
    """A missing run must be told, never taken for a row that is there already (L96)."""
    bad = {**sample_rows[models.PrivateExecution], "exec_id": "e-2", "run_id": "nobody"}

    with pytest.raises(IntegrityError):
        insert(filled, models.PrivateExecution, [bad])


def test_nothing_to_insert_is_nothing(database: DatabaseFactory) -> None:
    assert insert(database, PublicTrade, []) == []


def test_rows_of_different_columns_are_refused(
    database: DatabaseFactory, sample_rows: Rows
) -> None:
    row = sample_rows[PublicTrade]
    with pytest.raises(ValueError, match="row 1 differs in seq"):
        insert(database, PublicTrade, [row, {**row, "seq": 1}])
    with pytest.raises(ValueError, match=r"unknown \['prise'\]"):
        insert(database, PublicTrade, [{**row, "prise": 1}])
    with pytest.raises(ValueError, match=r"missing \['trade_id'\]"):
        insert(database, PublicTrade, [{n: v for n, v in row.items() if n != "trade_id"}])


def table_of(model: type[Base]) -> sa.Table:
    return Base.metadata.tables[model.__tablename__]


def test_an_unknown_dialect_is_refused() -> None:
    """live.md 2.4: elsewhere conflict handling was lost without a word."""
    with pytest.raises(UnsupportedDialect, match="expected one of postgresql, sqlite, found mysql"):
        insert_for("mysql", table_of(PublicTrade))


def test_the_key_is_the_unique_one_where_there_is_one() -> None:
    trade_key = ["environment", "symbol", "exchange_ts", "trade_id"]

    assert conflict_key(table_of(PublicTrade))[0] == trade_key
    assert conflict_key(table_of(Strategy))[0] == ["account_id", "strat_id"]
    assert conflict_key(table_of(Gap))[0] == ["gap_id"]
    with pytest.raises(ValueError, match="users: expected one unique constraint, found 2"):
        conflict_key(table_of(User))


@settings(
    max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(batches=st.lists(st.lists(st.integers(0, 12), max_size=8), max_size=5))
def test_however_rows_repeat_each_is_inserted_once_and_told_once(
    database: DatabaseFactory, sample_rows: Rows, batches: list[list[int]]
) -> None:
    told: list[int] = []
    with database.get_session() as session:
        session.execute(sa.delete(PublicTrade))
        for batch in batches:
            rows = [{**sample_rows[PublicTrade], "trade_id": str(number)} for number in batch]
            told += [batch[place] for place in bulk_insert(session, PublicTrade, rows)]
        kept = list(session.scalars(sa.select(PublicTrade.trade_id)))

    assert len(told) == len(set(told))
    assert sorted(map(str, told)) == sorted(kept) == sorted({str(n) for b in batches for n in b})

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import StatementError

from grid_db import types
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings

TABLE = sa.Table(
    "kept",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", types.UtcDateTime()),
    sa.Column("traded_at", types.ExchangeTime()),
    sa.Column("price", types.Fixed8()),
    sa.Column("money", types.ExactDecimal()),
)
AT = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
EARLIEST, LATEST = datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2200-01-01")
SHARED = settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
ZONES = st.sampled_from(
    [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=8))]
)
EIGHT_DIGITS = st.integers(-types.FIXED8_MAX, types.FIXED8_MAX)
ANY_DECIMAL = st.decimals(allow_nan=False, allow_infinity=False) | st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(-(10**25), 10**25),
    st.integers(-60, 60),
)


@pytest.fixture
def kept(database: DatabaseFactory) -> Iterator[DatabaseFactory]:
    TABLE.metadata.create_all(database.engine)
    yield database
    TABLE.metadata.drop_all(database.engine)


def came_back(database: DatabaseFactory, column: str, values: list[object]) -> list[object]:
    with database.get_session() as session:
        session.execute(sa.delete(TABLE))
        rows = [{"id": place, column: value} for place, value in enumerate(values)]
        session.execute(sa.insert(TABLE), rows)
    with database.get_readonly_session() as session:
        return list(session.scalars(sa.select(TABLE.c[column]).order_by(TABLE.c.id)))


@SHARED
@given(st.lists(st.datetimes(EARLIEST, LATEST, timezones=ZONES), min_size=1))
def test_a_time_comes_back_in_utc_to_the_microsecond(
    kept: DatabaseFactory, moments: list[datetime]
) -> None:
    found = came_back(kept, "at", list(moments))

    assert found == moments
    assert all(isinstance(one, datetime) and one.tzinfo is UTC for one in found)


@SHARED
@given(st.lists(EIGHT_DIGITS, min_size=1))
def test_a_market_number_of_eight_digits_comes_back_equal(
    kept: DatabaseFactory, units: list[int]
) -> None:
    values = [types.from_fixed8(one) for one in units]

    assert came_back(kept, "price", list(values)) == values


@SHARED
@given(st.lists(ANY_DECIMAL, min_size=1))
def test_money_of_any_number_of_digits_comes_back_equal(
    kept: DatabaseFactory, amounts: list[Decimal]
) -> None:
    amounts = [one for one in amounts if abs(one.adjusted()) < 10_000] or [Decimal(1)]

    assert came_back(kept, "money", list(amounts)) == amounts


def test_money_looks_the_same_on_both_dialects(kept: DatabaseFactory) -> None:
    amounts = [Decimal(text) for text in ("1E+3", "54.200", "-0", "0.00001", "-1.10E-9")]

    found = came_back(kept, "money", list(amounts))

    assert [str(one) for one in found] == ["1000", "54.2", "0", "0.00001", "-1.1E-9"]


def test_sqlite_keeps_integers_and_text_never_a_float(sqlite_settings: DatabaseSettings) -> None:
    """W41: a float column loses digits."""
    database = DatabaseFactory(sqlite_settings)
    TABLE.metadata.create_all(database.engine)
    row = {"id": 1, "at": AT, "traded_at": AT, "price": Decimal("0.1"), "money": Decimal("0.1")}
    with database.get_session() as session:
        session.execute(sa.insert(TABLE), [row])

    with database.get_readonly_session() as session:
        stored = session.execute(
            sa.text("SELECT typeof(at), typeof(price), typeof(money), at, price, money FROM kept")
        ).one()
    database.dispose()

    assert tuple(stored) == ("integer", "integer", "text", 1772366400123456, 10_000_000, "0.1")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", datetime(2026, 3, 1)),  # noqa: DTZ001
        ("at", 1772366400),
        ("traded_at", datetime(1970, 1, 1, tzinfo=UTC)),
        ("traded_at", datetime(2009, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("traded_at", datetime(2100, 1, 1, tzinfo=UTC)),
        ("price", 0.1),
        ("price", 1),
        ("price", Decimal("0.000000001")),
        ("price", Decimal("92233720368.54775808")),
        ("price", Decimal("NaN")),
        ("price", Decimal("Infinity")),
        ("money", 0.1),
        ("money", "0.1"),
        ("money", Decimal("NaN")),
        ("money", Decimal("1E+20000")),
        ("money", Decimal("1E-20000")),
    ],
)
def test_what_would_come_back_different_is_refused(
    kept: DatabaseFactory, column: str, value: object
) -> None:
    """L77, L97: times of 1970 and naive times; floats and lost digits."""
    with pytest.raises(StatementError, match="expected"):
        came_back(kept, column, [value])


def test_a_query_may_ask_from_any_time_on(kept: DatabaseFactory) -> None:
    came_back(kept, "traded_at", [AT])
    epoch = datetime(1970, 1, 1, tzinfo=UTC)

    with kept.get_readonly_session() as session:
        found = session.scalar(sa.select(TABLE.c.traded_at).where(TABLE.c.traded_at >= epoch))

    assert found == AT


def test_the_newest_time_keeps_its_type(kept: DatabaseFactory) -> None:
    came_back(kept, "traded_at", [AT, AT + timedelta(microseconds=1)])

    with kept.get_readonly_session() as session:
        newest = session.scalar(sa.select(sa.func.max(TABLE.c.traded_at)))

    assert newest == AT + timedelta(microseconds=1)


def test_a_time_is_utc_whatever_zone_the_server_answers_in(
    postgres_settings: DatabaseSettings,
) -> None:
    database = DatabaseFactory(postgres_settings)
    statement = sa.select(sa.literal(AT, types.UtcDateTime()))

    with database.get_readonly_session() as session:
        session.execute(sa.text("SET LOCAL timezone = 'Asia/Kolkata'"))
        found = session.scalar(statement)
    database.dispose()

    assert found == AT
    assert found is not None
    assert found.tzinfo is UTC


def test_sqlite_keeps_money_as_plain_text(sqlite_settings: DatabaseSettings) -> None:
    database = DatabaseFactory(sqlite_settings)
    TABLE.metadata.create_all(database.engine)
    came_back(database, "money", [Decimal("1E-9"), Decimal("-1.50E+3")])

    with database.get_readonly_session() as session:
        stored = list(session.scalars(sa.text("SELECT money FROM kept ORDER BY id")))
    database.dispose()

    assert stored == ["0.000000001", "-1500"]


def test_a_sum_that_became_a_float_is_refused(sqlite_settings: DatabaseSettings) -> None:
    database = DatabaseFactory(sqlite_settings)
    TABLE.metadata.create_all(database.engine)
    came_back(database, "money", [Decimal("0.1"), Decimal("0.2")])

    with (
        database.get_readonly_session() as session,
        pytest.raises(TypeError, match=r"found float 0\.3"),
    ):
        session.scalar(sa.select(sa.func.sum(TABLE.c.money)))
    database.dispose()


def test_market_numbers_can_be_compared_and_added_up_in_a_query(kept: DatabaseFactory) -> None:
    came_back(kept, "price", [Decimal("99800.1"), Decimal("99800.2"), Decimal("99800.3")])
    price = TABLE.c.price

    with kept.get_readonly_session() as session:
        total = session.scalar(sa.select(sa.func.sum(price)).where(price > Decimal("99800.1")))

    assert total == Decimal("199600.5")


@pytest.mark.parametrize(
    "expression",
    [lambda column: column * column, lambda column: column / 2, lambda column: column // column],
)
def test_a_product_of_market_numbers_is_refused_in_a_query(expression: Any) -> None:
    """Its unit would be 1e-16, and be read as 1e-8."""
    with pytest.raises(TypeError, match="its unit would be another"):
        expression(TABLE.c.price)


def test_unknown_stays_unknown(kept: DatabaseFactory) -> None:
    for column in ("at", "traded_at", "price", "money"):
        assert came_back(kept, column, [None]) == [None]


def test_money_is_found_by_its_value_however_it_is_written(kept: DatabaseFactory) -> None:
    came_back(kept, "money", [Decimal("54.20"), Decimal("1E+2")])

    with kept.get_readonly_session() as session:
        found = session.scalars(
            sa.select(TABLE.c.money).where(TABLE.c.money.in_([Decimal("54.2"), Decimal("100")]))
        )

        assert sorted(found) == [Decimal("54.2"), Decimal(100)]


@pytest.mark.parametrize(
    "expression",
    [
        lambda column: column < Decimal(1),
        lambda column: column.between(Decimal(1), Decimal(2)),
        lambda column: column + Decimal(1),
        lambda column: column.desc(),
    ],
)
def test_money_has_no_order_in_a_query(expression: Any) -> None:
    """SQLite keeps it as text, where "9" is above "10": a silent wrong answer on one dialect."""
    with pytest.raises(TypeError, match="compute with Decimals"):
        expression(TABLE.c.money)


def test_market_numbers_are_counts_of_a_hundred_millionth() -> None:
    assert types.to_fixed8(Decimal("99800.1")) == 9_980_010_000_000
    assert types.to_fixed8(Decimal("92233720368.54775807")) == 2**63 - 1
    assert str(types.from_fixed8(9_980_010_000_000)) == "99800.10000000"


def test_microseconds_are_exact() -> None:
    """A float of this time would be off by a microsecond."""
    assert (
        types.microseconds(datetime(2262, 4, 11, 23, 47, 16, 854_775, tzinfo=UTC))
        == 9223372036854775
    )
    assert types.from_microseconds(9223372036854775) == datetime(
        2262, 4, 11, 23, 47, 16, 854_775, tzinfo=UTC
    )

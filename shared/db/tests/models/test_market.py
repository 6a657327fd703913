from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from grid_db.factory import DatabaseFactory
from grid_db.models import Base, PublicTrade, TickerSnapshot
from grid_db.settings import DatabaseSettings

Rows = dict[type[Base], dict[str, object]]


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (PublicTrade, {"price": Decimal(0)}),
        (PublicTrade, {"size": Decimal("-0.1")}),
        (PublicTrade, {"side": "buy"}),
        (PublicTrade, {"environment": "prod"}),
        (TickerSnapshot, {"last_price": Decimal(0)}),
        (TickerSnapshot, {"environment": "prod"}),
        (PublicTrade, {}),
        (TickerSnapshot, {}),
    ],
)
def test_what_no_market_shows_is_refused_and_so_is_a_row_twice(
    filled: DatabaseFactory, sample_rows: Rows, model: type[Base], change: dict[str, object]
) -> None:
    row = {**sample_rows[model], **change}

    with pytest.raises(IntegrityError), filled.get_session() as session:
        session.execute(sa.insert(model), [row])


@pytest.mark.parametrize("model", [PublicTrade, TickerSnapshot])
def test_environments_do_not_collide(
    filled: DatabaseFactory, sample_rows: Rows, model: type[Base]
) -> None:
    """W38: rows of testnet and mainnet used to push each other out."""
    rows = [{**sample_rows[model], "environment": word} for word in ("mainnet", "testnet", "demo")]

    with filled.get_session() as session:
        session.execute(sa.insert(model), rows)

    with filled.get_readonly_session() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(model)) == 4


def test_unknown_quotes_are_null_not_0(filled: DatabaseFactory) -> None:
    """strategy.md 9."""
    with filled.get_readonly_session() as session:
        ticker = session.scalars(sa.select(TickerSnapshot)).one()

    quotes = (ticker.mark_price, ticker.bid1_price, ticker.ask1_price, ticker.funding_rate)
    assert quotes == (None, None, None, None)


def test_reading_a_stretch_of_one_symbol_uses_the_unique_index(
    sqlite_settings: DatabaseSettings,
) -> None:
    database = DatabaseFactory(sqlite_settings)
    statement = (
        "EXPLAIN QUERY PLAN SELECT price FROM public_trades WHERE environment = 'sim' "
        "AND symbol = 'BTCUSDT' AND exchange_ts >= 0 ORDER BY exchange_ts"
    )

    with database.get_readonly_session() as session:
        plan = " ".join(str(row) for row in session.execute(sa.text(statement)))
    database.dispose()

    assert "SEARCH public_trades USING INDEX" in plan
    assert "TEMP B-TREE" not in plan

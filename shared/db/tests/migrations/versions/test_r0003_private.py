import sqlalchemy as sa

from grid_db import schema
from grid_db.factory import DatabaseFactory

MADE = {
    "funding_payments",
    "orders",
    "position_snapshots",
    "private_executions",
    "wallet_snapshots",
}


def tables(database: DatabaseFactory) -> set[str]:
    with database.engine.connect() as connection:
        return set(sa.inspect(connection).get_table_names())


def test_it_makes_its_tables_and_takes_them_away_again(empty_database: DatabaseFactory) -> None:
    schema.upgrade(empty_database, "0003")
    with_it = tables(empty_database)
    assert with_it >= MADE

    schema.downgrade(empty_database, "0002")

    assert with_it - tables(empty_database) == MADE

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.models import Base
from grid_db.schema import SchemaRefused, SchemaState
from grid_db.settings import DatabaseSettings

REVISIONS = ["0001", "0002", "0003", "0004"]
OURS = set(Base.metadata.tables)


def tables(database: DatabaseFactory) -> set[str]:
    with database.engine.connect() as connection:
        return set(sa.inspect(connection).get_table_names())


def told_index(index: Any) -> str:
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return f"{index['name']} {index['unique']} {index['column_names']} {options}"


def shape(database: DatabaseFactory) -> dict[str, object]:
    """Columns, constraints and indexes of every table, as the database itself tells them."""
    with database.engine.connect() as connection:
        found = sa.inspect(connection)
        return {
            table: (
                [
                    (one["name"], str(one["type"]), one["nullable"])
                    for one in found.get_columns(table)
                ],
                found.get_pk_constraint(table)["constrained_columns"],
                sorted(str(one) for one in found.get_foreign_keys(table)),
                sorted(str(one) for one in found.get_unique_constraints(table)),
                sorted(str(one) for one in found.get_check_constraints(table)),
                sorted(map(told_index, found.get_indexes(table))),
            )
            for table in sorted(OURS)
        }


@pytest.fixture
def by_models(settings: DatabaseSettings) -> Iterator[DatabaseFactory]:
    factory = DatabaseFactory(settings)
    yield factory
    factory.dispose()


def test_every_revision_is_known_in_its_order() -> None:
    assert schema.revisions() == REVISIONS
    assert schema.newest_revision() == REVISIONS[-1]


def test_upgrading_makes_exactly_what_the_models_say(empty_database: DatabaseFactory) -> None:
    """W34: migrations, models and both dialects agree, check constraints included."""
    schema.upgrade(empty_database)
    migrated = shape(empty_database)
    assert schema.differences(empty_database) == []
    schema.downgrade(empty_database, "base")

    Base.metadata.create_all(empty_database.engine)

    assert shape(empty_database) == migrated
    assert tables(empty_database) >= OURS


def test_both_dialects_have_the_same_constraints(
    sqlite_settings: DatabaseSettings, postgres_settings: DatabaseSettings
) -> None:
    """W34: a CHECK of one dialect only lets rows in that the other refuses."""
    named: list[dict[str, list[list[str]]]] = []
    for settings in (sqlite_settings, postgres_settings):
        factory = DatabaseFactory(settings)
        with factory.engine.connect() as connection:
            found = sa.inspect(connection)
            named.append(
                {
                    table: [
                        sorted(str(one["name"]) for one in kind)
                        for kind in (
                            found.get_check_constraints(table),
                            found.get_unique_constraints(table),
                            found.get_foreign_keys(table),
                            [
                                i
                                for i in found.get_indexes(table)
                                if "duplicates_constraint" not in i
                            ],
                        )
                    ]
                    for table in OURS
                }
            )
        factory.dispose()

    assert named[0] == named[1]


@pytest.mark.parametrize("revision", REVISIONS)
def test_up_from_every_revision_and_down_to_it(
    empty_database: DatabaseFactory, revision: str
) -> None:
    schema.upgrade(empty_database, revision)
    before = tables(empty_database)
    newest = revision == REVISIONS[-1]
    assert schema.state_of(empty_database) is (SchemaState.CURRENT if newest else SchemaState.OLDER)

    schema.upgrade(empty_database)
    assert schema.differences(empty_database) == []
    schema.downgrade(empty_database, revision)

    assert schema.current_revision(empty_database) == revision
    assert tables(empty_database) == before


def test_all_the_way_down_leaves_no_table_of_ours(empty_database: DatabaseFactory) -> None:
    schema.upgrade(empty_database)

    schema.downgrade(empty_database, "base")

    assert tables(empty_database).isdisjoint(OURS)
    assert schema.state_of(empty_database) is SchemaState.EMPTY


def test_upgrading_twice_is_upgrading_once(database: DatabaseFactory) -> None:
    schema.upgrade(database)

    assert schema.state_of(database) is SchemaState.CURRENT


def test_a_current_schema_is_worked_with(database: DatabaseFactory) -> None:
    schema.require_current(database)


def test_an_empty_database_is_refused_and_told_how_to_mend(empty_database: DatabaseFactory) -> None:
    with pytest.raises(SchemaRefused, match="has no tables yet: make them with `grid-db upgrade`"):
        schema.require_current(empty_database)


def test_an_older_schema_is_refused_and_told_how_to_mend(empty_database: DatabaseFactory) -> None:
    schema.upgrade(empty_database, "0002")

    with pytest.raises(SchemaRefused, match=r"revision 0002, .* needs 0004: .*`grid-db upgrade`"):
        schema.require_current(empty_database)


def test_a_newer_schema_is_refused_by_every_way(empty_database: DatabaseFactory) -> None:
    schema.upgrade(empty_database)
    with empty_database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    for refused in (
        lambda: schema.require_current(empty_database),
        lambda: schema.upgrade(empty_database),
        lambda: schema.downgrade(empty_database, "base"),
    ):
        with pytest.raises(SchemaRefused, match="9999, which this program does not know"):
            refused()


def test_tables_without_a_revision_are_refused(empty_database: DatabaseFactory) -> None:
    """W34: earlier systems made tables without saying which."""
    Base.metadata.tables["users"].create(empty_database.engine)

    assert schema.state_of(empty_database) is SchemaState.UNVERSIONED
    for refused in (schema.require_current, schema.upgrade):
        with pytest.raises(SchemaRefused, match="tables of ours and no schema revision"):
            refused(empty_database)


def test_a_revision_nobody_knows_or_behind_is_refused(empty_database: DatabaseFactory) -> None:
    schema.upgrade(empty_database, "0002")

    with pytest.raises(SchemaRefused, match=r"expected a revision of base, 0001.*found '7'"):
        schema.upgrade(empty_database, "7")
    with pytest.raises(SchemaRefused, match="to go back, run `grid-db downgrade 0001`"):
        schema.upgrade(empty_database, "0001")
    with pytest.raises(SchemaRefused, match="to go on, run `grid-db upgrade 0003`"):
        schema.downgrade(empty_database, "0003")


def test_a_failed_upgrade_leaves_nothing_behind(empty_database: DatabaseFactory) -> None:
    """All revisions go in one transaction, on both dialects: 0004 cannot, so 0002 did not."""
    schema.upgrade(empty_database, "0001")
    with empty_database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE gaps (other INTEGER)")

    with pytest.raises(sa.exc.DBAPIError, match="gaps"):
        schema.upgrade(empty_database)

    assert schema.current_revision(empty_database) == "0001"
    assert "public_trades" not in tables(empty_database)


def test_other_programs_tables_are_none_of_our_business(empty_database: DatabaseFactory) -> None:
    with empty_database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE of_somebody (other INTEGER)")

    schema.upgrade(empty_database)

    assert schema.differences(empty_database) == []


def test_a_changed_table_is_told(empty_database: DatabaseFactory) -> None:
    schema.upgrade(empty_database)
    with empty_database.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX ix_runs_status")
        connection.exec_driver_sql("ALTER TABLE users ADD COLUMN shoe_size INTEGER")

    told = schema.differences(empty_database)

    assert told == ["add index: ix_runs_status", "remove column: users shoe_size"]


def test_two_upgrades_at_once_are_one_after_the_other(empty_settings: DatabaseSettings) -> None:
    faults: list[BaseException] = []

    def upgrade() -> None:
        factory = DatabaseFactory(empty_settings)
        try:
            schema.upgrade(factory)
        except sa.exc.SQLAlchemyError as fault:
            faults.append(fault)
        finally:
            factory.dispose()

    threads = [threading.Thread(target=upgrade) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    factory = DatabaseFactory(empty_settings)
    assert faults == []
    assert schema.differences(factory) == []
    factory.dispose()

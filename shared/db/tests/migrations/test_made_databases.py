"""Databases as each revision made them when it was new, kept as SQL, come up to the newest.

The migrations of today cannot show that: whoever changes an old one changes what it makes here,
and not what it has made elsewhere.
"""

import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from bench.database.postgres import postgres_programs
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.models import Base
from grid_db.schema import SchemaState
from grid_db.settings import DatabaseSettings

MADE = Path(__file__).with_name("made")
WRITE = "GRID_DB_WRITE_MADE"
REVISIONS = schema.revisions()
Rows = dict[type[Base], dict[str, object]]


def present(database: DatabaseFactory, rows: Rows) -> Rows:
    """The rows whose tables are there."""
    with database.engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
    return {model: row for model, row in rows.items() if model.__tablename__ in tables}


def dump(settings: DatabaseSettings) -> str:
    """A whole database as SQL, without what depends on the server that wrote it."""
    url = settings.url()
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database))) as connection:
            return "\n".join([*connection.iterdump(), ""])
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    words = [str(postgres_programs() / "pg_dump"), "--inserts", "--no-owner", "--no-privileges"]
    text = subprocess.run(
        [*words, f"--dbname={plain}"], capture_output=True, text=True, check=True
    ).stdout
    kept = [line for line in text.splitlines() if not re.match(r"--|\\|SET |SELECT pg_c", line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() + "\n"


def load(settings: DatabaseSettings, text: str) -> None:
    """Make a database of what `dump` gave."""
    url = settings.url()
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database))) as connection:
            connection.executescript(text)
        return
    with psycopg.connect(
        host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database
    ) as server:
        server.execute(text.encode())


def write(settings: DatabaseSettings, revision: str, rows: Rows, file: Path) -> None:
    """Make a database by a revision, with a row in every table, and keep it."""
    factory = DatabaseFactory(settings)
    schema.upgrade(factory, revision)
    with factory.get_session() as session:
        for model, row in present(factory, rows).items():
            session.execute(sa.insert(model), [row])
    factory.dispose()
    file.write_text(dump(settings), encoding="utf-8")


@pytest.fixture
def database(empty_settings: DatabaseSettings) -> Iterator[DatabaseFactory]:
    factory = DatabaseFactory(empty_settings)
    yield factory
    factory.dispose()


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_that_an_earlier_revision_made_comes_up_with_its_rows(
    empty_settings: DatabaseSettings,
    database: DatabaseFactory,
    sample_rows: Rows,
    revision: str,
) -> None:
    file = MADE / f"{database.dialect}-{revision}.sql"
    if os.environ.get(WRITE) and not file.exists():
        write(empty_settings, revision, sample_rows, file)
        pytest.skip(f"{file.name} is written: look at it, and run again without {WRITE}")
    assert file.exists(), f"expected {file.name}: write it with {WRITE}=1 and commit it"
    load(empty_settings, file.read_text(encoding="utf-8"))
    newest = revision == REVISIONS[-1]
    assert schema.state_of(database) is (SchemaState.CURRENT if newest else SchemaState.OLDER)
    old = present(database, sample_rows)

    schema.upgrade(database)

    assert schema.differences(database) == []
    with database.get_readonly_session() as session:
        for model, row in old.items():
            kept = session.scalars(sa.select(model)).one()
            assert {name: getattr(kept, name) for name in row} == row

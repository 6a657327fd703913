"""Databases for tests of every member: SQLite files, and a real PostgreSQL started for the run.

A pytest plugin that the root conftest.py names. Which dialects a test meets, its folder decides.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.database.postgres import NoPostgres, free_port, postgres_programs, unprivileged

if TYPE_CHECKING:  # most runs need no database, and its packages take a second to import
    from grid_db.factory import DatabaseFactory
    from grid_db.settings import DatabaseSettings

SUPERUSER = "grid"
PASSWORD = "p@ss:/wo%rd #1"
"""Holds what a URL gives a meaning to."""
TEMPLATE = "grid_template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A PostgreSQL server of this test run."""

    port: int
    names: Iterator[int]

    def settings(self, name: str) -> "DatabaseSettings":
        import sqlalchemy as sa

        from grid_db.settings import DatabaseSettings

        url = sa.URL.create(
            "postgresql", SUPERUSER, PASSWORD, "127.0.0.1", self.port, name
        ).render_as_string(hide_password=False)
        return DatabaseSettings.of_url(url)

    def create(self, name: str, options: str = "") -> "DatabaseSettings":
        """A new database: without tables, unless the options name a template."""
        self.run(f"CREATE DATABASE {name} {options}")
        return self.settings(name)

    def drop(self, name: str) -> None:
        """Take a database away, whoever is connected to it."""
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def run(self, statement: str) -> None:
        """Run one statement outside any transaction, in the maintenance database."""
        from grid_db.factory import DatabaseFactory

        factory = DatabaseFactory(self.settings("postgres"))
        with factory.outside_transactions() as connection:
            connection.exec_driver_sql(statement)
        factory.dispose()


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """A server on a free port of 127.0.0.1, run by an unprivileged user, gone afterwards."""
    try:
        if os.environ.get("GRIDBOT_TEST_WITHOUT_POSTGRES"):
            raise NoPostgres("GRIDBOT_TEST_WITHOUT_POSTGRES is set")
        programs = postgres_programs()
    except NoPostgres as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    user = unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="grid-db-"))
    if user:
        os.chown(folder, user["user"], user["group"])
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    served = folder / "served"

    def command(*words: object) -> None:
        subprocess.run(
            [str(word) for word in words],
            check=True,
            env=environment,
            cwd="/",
            stdout=subprocess.DEVNULL,
            **user,
        )

    def start() -> int:
        port = free_port()
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} "
            "-c fsync=off -c synchronous_commit=off -c full_page_writes=off "
            "-c shared_buffers=32MB -c max_connections=60"
        )
        log = folder / "log"
        command(pg_ctl, "-D", served, "-w", "-t", "60", "-l", log, "-o", options, "start")
        return port

    pg_ctl = programs / "pg_ctl"
    try:
        initdb = [programs / "initdb", "-D", served, "-U", SUPERUSER, "-E", "UTF8", "--no-sync"]
        command(*initdb, "--auth=scram-sha-256", f"--pwfile={secret}")
        try:
            port = start()
        except subprocess.CalledProcessError:
            port = start()  # somebody took the port in between
        try:
            yield Cluster(port=port, names=count())
        finally:
            command(pg_ctl, "-D", served, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def make_schema(settings: "DatabaseSettings") -> None:
    from grid_db import schema
    from grid_db.factory import DatabaseFactory

    factory = DatabaseFactory(settings)
    schema.upgrade(factory)
    factory.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the whole schema and no rows."""
    from grid_db.settings import DatabaseSettings

    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    make_schema(DatabaseSettings.of_url(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: Cluster) -> str:
    """The name of a PostgreSQL database with the whole schema, which nobody may connect to."""
    make_schema(postgres_cluster.create(TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def postgres_shared(
    postgres_cluster: Cluster, postgres_template: str
) -> "Iterator[DatabaseFactory]":
    """One PostgreSQL database with the whole schema, for all tests that leave the schema alone."""
    from grid_db.factory import DatabaseFactory

    settings = postgres_cluster.create("grid_shared", f"TEMPLATE {postgres_template}")
    factory = DatabaseFactory(settings)
    yield factory
    factory.dispose()


@pytest.fixture
def sqlite_settings(sqlite_template: Path, tmp_path: Path) -> "DatabaseSettings":
    """A new SQLite file, grid.db in the test's folder, with the whole schema."""
    from grid_db.settings import DatabaseSettings

    path = tmp_path / "grid.db"
    shutil.copyfile(sqlite_template, path)
    return DatabaseSettings.of_url(f"sqlite:///{path}")


@pytest.fixture
def postgres_settings(
    postgres_cluster: Cluster, postgres_shared: "DatabaseFactory"
) -> "DatabaseSettings":
    """A PostgreSQL database with the whole schema and no rows."""
    import sqlalchemy as sa

    from grid_db import models

    with postgres_shared.get_session() as session:
        for table in reversed(models.Base.metadata.sorted_tables):
            session.execute(sa.delete(table))
    return postgres_cluster.settings("grid_shared")


@pytest.fixture
def own_postgres_settings(
    postgres_cluster: Cluster, postgres_template: str
) -> "Iterator[DatabaseSettings]":
    """A PostgreSQL database of this test alone, with the whole schema: for tests that change the
    schema, or whose processes may be connected still when they end."""
    name = f"grid_{next(postgres_cluster.names)}"
    yield postgres_cluster.create(name, f"TEMPLATE {postgres_template}")
    postgres_cluster.drop(name)

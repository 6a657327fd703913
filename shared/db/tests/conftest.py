"""Databases for tests: a SQLite file and a real PostgreSQL, each with the whole schema."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from grid_db.factory import DatabaseFactory
from grid_db.models import Base
from grid_db.settings import DatabaseSettings

DEBIAN_PROGRAMS = "/usr/lib/postgresql"
SUPERUSER = "grid"
PASSWORD = "p@ss:/wo%rd #1"
"""Holds what a URL gives a meaning to."""
TEMPLATE = "grid_template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A PostgreSQL server of this test run."""

    port: int
    names: Iterator[int]

    def settings(self, name: str) -> DatabaseSettings:
        url = sa.URL.create(
            "postgresql", SUPERUSER, PASSWORD, "127.0.0.1", self.port, name
        ).render_as_string(hide_password=False)
        return DatabaseSettings.of_url(url)

    def run(self, statement: str) -> None:
        """Run one statement outside any transaction, in the maintenance database."""
        factory = DatabaseFactory(self.settings("postgres"))
        with factory.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql(statement)
        factory.dispose()


def postgres_programs() -> Path | None:
    """The folder of initdb and pg_ctl: on PATH, or where Debian puts them."""
    if os.environ.get("GRIDBOT_TEST_WITHOUT_POSTGRES"):
        return None
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    versions = sorted(Path(DEBIAN_PROGRAMS).glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


def unprivileged() -> dict[str, object]:
    """How to start a process that may serve a database: never as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """A server on a free port of 127.0.0.1, run by an unprivileged user, gone afterwards."""
    programs = postgres_programs()
    if programs is None:
        reason = (
            "expected initdb and pg_ctl of PostgreSQL on PATH (Debian: apt-get install postgresql)"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    user = unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="grid-db-"))
    if user:
        os.chown(folder, int(str(user["user"])), int(str(user["group"])))
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    served = folder / "served"
    port = free_port()

    def command(*words: str) -> None:
        subprocess.run(
            words, check=True, env=environment, cwd="/", stdout=subprocess.DEVNULL, **user
        )  # type: ignore[call-overload]

    try:
        command(
            f"{programs}/initdb",
            "-D",
            str(served),
            "-U",
            SUPERUSER,
            "-E",
            "UTF8",
            "--no-sync",
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
        )
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} "
            "-c fsync=off -c synchronous_commit=off -c full_page_writes=off "
            "-c shared_buffers=32MB -c max_connections=40"
        )
        command(
            f"{programs}/pg_ctl",
            "-D",
            str(served),
            "-w",
            "-t",
            "60",
            "-l",
            str(folder / "log"),
            "-o",
            options,
            "start",
        )
        try:
            yield Cluster(port=port, names=count())
        finally:
            command(f"{programs}/pg_ctl", "-D", str(served), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def make_schema(settings: DatabaseSettings) -> None:
    factory = DatabaseFactory(settings)
    Base.metadata.create_all(factory.engine)
    factory.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the whole schema and no rows."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    make_schema(DatabaseSettings.of_url(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: Cluster) -> Cluster:
    """The server, with a database of the whole schema to copy."""
    postgres_cluster.run(f"CREATE DATABASE {TEMPLATE}")
    make_schema(postgres_cluster.settings(TEMPLATE))
    return postgres_cluster


@pytest.fixture
def sqlite_settings(sqlite_template: Path, tmp_path: Path) -> DatabaseSettings:
    """A new SQLite file with the whole schema."""
    path = tmp_path / "grid.db"
    shutil.copyfile(sqlite_template, path)
    return DatabaseSettings.of_url(f"sqlite:///{path}")


@pytest.fixture
def postgres_settings(postgres_template: Cluster) -> Iterator[DatabaseSettings]:
    """A new PostgreSQL database with the whole schema."""
    name = f"grid_{next(postgres_template.names)}"
    postgres_template.run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    yield postgres_template.settings(name)
    postgres_template.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest) -> DatabaseSettings:
    """A new database with the whole schema, on each dialect in turn."""
    name = "sqlite_settings" if request.param == "sqlite" else "postgres_settings"
    found: DatabaseSettings = request.getfixturevalue(name)
    return found


@pytest.fixture
def database(settings: DatabaseSettings) -> Iterator[DatabaseFactory]:
    """A factory of a new database with the whole schema, on each dialect in turn."""
    factory = DatabaseFactory(settings)
    yield factory
    factory.dispose()

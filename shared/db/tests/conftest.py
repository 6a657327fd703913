"""Databases for tests: a SQLite file and a real PostgreSQL, each with the whole schema."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from grid_db import models, schema
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings

DEBIAN_PROGRAMS = "/usr/lib/postgresql"
SUPERUSER = "grid"
PASSWORD = "p@ss:/wo%rd #1"
"""Holds what a URL gives a meaning to."""


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

    def create(self, name: str, options: str = "") -> DatabaseSettings:
        """A new database without tables."""
        self.run(f"CREATE DATABASE {name} {options}")
        return self.settings(name)

    def run(self, statement: str) -> None:
        """Run one statement outside any transaction, in the maintenance database."""
        factory = DatabaseFactory(self.settings("postgres"))
        with factory.outside_transactions() as connection:
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

    def command(*words: object) -> None:
        subprocess.run(
            [str(word) for word in words],
            check=True,
            env=environment,
            cwd="/",
            stdout=subprocess.DEVNULL,
            **user,
        )  # type: ignore[call-overload]

    def start() -> int:
        port = free_port()
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} "
            "-c fsync=off -c synchronous_commit=off -c full_page_writes=off "
            "-c shared_buffers=32MB -c max_connections=40"
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


def make_schema(settings: DatabaseSettings) -> None:
    factory = DatabaseFactory(settings)
    schema.upgrade(factory)
    factory.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the whole schema and no rows."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    make_schema(DatabaseSettings.of_url(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_shared(postgres_cluster: Cluster) -> Iterator[DatabaseFactory]:
    """One PostgreSQL database with the whole schema, for all tests that leave the schema alone."""
    settings = postgres_cluster.create("grid_shared")
    make_schema(settings)
    factory = DatabaseFactory(settings)
    yield factory
    factory.dispose()


@pytest.fixture
def sqlite_settings(sqlite_template: Path, tmp_path: Path) -> DatabaseSettings:
    """A new SQLite file with the whole schema."""
    path = tmp_path / "grid.db"
    shutil.copyfile(sqlite_template, path)
    return DatabaseSettings.of_url(f"sqlite:///{path}")


@pytest.fixture
def postgres_settings(
    postgres_cluster: Cluster, postgres_shared: DatabaseFactory
) -> DatabaseSettings:
    """A PostgreSQL database with the whole schema and no rows."""
    with postgres_shared.get_session() as session:
        for table in reversed(models.Base.metadata.sorted_tables):
            session.execute(sa.delete(table))
    return postgres_cluster.settings("grid_shared")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseSettings]:
    """A new database without tables, on each dialect in turn."""
    if request.param == "sqlite":
        yield DatabaseSettings.of_url(f"sqlite:///{tmp_path / 'empty.db'}")
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    name = f"grid_{next(cluster.names)}"
    yield cluster.create(name)
    cluster.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database(empty_settings: DatabaseSettings) -> Iterator[DatabaseFactory]:
    """A factory of a new database without tables, on each dialect in turn."""
    factory = DatabaseFactory(empty_settings)
    yield factory
    factory.dispose()


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


SAMPLE_AT = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
_PRIVATE = {
    "run_id": "run-1",
    "account_id": "account-1",
    "symbol": "BTCUSDT",
    "exchange_ts": SAMPLE_AT,
    "local_ts": SAMPLE_AT,
}
_MARKET = {
    "environment": "sim",
    "symbol": "BTCUSDT",
    "exchange_ts": SAMPLE_AT,
    "local_ts": SAMPLE_AT,
}
SAMPLE_ROWS: dict[type[models.Base], dict[str, object]] = {
    models.User: {"user_id": "user-1", "username": "alice"},
    models.BybitAccount: {
        "account_id": "account-1",
        "user_id": "user-1",
        "account_name": "main",
        "environment": "sim",
    },
    models.ApiCredential: {
        "credential_id": "credential-1",
        "account_id": "account-1",
        "api_key_hint": "c4f2",
        "master_key_id": "0123456789abcdef",
        "wrapped_key": b"\x00wrapped",
        "sealed": b"\xffsealed",
    },
    models.Strategy: {
        "strategy_id": "strategy-1",
        "account_id": "account-1",
        "strat_id": "btc_main",
        "strategy_type": "GridStrategy",
        "symbol": "BTCUSDT",
        "config_json": '{"grid_count":50}',
    },
    models.Run: {
        "run_id": "run-1",
        "user_id": "user-1",
        "account_id": "account-1",
        "strategy_id": "strategy-1",
        "run_type": "recording",
    },
    models.PublicTrade: {
        **_MARKET,
        "trade_id": "t-1",
        "side": "Buy",
        "price": Decimal("99800.1"),
        "size": Decimal("0.012"),
    },
    models.TickerSnapshot: {**_MARKET, "last_price": Decimal("99800.1")},
    models.PrivateExecution: {
        **_PRIVATE,
        "attribution": "wire_id",
        "exec_id": "e-1",
        "order_id": "o-1",
        "exec_type": "Trade",
        "side": "Buy",
        "exec_price": Decimal("99800.1"),
        "exec_qty": Decimal("0.012"),
    },
    models.OrderState: {
        **_PRIVATE,
        "order_id": "o-1",
        "status": "New",
        "side": "Buy",
        "price": Decimal("99800.1"),
        "qty": Decimal("0.012"),
        "leaves_qty": Decimal("0.012"),
        "reduce_only": False,
    },
    models.PositionSnapshot: {
        **_PRIVATE,
        "side": "Buy",
        "source": "live",
        "size": Decimal("0"),
        "fingerprint": "f",
    },
    models.WalletSnapshot: {
        **{name: value for name, value in _PRIVATE.items() if name != "symbol"},
        "coin": "USDT",
        "wallet_balance": Decimal("10000.00000001"),
        "fingerprint": "f",
    },
    models.FundingPayment: {
        **_PRIVATE,
        "side": "Buy",
        "exec_id": "f-1",
        "qty": Decimal("0.012"),
        "price": Decimal("99800.1"),
        "funding_rate": Decimal("0.0001"),
        "amount": Decimal("-0.11976012"),
    },
    models.GridStateSnapshot: {
        **_PRIVATE,
        "strat_id": "btc_main",
        "grid_json": "[]",
        "grid_step": Decimal("0.2"),
        "grid_count": 0,
        "raw_fingerprint": "f",
    },
    models.Lease: {
        "account_id": "account-1",
        "name": "trading",
        "holder": "host-1",
        "fencing": 1,
        "acquired_at": SAMPLE_AT,
        "renewed_at": SAMPLE_AT,
        "expires_at": SAMPLE_AT,
    },
    models.Gap: {
        "gap_id": "gap-1",
        "environment": "sim",
        "account_id": "account-1",
        "stream": "executions",
        "from_ts": SAMPLE_AT,
        "to_ts": SAMPLE_AT,
        "reason": "disconnect",
    },
    models.DeadLetter: {
        "letter_id": "letter-1",
        "environment": "sim",
        "account_id": "account-1",
        "stream": "executions",
        "topic": "execution",
        "reason": "execPrice: expected a number",
        "payload": "{}",
        "received_at": SAMPLE_AT,
    },
}


@pytest.fixture
def sample_rows() -> dict[type[models.Base], dict[str, object]]:
    """One valid row of every table, owners before what they own."""
    return {model: dict(row) for model, row in SAMPLE_ROWS.items()}


@pytest.fixture
def filled(
    database: DatabaseFactory, sample_rows: dict[type[models.Base], dict[str, object]]
) -> DatabaseFactory:
    """A database that holds the sample row of every table."""
    with database.get_session() as session:
        insert_all(session, sample_rows)
    return database


def insert_all(session: Session, rows: dict[type[models.Base], dict[str, object]]) -> None:
    for model, row in rows.items():
        session.execute(sa.insert(model), [row])

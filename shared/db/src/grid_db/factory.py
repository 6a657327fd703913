"""Opens the database and hands out sessions; it knows dialects' ways to begin a transaction.

It refuses to know tables.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from grid_db.settings import (
    POSTGRESQL,
    SQLITE,
    DatabaseRefused,
    DatabaseSettings,
    is_memory,
    redact_url,
    sqlite_path,
)

_READS_ONLY = "grid_db_reads_only"
_NO_TRANSACTION = "grid_db_no_transaction"
_VANISHED_PEER: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""libpq's: a server whose machine or network is gone is known to be away after 25 s, not hours."""


class DatabaseFactory:
    """One database: its engine, made when it is first needed, and its sessions.

    Safe for several threads; a session is for one.
    """

    def __init__(self, settings: DatabaseSettings) -> None:
        if not isinstance(settings, DatabaseSettings):
            raise TypeError(
                f"expected DatabaseSettings, found {type(settings).__name__}; "
                "for an address write DatabaseSettings.of_url(url)"
            )
        self._settings = settings
        self._url = settings.url()
        self._engine: sa.Engine | None = None
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"DatabaseFactory({self.shown_url})"

    @property
    def url(self) -> sa.URL:
        """The address, whose text masks the password."""
        return self._url

    @property
    def shown_url(self) -> str:
        """The address as it may stand in a log."""
        return redact_url(self._url)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._url.get_backend_name()

    @property
    def is_read_only(self) -> bool:
        """Whether nothing may be written through this factory."""
        return self._settings.read_only

    @property
    def engine(self) -> sa.Engine:
        """The engine; its transactions may write, unless the settings say read only."""
        with self._lock:
            if self._engine is None:
                self._engine = _engine(self._url, self._settings)
            return self._engine

    @contextmanager
    def get_session(self) -> Iterator[Session]:
        """A session whose work is kept when the block ends well, and undone when it does not.

        On SQLite its first statement takes the write lock, waiting `busy_timeout_s` for it, so
        that nothing read in it is outdated when it writes.
        """
        if self._settings.read_only:
            raise DatabaseRefused(
                f"expected a database that may be written, {self.shown_url} was opened read only; "
                "unset GRIDBOT_READ_ONLY, or read through get_readonly_session()"
            )
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def get_readonly_session(self) -> Iterator[Session]:
        """A session that sees one state of the database and cannot write; it blocks no writer."""
        engine = self.engine.execution_options(**_reads_only(self.dialect))
        with Session(engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def outside_transactions(self) -> Iterator[sa.Connection]:
        """A connection whose statements are each their own transaction, as VACUUM needs it."""
        options: dict[str, Any] = {_NO_TRANSACTION: True}
        if self.dialect == POSTGRESQL:
            options = {"isolation_level": "AUTOCOMMIT"}
        with self.engine.execution_options(**options).connect() as connection:
            yield connection

    def dispose(self) -> None:
        """Close every connection that is not in use; the factory can be used again."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None


def _reads_only(dialect: str) -> dict[str, Any]:
    if dialect == POSTGRESQL:
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return {_READS_ONLY: True}


def _engine(url: sa.URL, settings: DatabaseSettings) -> sa.Engine:
    match url.get_backend_name():
        case "sqlite":
            return _sqlite_engine(url, settings)
        case "postgresql":
            return _postgresql_engine(url, settings)
        case other:
            raise DatabaseRefused(f"expected {SQLITE} or {POSTGRESQL}, found {other}")


def _postgresql_engine(url: sa.URL, settings: DatabaseSettings) -> sa.Engine:
    # As on SQLite: who waits for a lock that long is told so.
    options = f"-c timezone=UTC -c lock_timeout={max(1, int(settings.busy_timeout_s * 1000))}"
    if settings.read_only:
        options += " -c default_transaction_read_only=on"
    return sa.create_engine(
        url,
        echo=settings.echo_sql,
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        pool_timeout=settings.pool_timeout_s,
        pool_recycle=settings.pool_recycle_s,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": settings.connect_timeout_s,
            "options": options,
            **_VANISHED_PEER,
            # A database made without an encoding (SQL_ASCII) would answer with bytes.
            "client_encoding": "utf8",
        },
    )


def _sqlite_engine(url: sa.URL, settings: DatabaseSettings) -> sa.Engine:
    in_memory = is_memory(url)
    path = sqlite_path(url)
    if path is not None and not path.parent.is_dir():
        raise DatabaseRefused(
            f"expected the folder {path.parent} for the database file {path.name}; create it"
        )
    arguments: dict[str, Any] = {
        "check_same_thread": False,
        "timeout": settings.busy_timeout_s,
        "isolation_level": None,  # transactions begin where the event below says
        # A bulk insert is another statement for every number of rows, and large once prepared:
        # kept ones are what a recorder's memory would grow by, without being faster.
        "cached_statements": 0,
    }
    if path is not None and settings.read_only:
        # Never immutable=1: it would hide what a live writer adds.
        url = url.set(database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})
    pool: dict[str, Any] = (
        {"poolclass": StaticPool}
        if in_memory
        else {
            "pool_size": settings.pool_size,
            "max_overflow": settings.max_overflow,
            "pool_timeout": settings.pool_timeout_s,
        }
    )
    engine = sa.create_engine(
        url, echo=settings.echo_sql, hide_parameters=True, connect_args=arguments, **pool
    )
    may_write = not settings.read_only or in_memory

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        if may_write:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        reads_only = options.get(_READS_ONLY, not may_write)
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reads_only else 'OFF'}")
        if not options.get(_NO_TRANSACTION):
            connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return engine

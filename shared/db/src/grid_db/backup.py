"""Copies a database into one file while others use it; it knows how each dialect does that."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from grid_db.factory import DatabaseFactory
from grid_db.settings import SQLITE, DatabaseRefused

DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
PAGES_PER_STEP = 2_000
"""Pages that SQLite copies before it lets a writer in."""


class BackupFailed(RuntimeError):
    """The copy was begun and is not whole; nothing is left of it."""


def backup(database: DatabaseFactory, target: Path) -> None:
    """Write a whole, consistent copy of the database to `target`, which must not exist yet.

    SQLite: a database file, checked after it was written. PostgreSQL: an archive for pg_restore,
    made by pg_dump. The file appears when it is whole, readable by its owner only.
    """
    if target.exists():
        raise DatabaseRefused(f"expected a new file to back up to, {target} exists; name another")
    if not target.parent.is_dir():
        raise DatabaseRefused(f"expected the folder {target.parent}; create it")
    unfinished = target.with_name(target.name + ".unfinished")
    descriptor = os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    os.close(descriptor)
    try:
        if database.dialect == SQLITE:
            _copy_sqlite(database, unfinished)
        else:
            _dump_postgresql(database.url, unfinished)
        _sync(unfinished)
        unfinished.rename(target)
        _sync(target.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def integrity_faults(database: DatabaseFactory) -> list[str]:
    """What SQLite finds broken in its file; nothing for PostgreSQL, which checks as it reads."""
    if database.dialect != SQLITE:
        return []
    with database.engine.connect() as connection:
        told = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    faults = [] if told == ["ok"] else told
    return faults + [f"{row[0]} row {row[1]}: its {row[2]} is missing" for row in orphans]


def _copy_sqlite(database: DatabaseFactory, target: Path) -> None:
    pooled = database.engine.raw_connection()
    try:
        source = pooled.driver_connection
        assert isinstance(source, sqlite3.Connection)
        # Within a transaction of ours the source is of one state: else SQLite would begin anew
        # whenever another connection has committed, and never end while a recorder works.
        source.execute("BEGIN")
        source.execute("SELECT 1 FROM sqlite_master").fetchone()
        with closing(sqlite3.connect(target)) as copy:
            source.backup(copy, pages=PAGES_PER_STEP, sleep=0.01)
            # One file, also of a database that keeps a journal beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
            [told] = copy.execute("PRAGMA integrity_check").fetchone()
    finally:
        pooled.close()  # which ends the transaction
    if told != "ok":
        raise BackupFailed(f"expected a sound copy, SQLite found: {told}")


def _dump_postgresql(url: sa.URL, target: Path) -> None:
    if "sslpassword" in url.query:
        raise DatabaseRefused(
            "expected a database URL without sslpassword: pg_dump would show it to every process; "
            "use a client key without a pass phrase"
        )
    password = url.password or url.query.get("password")
    # Every other option of the URL (host of a socket, sslmode ...) is pg_dump's, too.
    shown = url.set(drivername="postgresql", password=None).difference_update_query(["password"])
    command = [str(_pg_dump()), "--format=custom", "--no-password", f"--file={target}"]
    environment = {**os.environ, "PGCONNECT_TIMEOUT": "10"}
    if password is not None:
        environment["PGPASSWORD"] = str(password)
    run = subprocess.run(
        [*command, f"--dbname={shown.render_as_string(hide_password=False)}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        raise BackupFailed(f"pg_dump ended with {run.returncode}: {run.stderr.strip()}")


def _pg_dump() -> Path:
    """The newest pg_dump: one older than the server refuses to work."""
    on_path = shutil.which("pg_dump")
    found = sorted(
        DEBIAN_PROGRAMS.glob("*/bin/pg_dump"), key=lambda path: float(path.parts[-3]), reverse=True
    )
    if found:
        return found[0]
    if on_path is not None:
        return Path(on_path)
    raise DatabaseRefused(
        "expected pg_dump on PATH to back up PostgreSQL (Debian: apt-get install postgresql-client)"
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

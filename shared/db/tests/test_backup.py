import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest
import sqlalchemy as sa

from grid_db import schema
from grid_db.backup import BackupFailed, backup, integrity_faults
from grid_db.factory import DatabaseFactory
from grid_db.models import User
from grid_db.settings import DatabaseRefused, DatabaseSettings


def test_a_copy_of_sqlite_is_a_whole_database(
    sqlite_settings: DatabaseSettings, tmp_path: Path
) -> None:
    database = DatabaseFactory(sqlite_settings)
    with database.get_session() as session:
        session.add(User(user_id="1", username="alice"))

    backup(database, tmp_path / "copy.db")

    database.dispose()
    copy = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{tmp_path / 'copy.db'}"))
    schema.require_current(copy)
    with copy.get_readonly_session() as session:
        assert list(session.scalars(sa.select(User.username))) == ["alice"]
    copy.dispose()


def test_a_copy_is_made_while_a_writer_works(
    sqlite_settings: DatabaseSettings, tmp_path: Path
) -> None:
    """The copy is of one state: what is not committed is not in it."""
    database = DatabaseFactory(sqlite_settings)
    with database.get_session() as session:
        session.add(User(user_id="1", username="alice"))
        session.flush()
        backup(database, tmp_path / "copy.db")

    database.dispose()
    copy = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{tmp_path / 'copy.db'}"))
    with copy.get_readonly_session() as session:
        assert list(session.scalars(sa.select(User.username))) == []
    copy.dispose()


def test_a_copy_is_whole_although_a_writer_commits_all_the_time(
    sqlite_settings: DatabaseSettings, tmp_path: Path
) -> None:
    """A recorder commits once a second: a copy that began anew each time would never be whole."""
    commits_max = 40_000
    database = DatabaseFactory(sqlite_settings)
    with database.outside_transactions() as connection:
        connection.exec_driver_sql("CREATE TABLE ballast (content BLOB)")
        connection.exec_driver_sql("INSERT INTO ballast VALUES (zeroblob(30000000))")
        connection.exec_driver_sql("CREATE TABLE ticks (number INTEGER)")
    stopping = Event()
    commits: list[int] = []

    def write() -> None:
        with database.outside_transactions() as connection:
            while len(commits) < commits_max and not stopping.is_set():
                connection.exec_driver_sql(f"INSERT INTO ticks VALUES ({len(commits)})")
                commits.append(len(commits))

    writer = Thread(target=write)
    writer.start()
    try:
        backup(database, tmp_path / "copy.db")
    finally:
        stopping.set()
        writer.join()

    assert len(commits) < commits_max, "the copy has waited until nobody wrote any more"
    database.dispose()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM ticks").fetchone()[0] <= len(commits)


def test_a_dump_of_postgresql_can_be_listed(
    postgres_settings: DatabaseSettings, tmp_path: Path
) -> None:
    database = DatabaseFactory(postgres_settings)
    with database.get_session() as session:
        session.add(User(user_id="1", username="alice"))

    backup(database, tmp_path / "copy.dump")

    database.dispose()
    content = (tmp_path / "copy.dump").read_bytes()
    assert content.startswith(b"PGDMP")
    assert b"users" in content


def test_the_options_of_the_url_are_pg_dump_s_too(
    postgres_settings: DatabaseSettings, tmp_path: Path
) -> None:
    url = postgres_settings.url()
    elsewhere = url.set(host=None, port=None).update_query_dict(
        {"host": url.host or "", "port": str(url.port), "sslmode": "disable"}
    )
    settings = DatabaseSettings.of_url(elsewhere.render_as_string(hide_password=False))
    database = DatabaseFactory(settings)

    backup(database, tmp_path / "copy.dump")

    database.dispose()
    assert (tmp_path / "copy.dump").read_bytes().startswith(b"PGDMP")


def test_a_pass_phrase_is_not_shown_to_every_process(
    postgres_settings: DatabaseSettings, tmp_path: Path
) -> None:
    url = postgres_settings.url().update_query_dict({"sslpassword": "never-to-be-seen"})
    database = DatabaseFactory(DatabaseSettings.of_url(url.render_as_string(hide_password=False)))

    with pytest.raises(DatabaseRefused, match="without sslpassword"):
        backup(database, tmp_path / "copy.dump")
    database.dispose()
    assert list(tmp_path.iterdir()) == []


def test_a_copy_is_for_its_owner_only_and_nothing_lies_beside_it(
    database: DatabaseFactory, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()

    backup(database, folder / "copy")

    assert os.listdir(folder) == ["copy"]
    assert stat.S_IMODE((folder / "copy").stat().st_mode) == 0o600


def test_a_file_that_exists_is_never_overwritten(database: DatabaseFactory, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("precious")

    with pytest.raises(DatabaseRefused, match="copy exists; name another"):
        backup(database, tmp_path / "copy")

    assert (tmp_path / "copy").read_text() == "precious"


def test_a_missing_folder_is_named(database: DatabaseFactory, tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused, match="expected the folder"):
        backup(database, tmp_path / "none" / "copy")


def test_a_failed_dump_tells_why_and_leaves_nothing(
    postgres_settings: DatabaseSettings, tmp_path: Path
) -> None:
    url = postgres_settings.url().set(database="nowhere")
    text = url.render_as_string(hide_password=False)
    database = DatabaseFactory(DatabaseSettings.of_url(text))

    with pytest.raises(BackupFailed, match='database "nowhere" does not exist') as failed:
        backup(database, tmp_path / "copy")

    assert "p@ss" not in str(failed.value)
    assert os.listdir(tmp_path) == []


def test_a_broken_reference_is_found(sqlite_settings: DatabaseSettings) -> None:
    database = DatabaseFactory(sqlite_settings)
    assert integrity_faults(database) == []
    with database.outside_transactions() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql(
            "INSERT INTO bybit_accounts VALUES ('a', 'nobody', 'main', 'sim', 'enabled', 1)"
        )
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")

    assert integrity_faults(database) == ["bybit_accounts row 1: its users is missing"]
    database.dispose()


def test_a_broken_file_is_found(sqlite_settings: DatabaseSettings, tmp_path: Path) -> None:
    database = DatabaseFactory(sqlite_settings)
    with database.outside_transactions() as connection:
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        connection.exec_driver_sql("DELETE FROM sqlite_master WHERE name = 'ix_runs_status'")
        connection.exec_driver_sql("PRAGMA writable_schema = OFF")
    database.dispose()

    assert integrity_faults(database) != []
    with pytest.raises(BackupFailed, match="expected a sound copy"):
        backup(database, tmp_path / "copy.db")
    database.dispose()


def test_postgresql_is_left_to_itself(postgres_settings: DatabaseSettings) -> None:
    database = DatabaseFactory(postgres_settings)

    assert integrity_faults(database) == []
    database.dispose()

import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from grid_db import models
from grid_db.factory import DatabaseFactory
from grid_db.models import Base, BybitAccount, Gap, PrivateExecution, PublicTrade, Run, User
from grid_db.settings import DatabaseRefused, DatabaseSettings

Rows = dict[type[Base], dict[str, object]]


def names(database: DatabaseFactory) -> list[str]:
    with database.get_readonly_session() as session:
        return list(session.scalars(sa.select(User.username).order_by(User.username)))


def test_what_a_session_did_is_kept_when_its_block_ends_well(database: DatabaseFactory) -> None:
    with database.get_session() as session:
        session.add(User(user_id="1", username="alice"))

    assert names(database) == ["alice"]


def test_what_a_session_did_is_undone_when_its_block_fails(database: DatabaseFactory) -> None:
    def fail_midway() -> None:
        with database.get_session() as session:
            session.add(User(user_id="1", username="alice"))
            session.flush()
            raise KeyError("anything")

    with pytest.raises(KeyError):
        fail_midway()

    assert names(database) == []


def test_what_was_read_is_usable_after_its_session(database: DatabaseFactory) -> None:
    """L92: objects used to die with their session."""
    with database.get_session() as session:
        user = User(user_id="1", username="alice")
        session.add(user)

    assert user.username == "alice"
    assert user.created_at.tzinfo is UTC


def test_a_readonly_session_cannot_write(database: DatabaseFactory) -> None:
    with database.get_readonly_session() as session, pytest.raises(DBAPIError, match=r"(?i)read"):
        session.execute(sa.insert(User), [{"user_id": "1", "username": "alice"}])

    assert names(database) == []


def test_a_session_writes_again_after_a_readonly_one_on_its_connection(
    settings: DatabaseSettings,
) -> None:
    database = DatabaseFactory(settings.model_copy(update={"pool_size": 1, "max_overflow": 0}))
    assert names(database) == []

    with database.get_session() as session:
        session.add(User(user_id="1", username="alice"))

    assert names(database) == ["alice"]
    database.dispose()


def test_a_readonly_session_sees_one_state_and_blocks_no_writer(database: DatabaseFactory) -> None:
    with database.get_readonly_session() as reader:
        before = reader.scalar(sa.select(sa.func.count()).select_from(User))
        with database.get_session() as writer:
            writer.add(User(user_id="1", username="alice"))
        after = reader.scalar(sa.select(sa.func.count()).select_from(User))

    assert (before, after) == (0, 0)
    assert names(database) == ["alice"]


def test_read_only_settings_allow_no_writing_session(settings: DatabaseSettings) -> None:
    DatabaseFactory(settings).dispose()
    database = DatabaseFactory(settings.model_copy(update={"read_only": True}))

    with pytest.raises(DatabaseRefused, match="opened read only"), database.get_session():
        pass
    with database.engine.begin() as connection, pytest.raises(DBAPIError, match=r"(?i)read"):
        connection.execute(sa.insert(User), [{"user_id": "1", "username": "alice"}])
    assert names(database) == []
    database.dispose()


def test_a_reader_sees_what_a_live_writer_adds(sqlite_settings: DatabaseSettings) -> None:
    """live.md 2.5: immutable=1 would freeze what is seen."""
    writer = DatabaseFactory(sqlite_settings)
    reader = DatabaseFactory(sqlite_settings.model_copy(update={"read_only": True}))
    with writer.get_session() as session:
        session.add(User(user_id="1", username="alice"))
    assert names(reader) == ["alice"]

    with writer.get_session() as session:
        session.add(User(user_id="2", username="bob"))

    assert names(reader) == ["alice", "bob"]
    reader.dispose()
    writer.dispose()


def test_owners_must_exist(database: DatabaseFactory, sample_rows: Rows) -> None:
    with pytest.raises(IntegrityError), database.get_session() as session:
        session.execute(sa.insert(BybitAccount), [sample_rows[BybitAccount]])


@pytest.mark.parametrize("owner", [User, BybitAccount, Run])
def test_what_is_owned_goes_with_its_owner(filled: DatabaseFactory, owner: type[Base]) -> None:
    """design-notes, Phase C: deleting a user, an account or a run takes all it owns."""
    with filled.get_session() as session:
        session.execute(sa.delete(owner))

    with filled.get_readonly_session() as session:
        left = {
            name
            for name in models.__all__
            if name != "Base" and session.scalar(sa.select(getattr(models, name)).limit(1))
        }
    tenants = {"User", "BybitAccount", "ApiCredential", "Strategy", "Lease", "Gap", "DeadLetter"}
    market = {"PublicTrade", "TickerSnapshot"}
    assert left == {User: market, BybitAccount: market | {"User"}, Run: market | tenants}[owner]


def test_sqlite_is_opened_as_two_processes_need_it(sqlite_settings: DatabaseSettings) -> None:
    """W35: without these, two programs on one file lock each other out."""
    database = DatabaseFactory(sqlite_settings)
    with database.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.dispose()

    assert found == {
        "journal_mode": "wal",
        "synchronous": 1,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


def test_a_locked_table_of_postgresql_is_not_waited_for_longer_than_a_locked_file(
    postgres_settings: DatabaseSettings,
) -> None:
    database = DatabaseFactory(postgres_settings)
    impatient = DatabaseFactory(postgres_settings.model_copy(update={"busy_timeout_s": 0.02}))

    with database.get_session() as holder:
        holder.execute(sa.text("LOCK TABLE users IN ACCESS EXCLUSIVE MODE"))
        with (
            pytest.raises(OperationalError, match="lock timeout"),
            impatient.get_session() as session,
        ):
            session.execute(sa.select(User))
    with impatient.get_session() as session:
        assert session.scalars(sa.select(User)).all() == []

    database.dispose()
    impatient.dispose()


def test_a_locked_sqlite_file_is_waited_for(sqlite_settings: DatabaseSettings) -> None:
    database = DatabaseFactory(sqlite_settings)
    holds, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with database.get_session() as session:
            session.add(User(user_id="1", username="alice"))
            session.flush()
            holds.set()
            may_end.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert holds.wait(30)
    impatient = DatabaseFactory(sqlite_settings.model_copy(update={"busy_timeout_s": 0.0}))
    with pytest.raises(OperationalError, match="locked"), impatient.get_session() as session:
        session.execute(sa.select(User))

    may_end.set()
    with database.get_session() as session:
        session.add(User(user_id="2", username="bob"))
    thread.join()

    assert names(database) == ["alice", "bob"]
    impatient.dispose()
    database.dispose()


def test_a_database_in_memory_is_one_database_for_all_sessions() -> None:
    database = DatabaseFactory(DatabaseSettings.of_url("sqlite://"))
    Base.metadata.create_all(database.engine)

    with database.get_session() as session:
        session.add(User(user_id="1", username="alice"))

    assert names(database) == ["alice"]
    database.dispose()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    database = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{tmp_path}/none/grid.db"))

    with pytest.raises(DatabaseRefused, match=r"expected the folder .*none for the database file"):
        _ = database.engine


def test_a_factory_is_made_of_settings_only() -> None:
    """live.md 2.5: an address passed as text once crashed the saver."""
    with pytest.raises(TypeError, match=r"DatabaseSettings\.of_url"):
        DatabaseFactory("sqlite:///grid.db")  # type: ignore[arg-type]


def test_a_factory_shows_no_password() -> None:
    database = DatabaseFactory(DatabaseSettings.of_url("postgresql://grid:s3cr3t@h:5432/d"))

    assert repr(database) == "DatabaseFactory(postgresql+psycopg://grid:***@h:5432/d)"
    assert database.dialect == "postgresql"
    assert not database.is_read_only


def test_an_error_shows_no_parameters_of_its_statement(
    sqlite_settings: DatabaseSettings,
) -> None:
    """A49: what is logged of a failed statement holds no value of a row."""
    database = DatabaseFactory(sqlite_settings)
    row = {"user_id": "s3cr3t", "username": "alice", "status": "nonsense"}

    with pytest.raises(IntegrityError) as broken, database.get_session() as session:
        session.execute(sa.insert(User), [row])
    database.dispose()

    assert "s3cr3t" not in str(broken.value)
    assert "parameters hidden" in str(broken.value)


def test_a_postgresql_that_has_vanished_is_noticed(postgres_settings: DatabaseSettings) -> None:
    """Without a word from its machine or network, a call would wait for hours."""
    database = DatabaseFactory(postgres_settings)
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        found = driver.info.get_parameters()
    database.dispose()

    assert int(found["tcp_user_timeout"]) == 25_000
    alive = [int(found[f"keepalives_{name}"]) for name in ("idle", "interval", "count")]
    assert alive == [10, 5, 3]


def test_postgresql_answers_in_utc_wherever_it_stands(postgres_settings: DatabaseSettings) -> None:
    database = DatabaseFactory(postgres_settings)
    with database.engine.connect() as connection:
        zone = connection.exec_driver_sql("SHOW timezone").scalar()
    database.dispose()

    assert zone == "UTC"


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/Los_Angeles"])
def test_the_zone_of_the_host_changes_nothing(
    database: DatabaseFactory, sample_rows: Rows, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    """L97: times used to shift by the host's offset."""
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        with database.get_session() as session:
            session.execute(sa.insert(PublicTrade), [sample_rows[PublicTrade]])
        with database.get_readonly_session() as session:
            found = session.scalar(sa.select(PublicTrade.exchange_ts))
    finally:
        monkeypatch.undo()
        os.environ.setdefault("TZ", "UTC")
        time.tzset()

    assert found == datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)


def test_a_gap_may_not_end_before_it_starts(filled: DatabaseFactory, sample_rows: Rows) -> None:
    row = {**sample_rows[Gap], "gap_id": "gap-2", "to_ts": datetime(2026, 1, 1, tzinfo=UTC)}

    with pytest.raises(IntegrityError), filled.get_session() as session:
        session.execute(sa.insert(Gap), [row])


def test_an_execution_is_of_its_account(filled: DatabaseFactory, sample_rows: Rows) -> None:
    """Two accounts that trade with each other may be told the same execution id."""
    other = {**sample_rows[BybitAccount], "account_id": "account-2", "account_name": "second"}
    row = {**sample_rows[PrivateExecution], "account_id": "account-2"}

    with filled.get_session() as session:
        session.execute(sa.insert(BybitAccount), [other])
        session.execute(sa.insert(PrivateExecution), [row])

    with filled.get_readonly_session() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(PrivateExecution)) == 2


def test_a_database_without_an_encoding_answers_in_texts(postgres_cluster: Any) -> None:
    options = "ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    settings = postgres_cluster.create("grid_ascii", options)
    database = DatabaseFactory(settings)

    with database.get_readonly_session() as session:
        assert session.scalar(sa.text("SELECT 'Grüße'")) == "Grüße"

    database.dispose()
    postgres_cluster.drop("grid_ascii")

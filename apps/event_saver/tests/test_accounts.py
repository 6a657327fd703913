"""Users, accounts and runs: one identity for bot and recorder, and runs that end (L86, L93)."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import count

import pytest

from appkit.exits import UserError
from bybit_adapter.credentials import Credentials
from event_saver.accounts import AccountContext, Runs
from event_saver.times import moment
from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of, user_id_of
from grid_db.records import Run
from grid_db.repositories import as_admin
from grid_db.words import Environment, RunStatus, RunType
from gridcore.clock import SECOND_US, Instant

NOW = Instant(1_900_000_000 * SECOND_US)


def account(name: str) -> AccountContext:
    return AccountContext(
        name=name,
        credentials=Credentials(key="a-key-of-mine", secret="a-secret-of-mine"),
        symbols=("BTCUSDT",),
    )


@pytest.fixture
def runs(database: DatabaseFactory) -> Runs:
    numbers = count(1)
    return Runs(database, Environment.SIM, new_id=lambda: f"run-{next(numbers)}", now=lambda: NOW)


def runs_of(database: DatabaseFactory, name: str) -> list[Run]:
    with database.get_readonly_session() as session:
        return as_admin(session).runs.by_account(account_id_of(name))


def test_ids_are_those_that_the_bot_derives() -> None:
    assert account("main").account_id == account_id_of("main")
    assert account("main").user_id == user_id_of("main")


def test_every_account_gets_a_run_with_configuration_code_host_and_heartbeat(
    runs: Runs, database: DatabaseFactory
) -> None:
    runs.begin([account("one"), account("two")], "hash", '{"symbols":[]}')

    (run,) = runs_of(database, "one")
    assert (run.run_id, run.run_type, run.status) == ("run-1", RunType.RECORDING, RunStatus.RUNNING)
    assert (run.config_hash, run.config_snapshot) == ("hash", '{"symbols":[]}')
    assert run.heartbeat_at == moment(NOW)
    assert run.code_version
    assert run.host
    assert run.pid
    assert runs.run_of(account_id_of("two")) == "run-2"


def test_runs_of_a_process_that_died_are_ended_as_abandoned(
    runs: Runs, database: DatabaseFactory
) -> None:
    runs.begin([account("main")], "hash", "{}")

    status = {run.run_id: run.status for run in runs_of(database, "main")}
    assert status.pop("run-1") is RunStatus.RUNNING
    assert list(status.values()) == [RunStatus.ABANDONED]


def test_runs_end_with_the_status_they_are_given(runs: Runs, database: DatabaseFactory) -> None:
    runs.begin([account("one")], "hash", "{}")

    assert runs.heartbeat()
    assert runs.finish(RunStatus.COMPLETED, 30.0)

    (run,) = runs_of(database, "one")
    assert (run.status, run.end_ts) == (RunStatus.COMPLETED, moment(NOW))


def test_an_end_waits_no_longer_than_it_is_told_for_a_database_that_is_away(
    runs: Runs,
    database: DatabaseFactory,
    lock: Callable[[DatabaseFactory], AbstractContextManager[None]],
) -> None:
    runs.begin([account("one")], "hash", "{}")

    with lock(database):
        before = time.monotonic()
        assert not runs.finish(RunStatus.COMPLETED, 0.01)
        assert time.monotonic() - before < 1.0
    for thread in threading.enumerate():
        if thread.name == "end-runs":
            thread.join()


def test_a_database_that_is_away_costs_a_heartbeat_and_nothing_else(
    runs: Runs,
    database: DatabaseFactory,
    lock: Callable[[DatabaseFactory], AbstractContextManager[None]],
) -> None:
    runs.begin([account("one")], "hash", "{}")

    with lock(database):
        assert not runs.heartbeat()
        assert not runs.finish(RunStatus.COMPLETED, 30.0)

    assert runs.heartbeat()


def test_without_accounts_there_is_nothing_to_tell(runs: Runs) -> None:
    assert runs.heartbeat()
    assert runs.finish(RunStatus.COMPLETED, 30.0)


def test_an_account_of_that_name_in_another_environment_is_refused(
    database: DatabaseFactory,
) -> None:
    runs = Runs(database, Environment.MAINNET, new_id=lambda: "run", now=lambda: NOW)

    with pytest.raises(UserError, match="account main"):
        runs.begin([account("main")], "hash", "{}")


def test_a_key_shows_in_no_text(runs: Runs) -> None:
    assert "a-secret-of-mine" not in repr(account("one"))
    assert "a-key-of-mine" not in repr(account("one"))

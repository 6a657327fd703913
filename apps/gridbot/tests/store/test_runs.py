"""Rows of runs: one life of each strategy, as bot and recorder name it alike."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

import pytest

from appkit.account_setup import setup_body
from appkit.exits import UserError
from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of, strategy_id_of
from grid_db.records import Run
from grid_db.repositories import as_admin
from grid_db.settings import DatabaseSettings
from grid_db.types import from_microseconds
from grid_db.words import Environment, RunStatus, RunType
from gridbot.store.runs import RunRows, TradedAccount, TradedStrategy
from gridcore.clock import SECOND_US, Instant
from tests.account_setups import setup_of

START = Instant(1_767_229_200_000_000)


def strategy(strat_id: str = "grid", symbol: str = "BTCUSDT") -> TradedStrategy:
    """A strategy as configured."""
    return TradedStrategy(strat_id=strat_id, symbol=symbol, config_json='{"grid_count": 50}')


MAIN = TradedAccount(
    name="main",
    run_type=RunType.LIVE,
    market=Environment.SIM,
    strategies=(strategy(), strategy("other", "ETHUSDT")),
)

SETUP = setup_of()


class Process:
    """One process's rows on a database, and its clock."""

    numbers = count()

    def __init__(self, database: DatabaseFactory, now: Instant = START) -> None:
        self.now = now
        self.database = database
        self.rows = RunRows(
            database,
            now=lambda: self.now,
            code_version="gridbot 1",
            next_id=lambda: f"00000000-0000-4000-8000-{next(self.numbers):012d}",
        )

    def begin(self) -> None:
        self.rows.register(MAIN)
        self.rows.begin(MAIN, SETUP, {"BTCUSDT": 3, "ETHUSDT": 1})

    def runs(self) -> dict[str, Run]:
        """The newest run of each strategy."""
        with self.database.get_readonly_session() as session:
            found = as_admin(session).runs.by_account(account_id_of("main"))
        return {str(run.strategy_id): run for run in reversed(found)}

    def run(self) -> Run:
        """The newest run of strategy grid."""
        return self.runs()[strategy_id_of("grid")]


@pytest.fixture
def process(sqlite_settings: DatabaseSettings) -> Iterator[Callable[..., Process]]:
    """Processes on one database."""
    database = DatabaseFactory(sqlite_settings)

    def make(now: Instant = START) -> Process:
        return Process(database, now)

    yield make
    database.dispose()


def test_each_strategy_has_a_run_of_its_own(process: Callable[..., Process]) -> None:
    one = process()
    one.begin()

    run = one.run()

    assert len(one.runs()) == 2
    assert run.run_id == one.rows.run_of("main", "BTCUSDT")
    assert one.rows.run_of("main", "ETHUSDT") not in (None, run.run_id)
    assert one.rows.run_of("other", "BTCUSDT") is None
    assert (run.run_type, run.status) == (RunType.LIVE, RunStatus.RUNNING)
    assert run.start_ts == run.heartbeat_at == from_microseconds(START)
    assert (run.config_hash, run.code_version, run.pid) == ("c0ffee", "gridbot 1", os.getpid())


def test_a_run_keeps_the_configuration_and_the_number_of_its_lease(
    process: Callable[..., Process],
) -> None:
    one = process()
    one.begin()

    assert json.loads(str(one.run().config_snapshot)) == {
        "strategy": {"grid_count": 50},
        "fencing": 3,
        "setup": setup_body(SETUP),
    }


def test_what_a_dead_process_left_running_is_abandoned_when_the_next_begins(
    process: Callable[..., Process],
) -> None:
    """L52."""
    dead = process()
    dead.begin()
    left = dead.run()
    living = process(Instant(START + 60 * SECOND_US))

    living.begin()

    with living.database.get_readonly_session() as session:
        found = as_admin(session).runs.get(left.run_id)
    assert found is not None
    assert (found.status, found.end_ts) == (RunStatus.ABANDONED, from_microseconds(START))
    assert living.run().status is RunStatus.RUNNING


def test_the_heart_beats_and_the_end_is_told_once(process: Callable[..., Process]) -> None:
    one = process()
    one.begin()
    one.now = Instant(START + 10 * SECOND_US)
    with one.database.get_session() as session:
        one.rows.heartbeat(as_admin(session))
    beat = one.run()
    one.now = Instant(START + 20 * SECOND_US)
    finish = one.rows.finishing(RunStatus.COMPLETED)
    one.now = Instant(START + 30 * SECOND_US)
    with one.database.get_session() as session:
        finish(as_admin(session))
    ended = one.run()

    assert beat.heartbeat_at == from_microseconds(Instant(START + 10 * SECOND_US))
    # It ended when that was said, however late the database heard of it.
    assert ended.end_ts == from_microseconds(Instant(START + 20 * SECOND_US))
    assert ended.status is RunStatus.COMPLETED


def test_registering_again_changes_nothing_and_a_name_on_another_market_is_refused(
    process: Callable[..., Process],
) -> None:
    one = process()
    one.rows.register(MAIN)
    one.rows.register(MAIN)
    other = replace(MAIN, market=Environment.MAINNET)

    with pytest.raises(UserError, match="account main: ") as refused:
        one.rows.register(other)

    assert "choose another name" in str(refused.value.hint)

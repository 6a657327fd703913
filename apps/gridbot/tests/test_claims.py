"""What a process holds while it trades: one writer per key and symbol, and rows of its runs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appkit.exits import UserError
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.repositories import as_admin
from grid_db.settings import DatabaseSettings
from grid_db.words import RunStatus, RunType
from gridbot.claims import Claims
from gridbot.config.model import GridbotConfig
from gridbot.stages import Refused
from gridcore.clock import Instant
from gridcore.events import HostCondition
from tests.account_setups import setup_of

NOW = Instant(1_767_225_600_000_000)
CONFIG = GridbotConfig.model_validate(
    {
        "accounts": [
            {
                "name": "main",
                "api_key": "env:KEY",
                "api_secret": "env:SECRET",
                "environment": "http://127.0.0.1:9",
            }
        ],
        "strategies": [
            {"strat_id": "b", "account": "main", "symbol": "BTCUSDT"},
            {"strat_id": "e", "account": "main", "symbol": "ETHUSDT"},
        ],
    }
)
MAIN = CONFIG.accounts[0]
Make = Callable[..., Claims]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[DatabaseFactory]:
    found = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{tmp_path / 'grid.db'}"))
    yield found
    found.dispose()


@pytest.fixture
def reports() -> list[tuple[str, HostCondition, bool]]:
    return []


@pytest.fixture
def make(
    tmp_path: Path, database: DatabaseFactory, reports: list[tuple[str, HostCondition, bool]]
) -> Iterator[Make]:
    made: list[Claims] = []

    def one(folder: str = "state") -> Claims:
        claims = Claims(
            CONFIG,
            {"XDG_STATE_HOME": str(tmp_path / folder)},
            database,
            now=lambda: NOW,
            code_version="test",
            report=lambda *told: reports.append(told),
        )
        made.append(claims)
        return claims

    yield one
    for claims in made:
        claims.close(RunStatus.COMPLETED)


def statuses(database: DatabaseFactory) -> list[str]:
    with database.get_session() as session:
        return sorted(run.status.value for run in as_admin(session).runs.recent())


def test_what_is_taken_is_another_processes_until_it_is_given_back(
    make: Make, database: DatabaseFactory
) -> None:
    schema.upgrade(database)
    first, second = make(), make()
    assert first.take(MAIN, "key-1") is None

    with pytest.raises(UserError, match=r"BTCUSDT of account main is traded by another process"):
        second.take(MAIN, "key-1")
    first.close(RunStatus.COMPLETED)

    assert second.take(MAIN, "key-1") is None


def test_another_key_is_another_claim(make: Make, database: DatabaseFactory) -> None:
    schema.upgrade(database)

    assert make().take(MAIN, "key-1") is None
    assert make().take(MAIN, "key-2") is None


def test_a_shadow_reads_with_a_key_that_another_process_trades_with(
    make: Make, database: DatabaseFactory
) -> None:
    """Two shadows of one name would write one journal."""
    schema.upgrade(database)
    shadow = MAIN.model_copy(update={"shadow": True})
    claims = make()
    assert make().take(MAIN, "key-1") is None

    assert claims.take(shadow, "key-1") is None
    assert claims.begin("main", setup_of()) is None
    with pytest.raises(UserError, match="traded by another process"):
        make().take(shadow, "key-1")

    with database.get_session() as session:
        assert {run.run_type for run in as_admin(session).runs.recent()} == {RunType.SHADOW}


def test_without_tables_the_start_is_refused_for_good_and_the_locks_are_free_again(
    make: Make, database: DatabaseFactory
) -> None:
    claims = make()

    refused = claims.take(MAIN, "key-1")

    assert isinstance(refused, Refused)
    assert not refused.retryable
    assert "grid-db upgrade" in refused.text
    schema.upgrade(database)
    assert claims.take(MAIN, "key-1") is None


def test_runs_begin_with_their_fencing_numbers_and_end_as_they_ended(
    make: Make, database: DatabaseFactory
) -> None:
    schema.upgrade(database)
    claims = make()
    claims.take(MAIN, "key-1")

    assert claims.begin("main", setup_of()) is None
    claims.start()
    running = statuses(database)
    claims.close(RunStatus.FAILED)

    assert running == ["running", "running"]
    assert statuses(database) == ["failed", "failed"]
    assert claims.runs.run_of("main", "BTCUSDT") is not None


def test_nothing_stands_while_leases_are_renewed(make: Make, database: DatabaseFactory) -> None:
    schema.upgrade(database)
    claims = make()
    claims.take(MAIN, "key-1")

    assert claims.standing("main") == ()

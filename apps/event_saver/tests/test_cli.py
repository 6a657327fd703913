"""The command line: what it refuses, what it shows, and a recorder that is killed (A45, A49)."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from appkit.exits import UserError
from event_saver import EventSaverConfig
from event_saver.cli import asked, build_parser, configured, context_of, entry, table_of
from event_saver.config import AccountConfig, StrategyConfig
from grid_db.factory import DatabaseFactory

EXAMPLE = Path("conf") / "eventsaver.example.yaml"
SECRET = "demo-secret-1"
PATIENCE_S = 60.0


def arguments(*words: str) -> Namespace:
    return build_parser().parse_args(words)


def test_the_example_states_the_defaults() -> None:
    root = next(one for one in Path(__file__).parents if (one / EXAMPLE).is_file())

    config = configured(arguments("run", "--config", str(root / EXAMPLE)), {})

    defaults = EventSaverConfig(symbols=("BTCUSDT",))
    journal = {"journal_folder": root / "conf" / defaults.journal_folder}
    assert config == defaults.model_copy(update=journal)


def test_options_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text("symbols: [BTCUSDT]\nport: 1\nbatch_size: 2\n")
    environment = {"EVENTSAVER_PORT": "3", "EVENTSAVER_BATCH_SIZE": "4"}

    config = configured(arguments("run", "--config", str(path), "--port", "5"), environment)

    assert (config.port, config.batch_size) == (5, 4)


def test_variables_alone_are_a_configuration() -> None:
    config = configured(arguments("status"), {"EVENTSAVER_SYMBOLS": "ethusdt"})

    assert config.symbols == ("ETHUSDT",)


def test_an_account_gets_its_key_and_its_strategies_their_salts() -> None:
    account = AccountConfig.model_validate(
        {
            "name": "main",
            "api_key": "env:KEY",
            "api_secret": "a-secret",
            "strategies": [
                StrategyConfig(strat_id="new", symbol="BTCUSDT"),
                StrategyConfig(strat_id="old", symbol="BTCUSDT", salted=False),
            ],
        }
    )

    found = context_of(account, {"KEY": "the-key"})

    assert (found.credentials.key, found.credentials.secret) == ("the-key", "a-secret")
    assert [one.salt for one in found.strategies] == ["new", None]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["record"], 1),
        (["run", "--config", "nowhere.yaml"], 1),
        (["status", "--config", "nowhere.yaml"], 1),
    ],
)
def test_bad_usage_ends_with_one_and_says_what_is_wrong(
    words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry(words) == code

    assert "error: " in capsys.readouterr().err


def test_a_recorder_that_does_not_run_has_no_status() -> None:
    config = EventSaverConfig(symbols=("BTCUSDT",), port=1)

    with pytest.raises(UserError, match="no recorder answers at") as refused:
        asked(config)

    assert "event-saver run" in str(refused.value.hint)


def test_a_database_without_tables_is_refused_with_how_to_make_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(f"symbols: [BTCUSDT]\ndatabase_url: sqlite:///{tmp_path / 'new.db'}\n")

    assert entry(["run", "--config", str(path)]) == 1

    assert "grid-db upgrade" in capsys.readouterr().err


def test_a_database_that_is_none_is_refused_without_its_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "one.yaml"
    path.write_text("symbols: [BTCUSDT]\ndatabase_url: oracle://me:hidden@host/name\n")

    assert entry(["run", "--config", str(path)]) == 1

    told = capsys.readouterr().err
    assert "expected a database of sqlite or postgresql" in told
    assert "hidden" not in told


def test_the_table_shows_streams_and_gaps() -> None:
    one = {
        "age_s": None,
        "depth": 1,
        "written": 2,
        "inserted": 3,
        "buried": 4,
        "lost": 5,
        "dropped": 6,
        "last_text": "database is locked",
    }
    gaps = {"open": 1, "filled": 2, "given_up": 3, "audits": 4}
    status = {
        "environment": "sim",
        "database": "sqlite:///r.db",
        "healthy": False,
        "down": ["order"],
        "streams": {"trades": one, "tickers": {**one, "age_s": 1.25}},
        "gaps": gaps,
    }
    console = Console(width=160, record=True, file=StringIO())

    console.print(table_of(status))

    shown = console.export_text()
    assert "NOT HEALTHY" in shown
    assert "database is locked" in shown
    assert "1 open, 2 filled, 3 given up; audits: 4; down: order" in shown
    console.print(table_of({**status, "gaps": None, "healthy": True}))


class Recorder:
    """A recorder of its own process."""

    def __init__(self, config: Path) -> None:
        words = [sys.executable, "-m", "event_saver", "run", "--json", "--config", str(config)]
        self.process = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "RECORDER_SECRET": SECRET},
        )
        assert self.process.stdout is not None
        self.url = str(json.loads(self.process.stdout.readline())["http"])
        self.until(lambda: self.page("settle")["ready"])
        self.until(lambda: self.page("status")["gaps"]["filled"] >= 4)

    def page(self, name: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/{name}", timeout=10) as answer:
            return json.loads(answer.read())

    def end(self, number: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, output + errors

    @staticmethod
    def until(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.05)


@pytest.fixture
def start(
    tmp_path: Path, simulator: Any, database: DatabaseFactory
) -> Iterator[Callable[[], Recorder]]:
    database.dispose()
    config = tmp_path / "eventsaver.yaml"
    config.write_text(
        f"exchange: {simulator.url}\n"
        "symbols: [BTCUSDT]\n"
        "accounts:\n"
        "  - {name: demo-1, api_key: demo-key-1, api_secret: 'env:RECORDER_SECRET'}\n"
        f"database_url: sqlite:///{tmp_path / 'recorded.db'}\n"
        "port: 0\n"
        "flush_interval_s: 30\n"
    )
    started: list[Recorder] = []

    def start() -> Recorder:
        started.append(Recorder(config))
        return started[-1]

    yield start
    for recorder in started:
        if recorder.process.poll() is None:
            recorder.end(signal.SIGKILL)


def kept(tmp_path: Path) -> set[str]:
    path = tmp_path / "recorded.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT order_id FROM private_executions").fetchall()
    return {row[0] for row in rows}


def order(simulator: Any) -> str:
    word = {"account": "demo-1", "symbol": "BTCUSDT", "position_idx": 1, "qty": "0.01"}
    told = simulator.post("order", side="Buy", order_type="Market", **word)
    return str(told["order"]["orderId"])


def test_a_killed_recorder_loses_nothing_private_and_the_next_one_finds_the_rest_a45(
    start: Callable[[], Recorder], simulator: Any, tmp_path: Path
) -> None:
    """Batches wait for half a minute here, so that what was told is in the journal alone."""
    first = start()
    told = order(simulator)
    first.until(lambda: first.page("status")["streams"]["demo-1"]["depth"] > 0)
    assert kept(tmp_path) == set()
    first.end(signal.SIGKILL)
    missed = order(simulator)

    second = start()
    code, output = second.end(signal.SIGTERM)

    assert code == 0, output
    assert kept(tmp_path) == {told, missed}


def test_secrets_are_in_no_output_and_in_no_file_a49(
    start: Callable[[], Recorder], simulator: Any, tmp_path: Path
) -> None:
    recorder = start()
    order(simulator)
    pages = json.dumps(recorder.page("status"))
    port = recorder.url.rpartition(":")[2]
    words = [sys.executable, "-m", "event_saver", "status", "--port", port, "--config"]
    asked = subprocess.run(
        [*words, str(tmp_path / "eventsaver.yaml")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "sim: healthy" in asked.stdout
    pages += asked.stdout

    code, output = recorder.end(signal.SIGINT)

    assert code == 0, output
    files = [one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()]
    assert not any(SECRET.encode() in content for content in files)
    assert SECRET not in output + pages

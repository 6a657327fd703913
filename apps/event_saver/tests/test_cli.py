"""The command line: what it refuses, what it shows, and a recorder that is killed (A45, A49)."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from appkit.exits import RunFailed, UserError
from event_saver import EventSaverConfig
from event_saver.cli import asked, build_parser, configured, context_of, database_of, entry
from event_saver.config import AccountConfig, StrategyConfig
from grid_db.factory import DatabaseFactory
from grid_db.models import PrivateExecution, Run
from grid_db.repositories import ApiKeys
from grid_db.secrets.master_key import from_environment
from grid_db.settings import DatabaseSettings
from grid_db.stored_keys import StoredKeys, store_keys
from grid_db.words import Environment

EXAMPLE = Path("conf") / "eventsaver.example.yaml"
KEY, SECRET = "demo-key-1", "demo-secret-1"
MASTER = {"GRIDBOT_MASTER_KEY": "bW1t" * 10 + "bW0="}
PATIENCE_S = 60.0
on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
"""A process of its own takes seconds to start; test_service.py has both dialects."""


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


def account(key: str, secret: str) -> AccountConfig:
    strategies = (
        StrategyConfig(strat_id="new", symbol="BTCUSDT"),
        StrategyConfig(strat_id="old", symbol="BTCUSDT", salted=False),
    )
    return AccountConfig(name="main", api_key=key, api_secret=secret, strategies=strategies)


def seal(database: DatabaseFactory, name: str, key: str, secret: str) -> None:
    keys = ApiKeys(api_key=SecretStr(key), api_secret=SecretStr(secret))
    master = from_environment(MASTER)
    store_keys(database, name, Environment.SIM, keys, master, datetime.now(tz=UTC))


def test_an_account_gets_its_key_and_its_strategies_their_salts(
    database: DatabaseFactory, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("a-secret\n")
    stored = StoredKeys(database, {})

    named = account("env:KEY", f"file:{tmp_path / 'secret'}")
    found = context_of(named, {"KEY": "the-key"}, stored)

    assert (found.credentials.key, found.credentials.secret) == ("the-key", "a-secret")
    assert [one.salt for one in found.strategies] == ["new", None]


def test_an_account_gets_its_key_from_the_database(database: DatabaseFactory) -> None:
    seal(database, "main", "sealed-key", "sealed-secret")

    found = context_of(account("db:main", "db:main"), {}, StoredKeys(database, MASTER))

    assert (found.credentials.key, found.credentials.secret) == ("sealed-key", "sealed-secret")


@pytest.mark.parametrize(
    ("name", "environment", "said"),
    [
        ("mian", MASTER, "db:mian: expected stored keys of this account, found keys of main"),
        ("main", {}, "expected GRIDBOT_MASTER_KEY"),
        ("main", {"GRIDBOT_MASTER_KEY": "eHh4" * 10 + "eHg="}, "expected master key"),
        ("main", {"GRIDBOT_MASTER_KEY": "hidden"}, "GRIDBOT_MASTER_KEY: expected 32 random bytes"),
    ],
)
def test_keys_that_do_not_open_are_told_with_what_to_do(
    database: DatabaseFactory, name: str, environment: dict[str, str], said: str
) -> None:
    seal(database, "main", "sealed-key", "sealed-secret")
    stored = StoredKeys(database, environment)

    with pytest.raises(UserError) as refused:
        context_of(account(f"db:{name}", f"db:{name}"), {}, stored)

    assert said in str(refused.value)
    assert not any(word in str(refused.value) for word in ("sealed-", "hidden"))


def test_a_database_that_does_not_answer_gives_no_keys() -> None:
    config = EventSaverConfig.model_validate(
        {"symbols": ["BTCUSDT"], "database_url": "postgresql://me:hidden@127.0.0.1:1/nowhere"}
    )
    stored = StoredKeys(database_of(config), MASTER)

    with pytest.raises(RunFailed, match="db:main: the database does not answer") as failed:
        context_of(account("db:main", "db:main"), {}, stored)

    assert "hidden" not in str(failed.value)


def test_without_any_configuration_the_shortest_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UserError) as refused:
        configured(arguments("run"), {})

    assert "EVENTSAVER_SYMBOLS is enough" in str(refused.value.hint)


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
    with pytest.raises(UserError, match="no recorder answers at") as refused:
        asked(1)

    assert "event-saver run" in str(refused.value.hint)


def test_a_port_is_all_that_a_status_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["status", "--port", "1"]) == 1

    assert "no recorder answers at http://127.0.0.1:1/status" in capsys.readouterr().err


def test_a_database_without_tables_is_refused_with_how_to_make_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(f"symbols: [BTCUSDT]\ndatabase_url: sqlite:///{tmp_path / 'new.db'}\n")

    assert entry(["run", "--config", str(path)]) == 1

    told = capsys.readouterr().err
    assert "grid-db upgrade" in told
    assert "hint: for the database_url of the configuration" in told


def test_a_database_that_is_none_is_refused_without_its_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "one.yaml"
    path.write_text("symbols: [BTCUSDT]\ndatabase_url: oracle://me:hidden@host/name\n")

    assert entry(["run", "--config", str(path)]) == 1

    told = capsys.readouterr().err
    assert "expected a database of sqlite or postgresql" in told
    assert "hidden" not in told


class Recorder:
    """A recorder of its own process."""

    def __init__(self, config: Path) -> None:
        words = [sys.executable, "-m", "event_saver", "run", "--json", "--config", str(config)]
        self.process = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "RECORDER_KEY": KEY, "RECORDER_SECRET": SECRET, **MASTER},
        )
        assert self.process.stdout is not None
        self.url = str(json.loads(self.process.stdout.readline())["http"])
        self.until(lambda: self.page("settle")["ready"])
        self.until(lambda: self.page("status")["gaps"]["filled"] >= 4)

    def page(self, name: str) -> Any:
        return json.loads(self.text(name))

    def text(self, name: str) -> str:
        with urllib.request.urlopen(f"{self.url}/{name}", timeout=10) as answer:
            return str(answer.read(), "utf-8")

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
    tmp_path: Path, simulator: Any, settings: DatabaseSettings, database: DatabaseFactory
) -> Iterator[Callable[..., Recorder]]:
    started: list[Recorder] = []

    def start(key: str = "env:RECORDER_KEY", secret: str = "env:RECORDER_SECRET") -> Recorder:
        database.dispose()
        config = tmp_path / "eventsaver.yaml"
        config.write_text(
            f"exchange: {simulator.url}\n"
            "symbols: [BTCUSDT]\n"
            f"accounts: [{{name: demo-1, api_key: '{key}', api_secret: '{secret}'}}]\n"
            f"database_url: {settings.url().render_as_string(hide_password=False)}\n"
            "health_file: health.json\n"
            "port: 0\n"
            "flush_interval_s: 30\n"
        )
        started.append(Recorder(config))
        return started[-1]

    yield start
    for recorder in started:
        if recorder.process.poll() is None:
            recorder.end(signal.SIGKILL)


def kept(database: DatabaseFactory) -> set[str]:
    with database.get_readonly_session() as session:
        return set(session.scalars(sa.select(PrivateExecution.order_id)))


def order(simulator: Any) -> str:
    word = {"account": "demo-1", "symbol": "BTCUSDT", "position_idx": 1, "qty": "0.01"}
    told = simulator.post("order", side="Buy", order_type="Market", **word)
    return str(told["order"]["orderId"])


@on_sqlite
def test_a_killed_recorder_loses_nothing_private_and_the_next_one_finds_the_rest_a45(
    start: Callable[..., Recorder], simulator: Any, database: DatabaseFactory
) -> None:
    """Batches wait for half a minute here, so that what was told is in the journal alone."""
    first = start()
    told = order(simulator)
    first.until(lambda: first.page("status")["streams"]["demo-1"]["depth"] > 0)
    assert told not in kept(database)
    first.end(signal.SIGKILL)
    missed = order(simulator)

    second = start()
    code, output = second.end(signal.SIGTERM)

    assert code == 0, output
    assert {told, missed} <= kept(database)


@on_sqlite
def test_a_recorder_without_its_port_has_not_begun(
    tmp_path: Path,
    settings: DatabaseSettings,
    database: DatabaseFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = tmp_path / "eventsaver.yaml"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config.write_text(
            "exchange: http://127.0.0.1:9\n"
            "symbols: [BTCUSDT]\n"
            f"database_url: {settings.url().render_as_string(hide_password=False)}\n"
            f"port: {taken.getsockname()[1]}\n"
        )
        assert entry(["run", "--config", str(config)]) == 1

    assert "cannot listen on 127.0.0.1" in capsys.readouterr().err
    assert not (tmp_path / "event_saver_journal").exists()


class Stranger(BaseHTTPRequestHandler):
    """Answers, and is no recorder."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_: object) -> None:
        return


def test_somebody_else_on_the_port_is_no_recorder(capsys: pytest.CaptureFixture[str]) -> None:
    with HTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        serving = threading.Thread(target=stranger.serve_forever)
        serving.start()
        code = entry(["status", "--port", str(stranger.server_port)])
        stranger.shutdown()
        serving.join()

    assert code == 1
    assert "no recorder answers" in capsys.readouterr().err


@on_sqlite
@pytest.mark.parametrize("place", ["env", "db"])
def test_secrets_are_in_no_output_and_in_no_file_a49(
    start: Callable[..., Recorder],
    simulator: Any,
    database: DatabaseFactory,
    tmp_path: Path,
    place: str,
) -> None:
    """Pages, logs, health file, journal, and the database file with the run's configuration."""
    if place == "db":
        seal(database, "demo-1", KEY, SECRET)
        recorder = start("db:demo-1", "db:demo-1")
    else:
        recorder = start()
    order(simulator)
    pages = json.dumps(recorder.page("status")) + recorder.text("metrics")
    port = recorder.url.rpartition(":")[2]
    words = [sys.executable, "-m", "event_saver", "status", "--port", port]
    asked = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "sim: healthy" in asked.stdout
    pages += asked.stdout

    code, output = recorder.end(signal.SIGINT)

    assert code == 0, output
    files = {one.name: one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()}
    assert {"grid.db", "health.json"} <= files.keys()
    for secret in (KEY, SECRET, MASTER["GRIDBOT_MASTER_KEY"]):
        assert not any(secret.encode() in content for content in files.values())
        assert secret not in output + pages
    with database.get_readonly_session() as session:
        (snapshot,) = session.scalars(
            sa.select(Run.config_snapshot).where(Run.config_snapshot.is_not(None))
        )
    assert f"{place}:" in str(snapshot)

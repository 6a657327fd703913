"""The whole daemon is killed and comes back: over its own grid, alone, with a journal that replays.

Real processes, real sockets, a real kill -9: the simulator is the exchange.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from appkit.journals.judging import JournalVerdict, Verdict, files_below, judge
from appkit.progress import progress_bar
from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of
from grid_db.repositories import as_admin
from grid_db.settings import DatabaseSettings
from grid_db.words import RunStatus

PATIENCE_S = 30.0
LEVELS = 10
SIMULATOR = """\
seed: 5
symbols:
  BTCUSDT: {price: 100000}
synth: {trades_per_second: 4, volatility_pct: 5}
accounts:
  - {name: demo-1, uid: 100001, keys: [{key: demo-key-1, secret: demo-secret-1}]}
"""
BOT = """\
accounts:
  - {{name: main, api_key: "env:BOT_KEY", api_secret: "env:BOT_SECRET", environment: "{url}"}}
strategies:
  - {{strat_id: grid, account: main, symbol: BTCUSDT, amount: b0.004, grid_count: 10}}
data_folder: data
database_url: sqlite:///{database}
surface: {{port: 0}}
"""


def asked(url: str, body: Mapping[str, Any] | None = None) -> Any:
    """The JSON that a page answers; with a body it is posted."""
    content = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(url, content, timeout=10) as answer:
        return json.loads(answer.read())


def wait_for(holds: Callable[[], bool], what: str) -> None:
    """Look until something holds; an assertion when it never does."""
    ends_at = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < ends_at, f"never came: {what}"
        time.sleep(0.05)


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator["Simulator"]:
    """A simulator of its own process."""
    file = tmp_path / "bybit_sim.yaml"
    file.write_text(SIMULATOR, encoding="utf-8")
    words = [sys.executable, "-m", "bybit_sim", "serve", "--config", str(file), "--port", "0"]
    with subprocess.Popen([*words, "--json"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Simulator(json.loads(process.stdout.readline())["http"])
        finally:
            process.terminate()
            process.wait(10)


class Simulator:
    """The exchange of the test."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, path: str, **body: Any) -> Any:
        is_post = body or path in ("pause", "resume")
        return asked(f"{self.url}/sim/{path}", body if is_post else None)

    def orders(self) -> dict[str, str]:
        """Every order that the exchange has ever taken, and its status."""
        rows = self("state")["accounts"][0]["orders"]
        return {row["orderId"]: row["orderStatus"] for row in rows}


class Bots:
    """Processes of gridbot on one configuration."""

    def __init__(self, folder: Path, settings: DatabaseSettings, url: str) -> None:
        self.folder = folder
        path = settings.url().database
        (folder / "gridbot.yaml").write_text(BOT.format(url=url, database=path), encoding="utf-8")
        self.environment = {
            **os.environ,
            "BOT_KEY": "demo-key-1",
            "BOT_SECRET": "demo-secret-1",
            "XDG_STATE_HOME": str(folder / "own"),
        }

    def words(self) -> list[str]:
        config = str(self.folder / "gridbot.yaml")
        return [sys.executable, "-m", "gridbot", "run", "--config", config, "--json", "--quiet"]

    @contextmanager
    def running(self) -> Iterator[tuple["subprocess.Popen[str]", str]]:
        """A process that trades, and the URL of its pages; killed unless it has ended."""
        with subprocess.Popen(
            self.words(), stdout=subprocess.PIPE, text=True, env=self.environment
        ) as process:
            try:
                assert process.stdout is not None
                yield process, json.loads(process.stdout.readline())["http"]
            finally:
                process.kill()


def is_calm(url: str) -> bool:
    """Whether a daemon is ready, and nothing of it is under way."""
    try:
        settled = asked(f"{url}/api/settled")
    except urllib.error.URLError:
        return False
    return bool(settled["ready"]) and settled["in_flight"] == 0


def verdicts(folder: Path) -> list[JournalVerdict]:
    """Every journal, replayed."""
    with progress_bar(None, "replay", "events", quiet=True) as progress:
        return [judge(file, progress) for file in files_below(folder)]


@pytest.mark.story
def test_a_killed_daemon_comes_back_over_its_own_grid_alone_and_its_journal_replays(
    simulator: Simulator, sqlite_settings: DatabaseSettings, tmp_path: Path
) -> None:
    """A02, L52: nothing is placed or cancelled where book and grid agree."""
    bots = Bots(tmp_path, sqlite_settings, simulator.url)
    with bots.running() as (first, _):
        wait_for(lambda: list(simulator.orders().values()).count("New") == LEVELS, "the whole grid")
        simulator("pause")
        before = simulator.orders()
        second = subprocess.run(
            bots.words(),
            check=False,
            capture_output=True,
            text=True,
            env=bots.environment,
            timeout=60,
        )
        first.kill()
        first.wait(10)
    with bots.running() as (third, url):
        wait_for(lambda: is_calm(url), "a daemon that is ready")
        after = simulator.orders()
        third.terminate()
        ended = third.wait(15)

    assert second.returncode == 1
    assert "another gridbot keeps its data in" in second.stderr
    assert f"pid {first.pid} on" in second.stderr
    assert ended == 0
    assert after == before == simulator.orders()
    found = verdicts(tmp_path / "data")
    assert [one.verdict for one in found] == [Verdict.IDENTICAL] * 2
    database = DatabaseFactory(sqlite_settings)
    with database.get_readonly_session() as session:
        runs = as_admin(session).runs.by_account(account_id_of("main"))
    database.dispose()
    assert [run.status for run in runs] == [RunStatus.COMPLETED, RunStatus.ABANDONED]
    assert [json.loads(str(run.config_snapshot))["fencing"] for run in runs] == [2, 1]

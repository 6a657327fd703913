"""The guard beside a daemon that stands still, dies, and ends as it was told.

Real processes, SIGSTOP and kill -9: the simulator is the exchange, the guard has its own key.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest.order_words import Accepted, Placement
from bybit_adapter.rest_client import RestClient, wait_until
from grid_db.settings import DatabaseSettings
from gridcore.session.effects import TimeInForce
from gridcore.sides import BUY, LONG

PATIENCE_S = 30.0
SILENT_S = 3
LEVELS = 10
SIMULATOR = """\
seed: 5
symbols:
  BTCUSDT: {price: 100000}
synth: {trades_per_second: 2, volatility_pct: "0.01"}
accounts:
  - name: demo-1
    uid: 100001
    keys: [{key: demo-key-1, secret: demo-secret-1}, {key: guard-key, secret: guard-secret}]
"""
BOT = """\
accounts:
  - {{name: main, api_key: "env:BOT_KEY", api_secret: "env:BOT_SECRET", environment: "{url}"}}
strategies:
  - {{strat_id: grid, account: main, symbol: BTCUSDT, amount: b0.004, grid_count: {levels}}}
data_folder: data
database_url: sqlite:///{database}
surface: {{port: 0}}
guard:
  silent_s: {silent_s}
  keys: {{main: {{api_key: "env:G_KEY", api_secret: "env:G_SECRET"}}}}
"""


class Told:
    """The JSON lines that a process writes, read as they come."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self._lines: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        reading = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        reading.start()

    def next(self) -> dict[str, Any]:
        """The next line; queue.Empty when it never comes."""
        return self._lines.get(timeout=PATIENCE_S)

    def _read(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._lines.put(json.loads(line))


class World:
    """A simulator, and processes of gridbot on one configuration."""

    def __init__(self, folder: Path, database: str, processes: ExitStack) -> None:
        self._folder = folder
        self._processes = processes
        (folder / "sim.yaml").write_text(SIMULATOR, encoding="utf-8")
        words = ["bybit_sim", "serve", "--config", str(folder / "sim.yaml"), "--port", "0"]
        _, told = self._start([*words, "--json"])
        self.url = told.next()["http"]
        text = BOT.format(url=self.url, database=database, levels=LEVELS, silent_s=SILENT_S)
        (folder / "gridbot.yaml").write_text(text, encoding="utf-8")

    def gridbot(self, command: str) -> tuple["subprocess.Popen[str]", Told]:
        """Start a process of gridbot."""
        config = str(self._folder / "gridbot.yaml")
        return self._start(["gridbot", command, "--config", config, "--json", "--quiet"])

    def resting(self) -> list[str]:
        """The wire ids of the exchange's open orders."""
        with urllib.request.urlopen(f"{self.url}/sim/state", timeout=10) as answer:
            account = json.load(answer)["accounts"][0]
        return [row["orderLinkId"] for row in account["orders"] if row["orderStatus"] == "New"]

    def place_by_hand(self) -> None:
        """An order of another hand on the same symbol."""
        keys = Credentials(key="demo-key-1", secret="demo-secret-1")
        rest = RestClient(endpoint(self.url), keys, limiter=RateLimiter(), wait=wait_until)
        order = Placement(
            symbol="BTCUSDT",
            direction=LONG,
            side=BUY,
            price="90000",
            qty="0.01",
            wire_id="by-hand",
            reduce_only=False,
            time_in_force=TimeInForce.POST_ONLY,
        )
        assert isinstance(rest.orders.place(order), Accepted)
        rest.close()

    def until(self, holds: Callable[[], bool], what: str) -> None:
        ends_at = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < ends_at, f"never came: {what}"
            time.sleep(0.05)

    def _start(self, words: Sequence[str]) -> tuple["subprocess.Popen[str]", Told]:
        environment = {
            **os.environ,
            "BOT_KEY": "demo-key-1",
            "BOT_SECRET": "demo-secret-1",
            "G_KEY": "guard-key",
            "G_SECRET": "guard-secret",
            "XDG_STATE_HOME": str(self._folder / "own"),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", *words], stdout=subprocess.PIPE, text=True, env=environment
        )
        self._processes.callback(_end, process)
        return process, Told(process)


def _end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait(10)
    assert process.stdout is not None
    process.stdout.close()


@contextmanager
def worlds(folder: Path, settings: DatabaseSettings) -> Iterator[World]:
    with ExitStack() as processes:
        yield World(folder, str(settings.url().database), processes)


@pytest.fixture
def world(tmp_path: Path, sqlite_settings: DatabaseSettings) -> Iterator[World]:
    with worlds(tmp_path, sqlite_settings) as found:
        yield found


def exposure(guard: Told) -> float:
    """How long orders rested untended, in seconds; the guard has told the rest as well."""
    assert guard.next() == {"event": "daemon", "life": "gone"}
    clear = guard.next()
    assert (clear["event"], clear["cancelled"]) == ("clear", LEVELS)
    return float(clear["exposure_s"])


@pytest.mark.story
def test_orders_that_nobody_tends_are_gone_within_seconds_and_nobody_elses(world: World) -> None:
    """SIGSTOP, then kill -9; between them the daemon goes on, and places its grid again."""
    guard, told = world.gridbot("guard")
    assert told.next() == {"event": "daemon", "life": "none"}
    daemon, bot = world.gridbot("run")
    bot.next()
    world.place_by_hand()
    world.until(lambda: len(world.resting()) == LEVELS + 1, "the whole grid")
    assert told.next() == {"event": "daemon", "life": "lives"}

    daemon.send_signal(signal.SIGSTOP)
    stopped_s = exposure(told)
    assert world.resting() == ["by-hand"]
    daemon.send_signal(signal.SIGCONT)
    assert told.next() == {"event": "daemon", "life": "lives"}
    world.until(lambda: len(world.resting()) == LEVELS + 1, "the whole grid, again")

    daemon.kill()
    daemon.wait(10)
    killed_s = exposure(told)
    assert world.resting() == ["by-hand"]

    second, bot = world.gridbot("run")
    bot.next()
    assert told.next() == {"event": "daemon", "life": "lives"}
    world.until(lambda: len(world.resting()) == LEVELS + 1, "the grid of the next daemon")
    second.terminate()
    assert second.wait(20) == 0
    assert told.next() == {"event": "daemon", "life": "none"}
    guard.terminate()
    assert guard.wait(10) == 0

    print(  # for the evidence
        f"limit {SILENT_S} s; orders were exposed for {stopped_s:.1f} s after SIGSTOP, "
        f"for {killed_s:.1f} s after kill -9"
    )
    assert SILENT_S < stopped_s < 3 * SILENT_S + 3
    assert SILENT_S < killed_s < 3 * SILENT_S
    assert len(world.resting()) == LEVELS + 1

"""`gridbot run` as a process of its own: configured, started, asked, commanded, killed, ended.

It knows the process and its pages; it refuses to know what is traded.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests

from appkit.exits import RunFailed
from bench.gridbot.venue import Row
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings

PATIENCE_S = 60.0
POLL_S = 0.05
TOKEN_NAME, TOKEN = "BENCH_GRIDBOT_TOKEN", "a-token-of-the-bench-0123456789"


class Bot:
    """A daemon on a configuration file in a folder. `start` after `kill` is the next process.

    `secrets`: the environment's variables that the configuration refers to.
    """

    def __init__(self, folder: Path, config: str, secrets: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.file = folder / "gridbot.yaml"
        self.log = folder / "gridbot.log"
        database = folder / "gridbot.db"
        self.file.write_text(
            f"{config}data_folder: data\ndatabase_url: sqlite:///{database}\n"
            f'surface: {{port: 0, token: "env:{TOKEN_NAME}"}}\n',
            encoding="utf-8",
        )
        self._environment = {
            **os.environ,
            **secrets,
            TOKEN_NAME: TOKEN,
            "XDG_STATE_HOME": str(folder / "own"),
        }
        self._process: subprocess.Popen[str] | None = None
        self._url = ""
        if not database.exists():
            factory = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{database}"))
            schema.upgrade(factory)
            factory.dispose()

    @property
    def journals(self) -> Path:
        """The folder below which the journals lie."""
        return self.folder / "data"

    def launch(self) -> "subprocess.Popen[str]":
        """Start the process, and wait for nothing."""
        with self.log.open("a", encoding="utf-8") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gridbot", "run", "--json", f"--config={self.file}"],
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                env=self._environment,
            )
        return self._process

    def start(self) -> None:
        """Start it and wait until it trades; RunFailed with what it said when it ends instead."""
        process = self.launch()
        assert process.stdout is not None, "it was started with a pipe"
        line = process.stdout.readline()
        started = json.loads(line or "{}")
        if "http" not in started:
            raise RunFailed(f"gridbot did not start: {line.strip() or self.said()}")
        self._url = str(started["http"])

    def state(self, account: str) -> Row:
        """How an account is, as `/api/state` tells it."""
        (found,) = [one for one in self.get("api/state")["accounts"] if one["name"] == account]
        row: Row = found
        return row

    def get(self, page: str) -> Any:
        """A page of JSON."""
        return self._page(page).json()

    def metric(self, name: str) -> float:
        """A number of the whole process from its page of metrics."""
        text = self._page("metrics").text
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        if found is None:
            raise RunFailed(f"expected a metric {name}, found none")
        return float(found[1])

    def _page(self, page: str) -> requests.Response:
        answer = requests.get(f"{self._url}/{page}", timeout=PATIENCE_S)
        answer.raise_for_status()
        return answer

    def command(self, name: str, account: str) -> None:
        """Give it an operator's command."""
        answer = requests.post(
            f"{self._url}/api/command/{name}",
            json={"account": account},
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=PATIENCE_S,
        )
        answer.raise_for_status()

    def kill(self) -> None:
        """SIGKILL, at once."""
        self.end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        return self.end(signal.SIGTERM)

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; the exit code."""
        assert self._process is not None, "only what was started ends"
        self._process.send_signal(number)
        self._process.communicate(timeout=PATIENCE_S)
        return self._process.returncode

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def said(self) -> str:
        """What it wrote to stderr."""
        return self.log.read_text(encoding="utf-8")


def until(what: str, wrong: Callable[[], object], patience_s: float = PATIENCE_S) -> float:
    """Look until nothing is wrong any more; the seconds that it took.

    RunFailed with what is wrong still when time is up.
    """
    began = time.monotonic()
    while found := wrong():
        if time.monotonic() > began + patience_s:
            raise RunFailed(f"{what}: not within {patience_s:g} s: {found}")
        time.sleep(POLL_S)
    return time.monotonic() - began

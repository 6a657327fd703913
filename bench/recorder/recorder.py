"""`event-saver run` as a process of its own: started, asked, killed, ended.

It knows the process and its pages; it refuses to know what is recorded.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appkit.exits import RunFailed
from bench.recorder.market import ACCOUNT, KEY, SECRET, SYMBOL
from bench.wire.server import Server

PATIENCE_S = 60.0
POLL_S = 0.1
KEY_NAME, SECRET_NAME = "RECORDER_KEY", "RECORDER_SECRET"
"""What the recorder's environment calls the secrets of its account."""


def config(server: Server, folder: Path) -> str:
    """The recorder's configuration: one symbol, one account, a database file in the folder."""
    return (
        f"exchange: {server.http}\nsymbols: [{SYMBOL}]\nport: 0\n"
        f"accounts:\n  - name: {ACCOUNT}\n"
        f"    api_key: env:{KEY_NAME}\n    api_secret: env:{SECRET_NAME}\n"
        f"database_url: sqlite:///{database(folder)}\n"
        "flush_interval_s: 0.5\naudit_interval_s: 120\nshutdown_s: 30\n"
    )


def database(folder: Path) -> Path:
    """The database file in a folder."""
    return folder / "recorded.db"


class Recorder:
    """A recorder on a configuration file. `start` after `kill` is the next process."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._log = file.with_name("recorder.log")
        self._process: subprocess.Popen[str] | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """Where its pages are."""
        return self._url

    def start(self) -> None:
        """Start it; RunFailed with what it said when it ends at once."""
        with self._log.open("a", encoding="utf-8") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "event_saver", "run", "--json", f"--config={self._file}"],
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                env={**os.environ, KEY_NAME: KEY, SECRET_NAME: SECRET},
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("{"):
            raise RunFailed(f"the recorder did not start: {self.said()}")
        self._url = str(json.loads(line)["http"])

    def status(self) -> dict[str, Any] | None:
        """What it says of itself; None when it does not answer."""
        try:
            with urllib.request.urlopen(f"{self._url}/status", timeout=PATIENCE_S) as answer:
                found: dict[str, Any] = json.loads(answer.read())
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return None
        return found

    def kill(self) -> None:
        """SIGKILL, at once."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        return self._end(signal.SIGTERM)

    def said(self) -> str:
        """What it wrote to stderr."""
        return self._log.read_text(encoding="utf-8")

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def until(self, what: Callable[[dict[str, Any]], bool], patience_s: float = PATIENCE_S) -> None:
        """Wait until its status is so; RunFailed when it ends or time is up."""
        limit = time.monotonic() + patience_s
        status: dict[str, Any] | None = None
        while time.monotonic() < limit:
            if not self.is_running():
                raise RunFailed(f"the recorder has ended: {self.said()}")
            status = self.status()
            if status is not None and what(status):
                return
            time.sleep(POLL_S)
        raise RunFailed(f"the recorder does not get there within {patience_s:.0f} s: {status}")

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None, "only what was started ends"
        self._process.send_signal(number)
        self._process.communicate(timeout=PATIENCE_S)
        return self._process.returncode


def is_ready(status: dict[str, Any]) -> bool:
    """Every stream delivers, and what was so at the start is stored."""
    return bool(status["ready"]) and is_settled(status)


def is_settled(status: dict[str, Any]) -> bool:
    """Healthy, nothing waits, no gap is open."""
    idle = all(not one["in_flight"] for one in status["streams"].values())
    return bool(status["healthy"]) and idle and status["gaps"]["open"] == 0

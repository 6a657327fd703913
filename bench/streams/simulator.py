"""The simulated exchange as a process of its own, and its admin endpoints."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

ROOT = Path(__file__).resolve().parents[2]
STOP_S = 10
STEP_S = 0.02

Fault = Mapping[str, str | int]
"""A fault as the admin endpoint takes it."""


class Simulator:
    """A running `bybit-sim serve`."""

    def __init__(self, process: subprocess.Popen[str], opening: dict[str, Any]) -> None:
        self._process = process
        self.http: str = opening["http"]
        self.public: str = opening["public"]
        self.private: str = opening["private"]

    def fault(self, fault: Fault) -> None:
        """Puts a fault on the board, from now on."""
        answer = requests.post(f"{self.http}/sim/fault", json=fault, timeout=STOP_S)
        answer.raise_for_status()

    def await_refusal(self) -> None:
        """Waits until no connection is accepted any more."""
        parts = urlsplit(self.http)
        while True:
            try:
                socket.create_connection((parts.hostname, parts.port), STOP_S).close()
            except OSError:
                return
            time.sleep(STEP_S)


@contextmanager
def simulator() -> Iterator[Simulator]:
    """Starts a simulator on a free port and ends it afterwards."""
    command = [sys.executable, "-m", "bybit_sim", "serve", "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    if process.stdout is None:
        raise RuntimeError("expected the simulator's output in a pipe")
    try:
        opening = process.stdout.readline()
        if not opening:
            raise RuntimeError("the simulator ended before it was up; its error is above")
        yield Simulator(process, json.loads(opening))
    finally:
        process.terminate()
        process.wait(STOP_S)
        process.stdout.close()

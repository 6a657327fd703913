"""The simulated exchange as a process of its own, and its admin endpoints."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
STOP_S = 10

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

    def market_time_us(self) -> int:
        """Bybit's market/time, in microseconds."""
        answer = requests.get(f"{self.http}/v5/market/time", timeout=STOP_S)
        return int(answer.json()["result"]["timeNano"]) // 1000


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

"""Starts bybit_sim as a process of its own, and ends it. It refuses to know what is measured."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appkit.exits import RunFailed

PATIENCE_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a running simulator listens, and its process."""

    http: str
    public: str
    private: str
    process: int


@contextmanager
def simulator(config: str) -> Iterator[Server]:
    """A simulator with a configuration text, for as long as the block lasts.

    RunFailed when it does not start; what it said is in the message.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bybit_sim.yaml"
        file.write_text(config, encoding="utf-8")
        log = Path(folder) / "log.txt"
        command = [sys.executable, "-m", "bybit_sim", "serve", "--config", str(file)]
        with (
            log.open("w") as said,
            subprocess.Popen(
                [*command, "--port", "0", "--json"],
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            ) as process,
        ):
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                started = json.loads(line or "{}")
                if "http" not in started:
                    why = line.strip() or log.read_text(encoding="utf-8")
                    raise RunFailed(f"bybit_sim did not start: {why}")
                yield Server(
                    http=started["http"],
                    public=started["public"],
                    private=started["private"],
                    process=process.pid,
                )
            finally:
                process.terminate()
                try:
                    process.wait(PATIENCE_S)
                except subprocess.TimeoutExpired:
                    process.kill()

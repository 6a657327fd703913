"""Small programs to start in a company, each a module in the folder where it starts."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PATIENCE_S = 30.0

# Holds the lock NAME.lock as long as it lives, and tells when it does.
HOLDS = """
import fcntl, signal, sys, time
lock = open(sys.argv[1] + ".lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)
"""
OBEYS = f"""
{HOLDS}
signal.signal(signal.SIGTERM, lambda *_: (print("in order", flush=True), sys.exit(0)))
open(sys.argv[1] + ".up", "w")
while True:
    time.sleep(60)
"""
STUBBORN = f"""
{HOLDS}
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1] + ".up", "w")
while True:
    time.sleep(60)
"""
FAILS = """
import sys
print("this went to stdout")
print("\\n".join(f"line {number}" for number in range(40)), file=sys.stderr)
sys.exit(5)
"""


class Troupe:
    """The programs `obeys NAME`, `stubborn NAME` and `fails` in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in (("obeys", OBEYS), ("stubborn", STUBBORN), ("fails", FAILS)):
            (folder / f"{name}.py").write_text(text, encoding="utf-8")

    def is_up(self, name: str) -> bool:
        """Whether it holds its lock and has set its signals."""
        return (self.folder / f"{name}.up").exists()

    def is_gone(self, name: str) -> bool:
        """Whether no process holds its lock: a process that is dead and unread holds none."""
        descriptor = os.open(self.folder / f"{name}.lock", os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    def until(self, holds: Callable[[], bool]) -> None:
        """Look until something holds; an assertion when it never does."""
        ends_at = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < ends_at, "never came"
            time.sleep(0.01)


@pytest.fixture
def troupe(tmp_path: Path) -> Troupe:
    return Troupe(tmp_path)

"""The audit log: every command that was asked for, and what became of it, as lines of JSON.

Lines are written beside the loop, in order, and are on the disk when `write` returns. It refuses to
know tokens.
"""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path

import orjson

from appkit.beside import beside

FILE_BYTES_MAX = 8 * 1024 * 1024
FILES_KEPT = 8
LINES_KEPT = 1_000
"""Lines that wait for a disk that refuses them; the oldest are given up first."""

WRITE_S_MAX = 2.0
"""A command never waits longer for its line: a full disk must not keep anybody from halting."""


class AuditLog:
    """Appends to `audit.jsonl` in a folder; full files become audit.jsonl.1 to .8."""

    def __init__(
        self, folder: Path, *, bytes_max: int = FILE_BYTES_MAX, wait_s: float = WRITE_S_MAX
    ) -> None:
        self.path = folder / "audit.jsonl"
        self._bytes_max = bytes_max
        self._wait_s = wait_s
        self._pending: deque[bytes] = deque(maxlen=LINES_KEPT)
        self._one_writer = threading.Lock()

    async def write(self, line: Mapping[str, object]) -> bool:
        """Append one line; False when it is not on the disk after two seconds.

        A line that the disk refuses is kept and goes before the next one.
        """
        self._pending.append(orjson.dumps(_readable(line)) + b"\n")
        try:
            await asyncio.wait_for(beside("audit", self._write_pending), self._wait_s)
        except (OSError, TimeoutError):
            return False
        return True

    def _write_pending(self) -> None:
        """Whoever comes first writes for all, so that lines keep their order."""
        with self._one_writer:
            while self._pending:
                self._append(self._pending[0])
                self._pending.popleft()

    def _append(self, body: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and self.path.stat().st_size + len(body) > self._bytes_max:
            self._rotate()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(body)
            file.flush()
            os.fsync(descriptor)

    def _rotate(self) -> None:
        for number in range(FILES_KEPT - 1, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            if older.exists():
                older.replace(self.path.with_name(f"{self.path.name}.{number + 1}"))
        self.path.replace(self.path.with_name(f"{self.path.name}.1"))


def _readable(line: Mapping[str, object]) -> dict[str, object]:
    """What strangers send may hold halves of characters, which no file takes."""
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in line.items()
    }

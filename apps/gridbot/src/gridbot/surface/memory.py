"""The history's file: written whole, now and then and at the end; read back at start.

History is for the eye: a file that does not fit is set aside, never a reason not to trade.
"""

import asyncio
from functools import partial
from pathlib import Path

import orjson

from appkit.atomic import write_bytes
from appkit.beside import beside
from gridbot.surface.history import History
from gridcore.saved import SavedStateError

SAVE_S = 30.0


class HistoryFile:
    """`history.json` in a folder."""

    def __init__(self, folder: Path, history: History) -> None:
        self.path = folder / "history.json"
        self._history = history

    def load(self) -> str | None:
        """Take back what was saved; what was wrong with the file, which is then set aside."""
        try:
            self._history.restore(orjson.loads(self.path.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, orjson.JSONDecodeError, SavedStateError, ValueError) as error:
            return self._set_aside(error)
        return None

    def _set_aside(self, error: Exception) -> str:
        aside = self.path.with_name(f"{self.path.name}.corrupt")
        try:
            self.path.replace(aside)
        except OSError as second:
            return f"{self.path}: {error}; it stays where it is: {second.strerror}"
        return f"{self.path}: {error}; kept as {aside.name}"

    async def save(self) -> None:
        """Write the file beside the loop; a disk that refuses costs the history only."""
        body = orjson.dumps(self._history.snapshot())
        await beside("history", partial(self._write, body))

    async def keep(self) -> None:
        """Save twice a minute, until cancelled."""
        while True:
            await asyncio.sleep(SAVE_S)
            await self.save()

    def _write(self, body: bytes) -> None:
        try:
            write_bytes(self.path, body)
        except OSError:
            return

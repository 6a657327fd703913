"""The file by which the daemon says that it lives, and the guard's reading of it.

It knows the file; it refuses to know what a silence means.
"""

import asyncio
import json
import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from appkit.beside import beside
from gridcore.message import message

BEAT_S = 1.0
TURN_S_MAX = 5.0
"""An account whose loop has not come round for longer is not tended, whatever else runs."""
_NAME = "heartbeat.json"
_LONGEST = 4096


@message
class Heartbeat:
    """One sign of life. `number` grows with each; `ended`: the daemon stopped as it was told to.

    `accounts`: those that it tends. `port` is that of the local pages, None before they are served.
    """

    pid: int
    number: int
    accounts: frozenset[str]
    port: int | None
    ended: bool


def read_heartbeat(folder: Path) -> Heartbeat | None:
    """The last sign of life; None: no daemon has ever run there.

    OSError or ValueError when the file cannot be read, which says nothing about the daemon.
    """
    try:
        with (folder / _NAME).open("rb") as file:
            row = json.loads(file.read(_LONGEST))
    except FileNotFoundError:
        return None
    match row:
        case {
            "pid": int(pid),
            "number": int(number),
            "accounts": [*names],
            "port": port,
            "ended": bool(ended),
        } if port is None or isinstance(port, int):
            accounts = frozenset(str(name) for name in names)
            return Heartbeat(pid=pid, number=number, accounts=accounts, port=port, ended=ended)
    raise ValueError(f"expected pid, number, accounts, port and ended, found {str(row)[:100]}")


def write_heartbeat(folder: Path, beat: Heartbeat) -> None:
    """Replace the last sign of life. It blocks; not durable, as a machine that dies sends none."""
    folder.mkdir(parents=True, exist_ok=True)
    row = {"pid": beat.pid, "number": beat.number, "accounts": sorted(beat.accounts)}
    text = json.dumps(row | {"port": beat.port, "ended": beat.ended})
    temporary = folder / f".{_NAME}.{beat.pid}"
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, folder / _NAME)


class Tended(Protocol):
    """An account whose loop comes round as long as it is looked after."""

    def turned_age_s(self) -> float:
        """Real seconds since it last did."""
        ...


class HeartbeatKeeper:
    """Beats while the event loop runs, and every account's loop comes round.

    `accounts` are the names that are tended, `tended` those that run now: others may come. What the
    disk does not take is left out: pages tell, too.
    """

    def __init__(self, folder: Path, accounts: Iterable[str], tended: Mapping[str, Tended]) -> None:
        self.port: int | None = None
        self._folder = folder
        self._accounts = frozenset(accounts)
        self._tended = tended
        self._number = 0
        self._written = 0
        self._writing = threading.Lock()

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            if all(one.turned_age_s() < TURN_S_MAX for one in self._tended.values()):
                await self._beat(ended=False)
            await asyncio.sleep(BEAT_S)

    async def end(self) -> None:
        """Say that the daemon has stopped as it was told to: nobody has to step in.

        One that has never beaten says nothing: what was before is judged as before.
        """
        if self._number:
            await self._beat(ended=True)

    async def _beat(self, *, ended: bool) -> None:
        self._number += 1
        beat = Heartbeat(
            pid=os.getpid(),
            number=self._number,
            accounts=self._accounts,
            port=self.port,
            ended=ended,
        )
        await beside("heartbeat", lambda: self._write(beat))

    def _write(self, beat: Heartbeat) -> None:
        """A slow disk may still be at a beat that the next one has overtaken."""
        with self._writing:
            if beat.number < self._written:
                return
            self._written = beat.number
            with suppress(OSError):
                write_heartbeat(self._folder, beat)

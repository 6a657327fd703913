"""What goes wrong in a run, and when: a schedule, and the hands that do it.

It knows admin requests, signals and locks; it refuses to know what they do to the records.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import requests

from appkit.exits import RunFailed
from bench.recorder.market import SYMBOL
from bench.recorder.recorder import Recorder
from bench.wire.server import Server

PATIENCE_S = 30
FRAMES_REPEATED = {"kind": "frame_repeated", "chance": 50}
FRAMES_REORDERED = {"kind": "frame_reordered", "chance": 50, "amount": 3}


class Kind(Enum):
    """What can go wrong at a moment."""

    OUTAGE = "outage"
    LOCKED = "locked"
    KILLED = "killed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """How much goes wrong."""

    outages: int = 0
    locked_s: float = 0.0
    kills: int = 0
    frames_disturbed: bool = False

    def schedule(self, span_s: float) -> list[tuple[float, Kind]]:
        """When what begins, in seconds.

        Outages are spread over the span; the lock is in its middle, and the kills are on both
        sides of it: what waits for a locked database is in memory alone.
        """
        free_s = max(0.0, span_s - self.locked_s)
        outages = [
            (span_s * (number + 0.5) / self.outages, Kind.OUTAGE) for number in range(self.outages)
        ]
        kills = [
            (_around(free_s * (number + 0.3) / self.kills, free_s / 2, self.locked_s), Kind.KILLED)
            for number in range(self.kills)
        ]
        locks = [(free_s / 2, Kind.LOCKED)] if self.locked_s else []
        return sorted([*outages, *kills, *locks], key=lambda entry: entry[0])


def _around(at_s: float, from_s: float, for_s: float) -> float:
    return at_s if at_s < from_s else at_s + for_s


OUTAGES: Sequence[tuple[str, dict[str, Any]]] = (
    ("disconnect", {"kind": "*"}),
    ("disconnect", {"kind": "private", "how": "socket_eof"}),
    ("disconnect", {"kind": "public", "code": 1001}),
    ("fault", {"kind": "maintenance", "for_ms": 1_000}),
    ("disconnect", {"kind": "public"}),
    ("disconnect", {"kind": "private", "code": 1000}),
    ("disconnect", {"kind": "public", "how": "socket_eof"}),
    ("fault", {"kind": "maintenance", "for_ms": 200}),
    ("disconnect", {"kind": "*", "code": 1001}),
    ("disconnect", {"kind": "private"}),
)
"""Taken in turn. The long maintenance outlasts the first attempt to come back, and with the second
the newest 1,000 trades that the exchange lists."""


class Hands:
    """Does it."""

    def __init__(
        self, server: Server, recorder: Recorder, database: Path, troubles: Troubles
    ) -> None:
        self._server = server
        self._recorder = recorder
        self._database = database
        self._troubles = troubles
        self._outages = 0
        self._locking: threading.Thread | None = None
        self._locked = False
        self._acts: dict[Kind, Callable[[], None]] = {
            Kind.OUTAGE: self._cut,
            Kind.LOCKED: self._lock,
            Kind.KILLED: self._kill,
        }

    def do(self, kind: Kind) -> None:
        """Let it happen; a lock goes on by itself."""
        self._acts[kind]()

    def rest(self) -> None:
        """Wait until nothing is locked any more; RunFailed when what was to be locked was not."""
        if self._locking is not None:
            self._locking.join()
            if not self._locked:
                raise RunFailed("expected to lock the database, it could not be locked")

    def disturb_frames(self, for_s: float) -> None:
        """From now on some frames come twice, and some after others, as long as others follow."""
        for fault in (FRAMES_REPEATED, FRAMES_REORDERED):
            self.post("fault", {**fault, "for_ms": int(1_000 * for_s)})

    def post(self, what: str, body: dict[str, Any]) -> Any:
        """An admin request."""
        answer = requests.post(f"{self._server.http}/sim/{what}", json=body, timeout=PATIENCE_S)
        answer.raise_for_status()
        return answer.json()

    def newest_seq(self) -> int:
        """The number of the newest public trade, as REST lists it; 0 in an outage."""
        answer = requests.get(
            f"{self._server.http}/v5/market/recent-trade",
            params={"category": "linear", "symbol": SYMBOL, "limit": "1"},
            timeout=PATIENCE_S,
        )
        return int(answer.json()["result"]["list"][0]["seq"]) if answer.ok else 0

    def _cut(self) -> None:
        what, body = OUTAGES[self._outages % len(OUTAGES)]
        self._outages += 1
        self.post(what, body)

    def _lock(self) -> None:
        self._locking = threading.Thread(target=self._hold, name="database-lock", daemon=True)
        self._locking.start()

    def _hold(self) -> None:
        with closing(sqlite3.connect(self._database, timeout=PATIENCE_S)) as other:
            other.execute("BEGIN EXCLUSIVE")
            self._locked = True
            time.sleep(self._troubles.locked_s)
            other.rollback()

    def _kill(self) -> None:
        self._recorder.kill()
        time.sleep(1)
        self._recorder.start()

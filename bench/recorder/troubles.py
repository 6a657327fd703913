"""What goes wrong in a run, and when: a schedule, and the hands that do it.

It knows admin requests, signals and locks; it refuses to know what they do to the records.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import requests

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
        """When what begins, in seconds; spread over the span, the lock in the middle."""
        kinds = {Kind.OUTAGE: self.outages, Kind.KILLED: self.kills}
        kinds |= {Kind.LOCKED: int(self.locked_s > 0)}
        return sorted(
            (
                (span_s * (number + 0.5 + place / 50) / many, kind)
                for place, (kind, many) in enumerate(kinds.items())
                for number in range(many)
            ),
            key=lambda entry: entry[0],
        )


OUTAGES: Sequence[tuple[str, dict[str, Any]]] = (
    ("disconnect", {"kind": "*"}),
    ("disconnect", {"kind": "private", "how": "socket_eof"}),
    ("disconnect", {"kind": "public", "code": 1001}),
    ("fault", {"kind": "maintenance", "for_ms": 1_000}),
    ("disconnect", {"kind": "public"}),
    ("disconnect", {"kind": "private", "code": 1000}),
)
"""Taken in turn."""


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
        self._acts: dict[Kind, Callable[[], None]] = {
            Kind.OUTAGE: self._cut,
            Kind.LOCKED: self._lock,
            Kind.KILLED: self._kill,
        }

    def do(self, kind: Kind) -> None:
        """Let it happen; returns when the hands are free again."""
        self._acts[kind]()

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
        with closing(sqlite3.connect(self._database, timeout=PATIENCE_S)) as other:
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(self._troubles.locked_s)
            other.rollback()

    def _kill(self) -> None:
        self._recorder.kill()
        time.sleep(1)
        self._recorder.start()

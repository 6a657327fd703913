"""A private stream on which nothing happens: real pings and pongs, and no reconnect."""

import json
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bench.wire.server import simulator
from bench.wire.watching import Guarded
from bybit_adapter.ws_client.words import Timing

PING_US = 100_000
LIMITS = Timing(ping_us=PING_US, pong_wait_us=80_000, pong_age_us_max=1_000_000)
"""Short intervals; a busy machine may be late by several."""

STEP_S = 0.003
PATIENCE_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """How a quiet stream went. `lateness_us`: by how much each pong came after an interval."""

    wanted: int
    pongs: int
    connections: int
    outages: int
    frames: int
    lateness_us: tuple[int, ...]

    def good(self) -> bool:
        """Whether every ping was answered on one connection."""
        return self.pongs >= self.wanted and self.connections == 1 and self.outages == 0

    def text(self) -> str:
        """The findings in one line."""
        return (
            f"{self.pongs} pings answered, {self.connections} connection(s), {self.outages} "
            f"outage(s), {self.frames} frame(s); the latest pong came "
            f"{max(self.lateness_us, default=0)} us late\n"
        )


def measure(cycles: int, record: Path | None = None) -> Quiet:
    """Lets `cycles` real pings be answered.

    `record`: a file that gets every pong's lateness, for the replay of six hours on virtual time
    (packages/bybit_adapter/tests/ws_client/test_virtual_time.py).
    """
    with simulator("seed: 1\n") as server:
        guarded = Guarded(server, fails=False)
        client = guarded.start("wallet", LIMITS)
        moments: list[int] = []
        seen = 0
        limit = time.monotonic() + 2 * cycles * PING_US / 1e6 + PATIENCE_S
        while seen <= cycles and time.monotonic() < limit:
            state = client.state()
            if state.pongs > seen and state.pong_age_us is not None:
                seen = state.pongs
                moments.append(time.monotonic_ns() // 1000 - state.pong_age_us)
            time.sleep(STEP_S)
        generation = client.state().generation
        guarded.close()
    lateness = [later - earlier - PING_US for earlier, later in pairwise(moments)][:cycles]
    if record is not None:
        content = {"interval_us": PING_US, "lateness_us": lateness}
        record.write_text(json.dumps(content) + "\n", encoding="utf-8")
    return Quiet(
        wanted=cycles,
        pongs=seen,
        connections=generation,
        outages=len(guarded.outages),
        frames=len(guarded.heard_at),
        lateness_us=tuple(lateness),
    )

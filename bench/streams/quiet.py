"""A private stream on which nothing happens: real pings and pongs, and no reconnect."""

import json
import time
from itertools import pairwise
from pathlib import Path

from bench.streams.simulator import simulator
from bench.streams.watching import Guarded
from bybit_adapter.ws_client.words import Timing

PING_US = 100_000
LIMITS = Timing(ping_us=PING_US, pong_wait_us=80_000, pong_age_us_max=1_000_000)
"""Short intervals; a busy machine may be late by several."""


def show(cycles: int, record: Path | None) -> bool:
    """Runs `cycles` real pings; whether there was no reconnect.

    `record`: a file that gets by how many microseconds each pong was late, for the replay on
    virtual time (packages/bybit_adapter/tests/ws_client/test_virtual_time.py).
    """
    with simulator() as sim:
        guarded = Guarded(sim, fails=False)
        client = guarded.start("wallet", LIMITS)
        ages: list[int] = []
        seen = 0
        limit = time.monotonic() + cycles * PING_US / 1e6 * 2 + 30
        while seen <= cycles and time.monotonic() < limit:
            state = client.state()
            if state.pongs > seen and state.pong_age_us is not None:
                seen = state.pongs
                ages.append(time.monotonic_ns() // 1000 - state.pong_age_us)
            time.sleep(0.003)
        state = client.state()
        guarded.close()
    lateness = [later - earlier - PING_US for earlier, later in pairwise(ages)]
    print(
        f"{seen} pings answered, {state.generation} connection(s), {state.outages} outage(s), "
        f"{len(guarded.heard_at)} frame(s); the latest pong came {max(lateness, default=0)} us late"
    )
    if record is not None:
        content = {"interval_us": PING_US, "lateness_us": lateness[:cycles]}
        record.write_text(json.dumps(content) + "\n")
    return seen >= cycles and state.generation == 1 and not guarded.outages

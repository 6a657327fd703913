"""The server's own clock: when it is, and how long the simulator has run.

It refuses to know market time.
"""

import time


class WallClock:
    """The clock of rate limits, pings, idle cuts and fault windows."""

    def __init__(self) -> None:
        self._began_ns = time.monotonic_ns()

    def now_us(self) -> int:
        """Microseconds since the epoch."""
        return time.time_ns() // 1000

    def elapsed_ms(self) -> int:
        """Milliseconds since the simulator began; never goes back."""
        return (time.monotonic_ns() - self._began_ns) // 1_000_000

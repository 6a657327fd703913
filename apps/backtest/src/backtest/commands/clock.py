"""The one place that reads the wall clock; a run itself knows only recorded time."""

import time

from gridcore.clock import Instant


def wall_clock() -> Instant:
    """Now, which only judges the age of cached facts."""
    return Instant(time.time_ns() // 1000)

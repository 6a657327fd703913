"""Time as the kernel knows it: whole microseconds since the epoch, UTC. No clock is read here."""

from typing import NewType

Instant = NewType("Instant", int)
"""Microseconds since 1970-01-01T00:00:00Z."""

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

EARLIEST_PLAUSIBLE = Instant(1_262_304_000 * SECOND_US)
"""2010-01-01: an exchange time before it is a parsing fault (L77: times of 1970)."""


def utc_midnight(now: Instant) -> Instant:
    """Start of the UTC day that contains `now`."""
    return Instant(now - now % DAY_US)

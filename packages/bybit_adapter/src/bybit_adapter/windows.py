"""Stretches of time as the exchange takes them: whole milliseconds, both ends included.

It knows that a listing spans seven days at most (bybit.md A.4, A.5); it refuses to know listings.
"""

from gridcore.clock import DAY_US, Instant
from gridcore.message import message

MILLISECOND_US = 1000
SPAN_US_MAX = 7 * DAY_US
"""The longest stretch of one question about orders, executions or movements."""


@message
class Window:
    """Milliseconds from `start_ms` to `end_ms`, both included."""

    start_ms: int
    end_ms: int


def windows(start: Instant, end: Instant, span_us: int = SPAN_US_MAX) -> tuple[Window, ...]:
    """Slices that cover [start, end] once, newest first as the exchange lists.

    Whatever happened within a millisecond that the stretch touches is covered. ValueError when the
    stretch is empty or `span_us` is no whole millisecond.
    """
    if end < start:
        raise ValueError(f"expected a start that is not after the end, found {start} > {end}")
    if span_us < MILLISECOND_US or span_us % MILLISECOND_US:
        raise ValueError(f"expected a span of whole milliseconds, found {span_us} us")
    first, upper = start // MILLISECOND_US, end // MILLISECOND_US
    span = span_us // MILLISECOND_US
    slices = []
    while upper >= first:
        # Both ends count, so a slice of a whole span ends one millisecond short of it.
        lower = max(first, upper - span + 1)
        slices.append(Window(start_ms=lower, end_ms=upper))
        upper = lower - 1
    return tuple(slices)

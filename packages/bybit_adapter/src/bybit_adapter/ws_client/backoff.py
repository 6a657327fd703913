"""How long to wait before the next attempt. It refuses to wait, and to give up."""

from collections.abc import Callable


class Backoff:
    """Waits that double from `least_us` to `most_us`, each drawn from its upper half.

    `draw` gives numbers in [0, 1). The n-th wait after a success lies in
    [least * 2**n, least * 2**(n + 1)], cut to `most_us`; so it is never below `least_us`, and
    clients that lost the same server do not return together.
    """

    __slots__ = ("_attempts", "_draw", "_least_us", "_most_us")

    def __init__(self, least_us: int, most_us: int, draw: Callable[[], float]) -> None:
        if not 0 < least_us <= most_us:
            raise ValueError(
                f"expected 0 < least_us <= most_us, found {least_us} and {most_us}; correct Timing"
            )
        self._least_us = least_us
        self._most_us = most_us
        self._draw = draw
        self._attempts = 0

    def next_us(self) -> int:
        """Draws the wait before the next attempt, in microseconds."""
        ceiling = min(self._most_us, self._least_us << (self._attempts + 1))
        floor = max(self._least_us, ceiling // 2)
        if ceiling < self._most_us:
            self._attempts += 1
        return floor + int((ceiling - floor) * self._draw())

    def succeeded(self) -> None:
        """Starts over from the shortest wait."""
        self._attempts = 0

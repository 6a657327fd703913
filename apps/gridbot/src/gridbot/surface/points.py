"""A line of values over time for the eye: one point per interval, the oldest forgotten."""

from collections import deque
from decimal import Decimal

from appkit.decimals import plain_text
from gridcore.clock import SECOND_US, Instant
from gridcore.saved import Saved, SavedStateError


class PointLine:
    """Points at least `step_us` apart, at most `kept` of them; the last one moves until then."""

    __slots__ = ("_points", "_step_us")

    def __init__(self, step_us: int, kept: int) -> None:
        self._step_us = step_us
        self._points: deque[tuple[int, str]] = deque(maxlen=kept)

    def wants(self, at: Instant) -> bool:
        """Whether a value of this instant would be a new point."""
        points = self._points
        return not points or at // self._step_us > points[-1][0] // self._step_us

    def add(self, at: Instant, value: Decimal) -> None:
        """Take a value: a new point, or the newest one moved; one out of order is left out."""
        points = self._points
        if points and at < points[-1][0]:
            return
        if not self.wants(at):
            points.pop()
        points.append((at, plain_text(value)))

    def rows(self) -> list[list[object]]:
        """[seconds since the epoch, value], oldest first."""
        return [[at // SECOND_US, value] for at, value in self._points]

    def rows_before(self, finer: "PointLine") -> list[list[object]]:
        """The rows that are older than anything on a finer line."""
        first = finer.first_at()
        return [
            [at // SECOND_US, value] for at, value in self._points if first is None or at < first
        ]

    def first_at(self) -> int | None:
        """When the oldest point is of."""
        return self._points[0][0] if self._points else None

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {"at": [at for at, _ in self._points], "value": [value for _, value in self._points]}

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        times, values = saved.wholes("at"), [str(value) for value in saved.list_of("value")]
        if len(times) != len(values):
            raise SavedStateError(f"expected {len(times)} values, found {len(values)}")
        self._points.clear()
        self._points.extend(zip(times, values, strict=True))

"""How many orders were placed in the last 60 s. It counts placements; cancels never come here."""

from collections import deque

from gridcore.clock import MINUTE_US, Instant
from gridcore.saved import Saved

WINDOW_US = MINUTE_US


class PlacementRate:
    """At most `limit` placements in any 60 s, the oldest free to go after exactly 60 s."""

    __slots__ = ("_limit", "_placed")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._placed: deque[Instant] = deque()

    def full(self, now: Instant) -> bool:
        """Whether one more placement would be one too many."""
        beyond = len(self._placed) - self._limit
        return beyond >= 0 and now - self._placed[beyond] < WINDOW_US

    def note(self, now: Instant) -> None:
        """Count a placement, and forget those that no longer count."""
        placed = self._placed
        while placed and now - placed[0] >= WINDOW_US:
            placed.popleft()
        placed.append(now)

    def free_at(self) -> Instant | None:
        """When a full window has room again; None when it is not full.

        Of meaning right after `full` was asked: an instant in the past says that it has room.
        """
        beyond = len(self._placed) - self._limit
        return None if beyond < 0 else Instant(self._placed[beyond] + WINDOW_US)

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {"placed": list(self._placed)}

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._placed = deque(Instant(at) for at in saved.wholes("placed"))

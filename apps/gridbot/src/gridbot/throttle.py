"""What has been told is not told again for a while, but counted; it refuses to know what it is."""

from collections.abc import Hashable
from typing import Generic, TypeVar

from gridcore.clock import Instant

KEYS_MAX = 1_000

Key = TypeVar("Key", bound=Hashable)


class Throttle(Generic[Key]):
    """Admits each key once in a window of `window_us`, and counts what it holds back (L32)."""

    __slots__ = ("_ends", "_held", "_keys_max", "_overdue", "_window_us")

    def __init__(self, window_us: int, keys_max: int = KEYS_MAX) -> None:
        self._window_us = window_us
        self._keys_max = keys_max
        self._ends: dict[Key, Instant] = {}
        self._held: dict[Key, int] = {}
        self._overdue: list[tuple[Key, int]] = []

    def admit(self, key: Key, now: Instant) -> bool:
        """Whether the key may be told now; if not, it is counted."""
        self._close(now)
        if key in self._ends:
            self._held[key] = self._held.get(key, 0) + 1
            return False
        if len(self._ends) >= self._keys_max:
            self._end(next(iter(self._ends)))
        self._ends[key] = Instant(now + self._window_us)
        return True

    def ended(self, now: Instant) -> list[tuple[Key, int]]:
        """The keys whose window has ended since, and how often each was held back in it."""
        self._close(now)
        ended, self._overdue = self._overdue, []
        return ended

    def _close(self, now: Instant) -> None:
        """Windows are equally long, so that they end in the order in which they began."""
        while self._ends:
            key = next(iter(self._ends))
            if self._ends[key] > now:
                return
            self._end(key)

    def _end(self, key: Key) -> None:
        del self._ends[key]
        held = self._held.pop(key, 0)
        if held:
            self._overdue.append((key, held))
            # Nobody may ask for these: then the oldest are forgotten.
            del self._overdue[: -self._keys_max]

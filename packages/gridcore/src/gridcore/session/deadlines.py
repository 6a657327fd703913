"""Named deadlines: when the session wants to be woken although nothing happens."""

from gridcore.clock import Instant
from gridcore.saved import Saved


class Deadlines:
    """At most one instant per name; the earliest one is the session's next deadline."""

    __slots__ = ("_at", "_next")

    def __init__(self) -> None:
        self._at: dict[str, Instant] = {}
        self._next: Instant | None = None

    def set(self, name: str, at: Instant | None) -> None:
        """Set or, with None, drop a deadline."""
        if at is None:
            if self._at.pop(name, None) is None:
                return
        else:
            self._at[name] = at
        self._next = min(self._at.values()) if self._at else None

    def next(self) -> Instant | None:
        """The earliest deadline."""
        return self._next

    def due(self, now: Instant) -> list[str]:
        """Names of deadlines at or before `now`, earliest first; they are dropped."""
        if self._next is None or self._next > now:
            return []
        names = sorted(
            (name for name, at in self._at.items() if at <= now),
            key=lambda name: (self._at[name], name),
        )
        for name in names:
            del self._at[name]
        self._next = min(self._at.values()) if self._at else None
        return names

    def snapshot(self) -> dict[str, int]:
        """All memory, serialisable."""
        return dict(sorted(self._at.items()))

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._at = {name: Instant(saved.whole(name)) for name in saved.names()}
        self._next = min(self._at.values()) if self._at else None

"""Ids seen lately: the entrance check that makes executions count once (LS-34, L33)."""

from collections import deque
from collections.abc import Iterable


class RecentIds:
    """A bounded first-in-first-out set without expiry by time."""

    __slots__ = ("_known", "_order")

    def __init__(self, limit: int) -> None:
        self._order: deque[str] = deque(maxlen=limit)
        self._known: set[str] = set()

    def add(self, identity: str) -> bool:
        """Remember an id; False when it is known already."""
        if identity in self._known:
            return False
        order = self._order
        if len(order) == order.maxlen:
            self._known.discard(order[0])
        order.append(identity)
        self._known.add(identity)
        return True

    def __len__(self) -> int:
        return len(self._order)

    def snapshot(self) -> list[str]:
        """All ids, oldest first."""
        return list(self._order)

    def restore(self, ids: Iterable[str]) -> None:
        """The inverse of snapshot."""
        self._order.clear()
        self._order.extend(ids)
        self._known = set(self._order)

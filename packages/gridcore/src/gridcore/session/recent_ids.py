"""Ids seen lately: the entrance check that makes executions count once (LS-34, L33)."""

from collections.abc import Iterable


class RecentIds:
    """A bounded first-in-first-out set without expiry by time."""

    __slots__ = ("_ids", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ids: dict[str, None] = {}

    def add(self, identity: str) -> bool:
        """Remember an id; False when it is known already."""
        ids = self._ids
        if identity in ids:
            return False
        ids[identity] = None
        if len(ids) > self._limit:
            del ids[next(iter(ids))]
        return True

    def __len__(self) -> int:
        return len(self._ids)

    def snapshot(self) -> list[str]:
        """All ids, oldest first."""
        return list(self._ids)

    def restore(self, ids: Iterable[str]) -> None:
        """The inverse of snapshot."""
        self._ids = dict.fromkeys(ids)

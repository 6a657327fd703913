"""Subscribe first, then ask, then merge: a snapshot never overrides what the stream has told since.

It knows keys and times; it refuses to know rows.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from gridcore.clock import Instant

Row = TypeVar("Row")


class Merge(Generic[Row]):
    """What a stream has told of each key since it was subscribed.

    Streamed rows are `saw`n as they come; `admit` then lets those rows of a snapshot through that
    tell something newer, or something of a key of which the stream has told nothing. So an order
    that changed while the snapshot was on its way keeps its newest state, and a state that the
    stream has told already is not stored twice. Rows of a snapshot are `saw`n once they are stored.
    """

    __slots__ = ("_at", "_key", "_told")

    def __init__(self, key: Callable[[Row], Hashable], at: Callable[[Row], Instant]) -> None:
        self._key = key
        self._at = at
        self._told: dict[Hashable, Instant] = {}

    def saw(self, row: Row) -> None:
        """The stream has told a row, or one of a snapshot was stored."""
        key, at = self._key(row), self._at(row)
        self._told[key] = max(at, self._told.get(key, at))

    def admit(self, snapshot: Iterable[Row]) -> list[Row]:
        """The rows of a snapshot that are newer than what was told, in their order.

        They may be asked for again: nobody knows yet whether they are stored.
        """
        admitted = []
        for row in snapshot:
            told = self._told.get(self._key(row))
            if told is None or self._at(row) > told:
                admitted.append(row)
        return admitted

    def forget(self, before: Instant) -> None:
        """Drop what was told before an instant: memory has a limit, and no snapshot is that old."""
        self._told = {key: at for key, at in self._told.items() if at >= before}

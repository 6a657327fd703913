"""What an account has to tell its private streams, and everything that it ever told.

It keeps rows in order; it refuses to know who listens.
"""

from collections.abc import Sequence

from bybit_sim.exchange.words import PrivateTopic, Push, Row
from gridcore.clock import Instant


class Outbox:
    """Pushes of one account."""

    __slots__ = ("_told", "_uid", "_waiting")

    def __init__(self, uid: int) -> None:
        self._uid = uid
        self._waiting: list[Push] = []
        self._told: dict[PrivateTopic, list[Row]] = {topic: [] for topic in PrivateTopic}

    def add(self, topic: PrivateTopic, rows: Sequence[Row], at: Instant) -> None:
        """Tell rows in one frame."""
        self._waiting.append(Push(uid=self._uid, topic=topic, rows=tuple(rows), at=at))
        self._told[topic].extend(rows)

    def take(self) -> tuple[Push, ...]:
        """What is waiting, oldest first; it waits no longer."""
        waiting = tuple(self._waiting)
        self._waiting.clear()
        return waiting

    def told(self, topic: PrivateTopic) -> list[Row]:
        """Every row ever told on a topic, oldest first."""
        return list(self._told[topic])

"""When what is written, and what follows from the answer: size, age, back-off, bisection.

It knows no database, thread or clock; time is an argument.
"""

from collections import deque
from collections.abc import Sequence
from enum import Enum
from typing import Generic, TypeVar

from gridcore.clock import SECOND_US, Instant
from gridcore.message import message

Item = TypeVar("Item")


@message
class BatchLimits:
    """A batch leaves with `items_max` items, or when its oldest has waited `age_us_max`.

    While the database is away it is asked again after `retry_us_min`, twice as long each time, at
    most `retry_us_max`. `age_us_max` 0: whenever anything waits (lockstep, ARCHITECTURE.md 5).
    """

    items_max: int = 500
    age_us_max: int = SECOND_US
    retry_us_min: int = SECOND_US // 2
    retry_us_max: int = 30 * SECOND_US


@message
class Written:
    """The database has committed the items; `inserted` of them were new to it."""

    inserted: int


@message
class Away:
    """The database did not answer, is locked, full or down: nothing was committed, ask again."""

    text: str


@message
class Refused:
    """The database answers and will not take the items: nothing was committed, at least one of
    them is at fault."""

    text: str


Outcome = Written | Away | Refused


class Fate(Enum):
    """What became of an item."""

    WRITTEN = "written"
    BURIED = "buried"
    LOST = "lost"


@message
class Settled(Generic[Item]):
    """Items that are done with. `inserted`: how many were new; `text`: why others were refused."""

    items: Sequence[Item]
    fate: Fate
    inserted: int
    text: str


@message
class Write(Generic[Item]):
    """Commit these items in one transaction."""

    items: Sequence[Item]


@message
class Bury(Generic[Item]):
    """Commit this item as a dead letter: the database refuses it for itself."""

    item: Item
    text: str


Attempt = Write[Item] | Bury[Item]


class Batches(Generic[Item]):
    """One batch at a time, in order: written whole, or in halves until the poison is alone.

    `accept` a batch, carry out each `next_attempt`, tell the `outcome`; then the next batch.
    """

    __slots__ = ("_attempts", "_limits", "_not_before", "failures")

    def __init__(self, limits: BatchLimits) -> None:
        self.failures = 0
        """Attempts in a row that found the database away."""
        self._limits = limits
        self._attempts: deque[Attempt[Item]] = deque()
        self._not_before = Instant(0)

    @property
    def busy(self) -> bool:
        """Whether a batch is not settled yet."""
        return bool(self._attempts)

    def wanted(self, waiting: int, since: Instant | None, now: Instant, *, flush: bool) -> int:
        """How many items to accept now.

        `since`: when the oldest that waits came; `flush`: whatever its age.
        """
        if self.busy or not waiting or since is None:
            return 0
        items_max = self._limits.items_max
        if flush or waiting >= items_max or now - since >= self._limits.age_us_max:
            return min(waiting, items_max)
        return 0

    def accept(self, items: Sequence[Item]) -> None:
        """Take over a batch."""
        assert not self.busy, "expected the batch before to be settled"
        if items:
            self._attempts.append(Write(items=items))

    def next_attempt(self, now: Instant) -> Attempt[Item] | None:
        """What to do now; None when nothing is to be done, or not yet."""
        if not self._attempts or now < self._not_before:
            return None
        return self._attempts[0]

    def next_deadline(self, since: Instant | None) -> Instant | None:
        """When something is due although nothing happens."""
        if self.busy:
            return self._not_before
        return None if since is None else Instant(since + self._limits.age_us_max)

    def hurry(self) -> None:
        """Ask the database again at once, whatever the back-off says."""
        self._not_before = Instant(0)

    def outcome(self, outcome: Outcome, now: Instant) -> Settled[Item] | None:
        """Take the answer to the attempt in hand; what is settled by it."""
        if isinstance(outcome, Away):
            delay_us = self._limits.retry_us_min << min(self.failures, 30)
            self._not_before = Instant(now + min(delay_us, self._limits.retry_us_max))
            self.failures += 1
            return None
        self.failures = 0
        self._not_before = Instant(0)
        attempt = self._attempts.popleft()
        if isinstance(attempt, Bury):
            fate = Fate.BURIED if isinstance(outcome, Written) else Fate.LOST
            return Settled(items=(attempt.item,), fate=fate, inserted=0, text=attempt.text)
        if isinstance(outcome, Written):
            return Settled(
                items=attempt.items, fate=Fate.WRITTEN, inserted=outcome.inserted, text=""
            )
        items, middle = attempt.items, len(attempt.items) // 2
        if middle == 0:
            self._attempts.appendleft(Bury(item=items[0], text=outcome.text))
        else:
            self._attempts.appendleft(Write(items=items[middle:]))
            self._attempts.appendleft(Write(items=items[:middle]))
        return None

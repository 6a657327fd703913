"""What waits for the database, oldest first: in memory with a bound, or owed by a journal.

It knows order and bounds; it refuses to know the database, threads and time.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from event_saver.journal import Journal

Item = TypeVar("Item")


class Queue(Protocol[Item]):
    """Items on their way: put at the end, taken from the front, settled in the order of taking."""

    def __len__(self) -> int:
        """How many are not settled, those that were taken included."""
        ...

    @property
    def waiting(self) -> int:
        """How many can still be taken."""
        ...

    @property
    def unsynced(self) -> bool:
        """Whether `sync` has anything to do."""
        ...

    def put(self, items: Sequence[Item]) -> Sequence[Item]:
        """Add items behind the others; those that had to make room are given back, oldest first."""
        ...

    def take(self, limit: int) -> list[Item]:
        """At most `limit` items from the front; they stay owed until they are settled."""
        ...

    def settle(self, count: int) -> None:
        """The `count` items that were taken first are done with."""
        ...

    def sync(self) -> None:
        """Make durable what a durable queue holds."""
        ...


class DroppingQueue(Generic[Item]):
    """A queue in memory for what can be told as a gap: beyond the bound the oldest make room.

    What was taken counts towards the bound and is never dropped.
    """

    def __init__(self, items_max: int) -> None:
        if items_max < 1:
            raise ValueError(f"expected room for at least one item, found {items_max}")
        self._items_max = items_max
        self._items: deque[Item] = deque()
        self._taken = 0

    def __len__(self) -> int:
        return self._taken + len(self._items)

    @property
    def waiting(self) -> int:
        return len(self._items)

    @property
    def unsynced(self) -> bool:
        return False

    def put(self, items: Sequence[Item]) -> Sequence[Item]:
        self._items.extend(items)
        surplus = min(len(self) - self._items_max, len(self._items))
        return [self._items.popleft() for _ in range(surplus)]

    def take(self, limit: int) -> list[Item]:
        taken = [self._items.popleft() for _ in range(min(limit, len(self._items)))]
        self._taken += len(taken)
        return taken

    def settle(self, count: int) -> None:
        assert count <= self._taken, f"{count} settled of {self._taken} taken"
        self._taken -= count

    def sync(self) -> None:
        return


class JournalQueue(Generic[Item]):
    """A queue that never drops: every item is in the journal until it is settled.

    At most `items_max` are kept in memory as well; the rest is read back when its turn comes. What
    a former process left comes first. `decode` is the inverse of `encode`; an entry for which it
    raises ValueError goes to `on_unreadable` and counts as settled.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        encode: Callable[[Item], bytes],
        decode: Callable[[bytes], Item],
        items_max: int,
        on_unreadable: Callable[[bytes, str], None],
    ) -> None:
        if items_max < 1:
            raise ValueError(f"expected room for at least one item, found {items_max}")
        self._journal = journal
        self._encode = encode
        self._decode = decode
        self._items_max = items_max
        self._on_unreadable = on_unreadable
        self._items: deque[Item] = deque()
        self._owed: deque[int] = deque()
        """Journal entries that each taken item settles: itself, and unreadable ones before it."""
        self._unread = len(journal)
        self._next = journal.first
        self._skipped = 0

    def __len__(self) -> int:
        return len(self._journal)

    @property
    def waiting(self) -> int:
        return len(self._items) + self._unread

    @property
    def unsynced(self) -> bool:
        return self._journal.unsynced

    def put(self, items: Sequence[Item]) -> Sequence[Item]:
        """Add items behind the others; none is ever given back.

        JournalFailed when the disk does not take them: none of them was kept.
        """
        place = self._journal.append([self._encode(item) for item in items])
        if self._unread == 0 and len(self._items) + len(items) <= self._items_max:
            self._items.extend(items)
            return ()
        if self._unread == 0:
            self._next = place
        self._unread += len(items)
        return ()

    def take(self, limit: int) -> list[Item]:
        taken: list[Item] = []
        while len(taken) < limit and self.waiting:
            if self._items:
                taken.append(self._items.popleft())
                self._owed.append(1)
            else:
                taken.extend(self._read(limit - len(taken)))
        if not taken:
            self._settle_skipped()
        return taken

    def settle(self, count: int) -> None:
        self._journal.settle(sum(self._owed.popleft() for _ in range(count)))
        self._settle_skipped()

    def sync(self) -> None:
        self._journal.sync()

    def _read(self, limit: int) -> list[Item]:
        entries, self._next = self._journal.read(self._next, min(limit, self._unread))
        assert entries, f"{self._unread} entries are owed that the journal does not hold"
        self._unread -= len(entries)
        found: list[Item] = []
        for entry in entries:
            try:
                found.append(self._decode(entry))
            except ValueError as error:
                self._on_unreadable(entry, str(error))
                self._skipped += 1
                continue
            self._owed.append(1 + self._skipped)
            self._skipped = 0
        return found

    def _settle_skipped(self) -> None:
        """Unreadable entries behind which nothing is taken are done with too."""
        if not self._owed and self._skipped:
            self._journal.settle(self._skipped)
            self._skipped = 0

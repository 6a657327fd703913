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
    a former process left comes first. `decode` is the inverse of `encode` and never raises: for an
    entry that it cannot read it gives an item that says so.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        encode: Callable[[Item], bytes],
        decode: Callable[[bytes], Item],
        items_max: int,
    ) -> None:
        if items_max < 1:
            raise ValueError(f"expected room for at least one item, found {items_max}")
        self._journal = journal
        self._encode = encode
        self._decode = decode
        self._items_max = items_max
        self._items: deque[Item] = deque()
        self._unread = len(journal)
        self._next = journal.first

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
        if not self._unread and len(self._items) + len(items) <= self._items_max:
            self._items.extend(items)
            return ()
        if not self._unread:
            self._next = place
        self._unread += len(items)
        return ()

    def take(self, limit: int) -> list[Item]:
        taken = [self._items.popleft() for _ in range(min(limit, len(self._items)))]
        wanted = min(limit - len(taken), self._unread)
        if wanted:
            entries, self._next = self._journal.read(self._next, wanted)
            assert len(entries) == wanted, f"{wanted} entries owed, {len(entries)} in the journal"
            self._unread -= wanted
            taken.extend(self._decode(entry) for entry in entries)
        return taken

    def settle(self, count: int) -> None:
        self._journal.settle(count)

    def sync(self) -> None:
        self._journal.sync()

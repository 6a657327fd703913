"""One account's inbox: everything that happens to it, from all threads, in the order of arrival.

It wakes the loop; it refuses to know what an item means.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")

ITEMS_MAX = 50_000
"""Frames that may wait: minutes of a busy market while a disk does not answer."""


class InboxFull(Exception):
    """The loop does not keep up. The stream client takes it as the loss of its connection, and
    what was not told is asked for after the reconnect."""


class Inbox(Generic[Item]):
    """Any thread puts, one loop takes. Made on the loop's thread, while the loop runs."""

    def __init__(self, items_max: int = ITEMS_MAX) -> None:
        self._loop = asyncio.get_running_loop()
        self._items: deque[Item] = deque()
        self._items_max = items_max
        self._lock = threading.Lock()
        self._wake: asyncio.Event = asyncio.Event()
        self._woken = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Item) -> None:
        """Takes an item that must not be lost: answers, news of streams, commands."""
        with self._lock:
            self._items.append(item)
            wake, self._woken = not self._woken, True
        if wake:
            self._call(self._wake.set)

    def offer(self, item: Item) -> None:
        """Takes an item of a stream; InboxFull when too many wait."""
        if len(self._items) >= self._items_max:
            raise InboxFull(f"{self._items_max} items wait to be handled")
        self.put(item)

    async def take(self, wait_s: float | None) -> Sequence[Item]:
        """Everything that waits, as soon as there is something; empty after `wait_s` without."""
        if not self._items:
            try:
                await asyncio.wait_for(self._wake.wait(), wait_s)
            except TimeoutError:
                return ()
        return self.drain()

    def drain(self) -> Sequence[Item]:
        """Everything that waits."""
        with self._lock:
            found, self._items = self._items, deque()
            self._woken = False
            self._wake.clear()
        return found

    def _call(self, work: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(work)

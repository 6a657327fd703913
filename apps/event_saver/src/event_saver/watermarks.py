"""How far everything that was received is committed, stream by stream: the settling surface.

It knows exchange times and counts; it refuses to know rows and databases.
"""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from gridcore.clock import Instant
from gridcore.message import message


@message
class Settling:
    """What `GET /settle` tells (ARCHITECTURE.md 5): exchange time in us, and items under way."""

    handled_through_us: int
    in_flight: int


@dataclass(slots=True)
class _Arrival:
    """Items that came together: how many are still on their way, and their exchange times."""

    left: int
    oldest: Instant
    newest: Instant


class Watermark:
    """How far one stream is committed. Safe between threads."""

    __slots__ = ("_arrivals", "_handled", "_in_flight", "_lock", "_newest")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrivals: deque[_Arrival] = deque()
        self._in_flight = 0
        self._handled = Instant(0)
        self._newest = Instant(0)

    @property
    def newest(self) -> Instant:
        """The newest exchange time that came; 0 before the first."""
        return self._newest

    @property
    def in_flight(self) -> int:
        """How many items came and are not committed."""
        return self._in_flight

    def arrived(self, times: Iterable[Instant]) -> None:
        """Items with these exchange times came, in this order."""
        found = tuple(times)
        if not found:
            return
        oldest, newest = min(found), max(found)
        with self._lock:
            self._arrivals.append(_Arrival(len(found), oldest, newest))
            self._in_flight += len(found)
            self._newest = max(self._newest, newest)

    def seen(self, at: Instant) -> None:
        """A message of this exchange time came that leaves nothing to commit."""
        with self._lock:
            self._newest = max(self._newest, at)
            self._handled = max(self._handled, at)

    def left(self, count: int, *, behind: int = 0) -> None:
        """`count` items are done with: the oldest, or those that follow the `behind` oldest."""
        with self._lock:
            assert count + behind <= self._in_flight, "more items left than came"
            self._in_flight -= count
            for arrival in self._arrivals:
                skipped = min(behind, arrival.left)
                behind -= skipped
                part = min(count, arrival.left - skipped)
                arrival.left -= part
                count -= part
                if not count:
                    break
            while self._arrivals and not self._arrivals[0].left:
                self._handled = max(self._handled, self._arrivals.popleft().newest)

    def oldest_in_flight(self) -> Instant | None:
        """The oldest exchange time that is not committed."""
        with self._lock:
            return min((one.oldest for one in self._arrivals if one.left), default=None)

    def written_through(self, at: Instant) -> bool:
        """Whether nothing that came and is of that time or before still waits."""
        oldest = self.oldest_in_flight()
        return oldest is None or oldest > at

    def handled(self) -> Instant:
        """The newest exchange time that was committed, or left nothing to commit."""
        with self._lock:
            return self._handled


def settling(watermarks: Iterable[Watermark]) -> Settling:
    """What all streams together have handled: up to, and not including, the oldest under way."""
    streams = tuple(watermarks)
    # In this order an item that is committed meanwhile can only make the answer more careful.
    in_flight = sum(stream.in_flight for stream in streams)
    oldest = [at for stream in streams if (at := stream.oldest_in_flight()) is not None]
    through = max((stream.handled() for stream in streams), default=Instant(0))
    if oldest:
        through = min(through, Instant(min(oldest) - 1))
    return Settling(handled_through_us=through, in_flight=in_flight)

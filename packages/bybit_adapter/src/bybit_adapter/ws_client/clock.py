"""The time of a process that talks to an exchange: the exchange's, and it never decreases.

Knows this machine's clocks and how far the exchange's is ahead. It refuses to ask the exchange.
"""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Protocol, TypeVar

from gridcore.clock import SECOND_US, Instant
from gridcore.message import message

_Item = TypeVar("_Item")

SAMPLES = 3


@message
class Moment:
    """One moment on two clocks.

    `steady_us` runs evenly, whatever is learnt about the exchange's clock: limits go by it.
    `exchange` is what the consumer is told; with a simulator it may run at any speed.
    """

    steady_us: int
    exchange: Instant


class Clock(Protocol):
    """What the stream client needs of time; tests put virtual time in its place."""

    def moment(self) -> Moment:
        """Now; neither of its clocks ever goes back."""
        ...

    def ahead_us(self) -> int:
        """How far the exchange's clock is ahead of this machine's, which pybit signs with."""
        ...

    def take(self, inbox: "SimpleQueue[_Item]", until_us: int) -> _Item | None:
        """The next item of `inbox`; None once it is `until_us` steadily and none has come."""
        ...


@message
class Offset:
    """The exchange's clock is `ahead_us` ahead of ours, give or take half the round trip."""

    ahead_us: int
    round_trip_us: int


def measured_offset(
    ask: Callable[[], Instant | None], read: Callable[[], int], samples: int = SAMPLES
) -> Offset | None:
    """Asks the exchange's time `samples` times and keeps the answer with the shortest round trip.

    `ask` answers None when it failed; None is returned when every sample failed. The exchange is
    taken to read its clock in the middle of the round trip.
    """
    best: Offset | None = None
    for _ in range(samples):
        before = read()
        theirs = ask()
        after = read()
        if theirs is None:
            continue
        offset = Offset(ahead_us=theirs - (before + after) // 2, round_trip_us=after - before)
        if best is None or offset.round_trip_us < best.round_trip_us:
            best = offset
    return best


def sharper(known: Offset | None, found: Offset) -> Offset:
    """The measurement to follow: the narrower one, unless the two contradict each other.

    Each says that the truth is within half its round trip. A slow link therefore never moves a
    clock that was measured well, and one that has moved is followed.
    """
    if known is None or found.round_trip_us <= known.round_trip_us:
        return found
    apart_us = abs(found.ahead_us - known.ahead_us)
    return found if 2 * apart_us > found.round_trip_us + known.round_trip_us else known


class SystemClock:
    """This machine's wall clock at the start, carried on by its monotonic clock, plus the offset.

    A step of the wall clock (NTP, suspend) therefore changes nothing; an offset that falls holds
    `now` still until the time is reached again. So synchronise before the first use, where the
    exchange may be far behind (a simulator that plays an old tape).
    """

    __slots__ = ("_anchor_us", "_latest_us", "_lock", "_offset")

    def __init__(self) -> None:
        self._anchor_us = time.time_ns() // 1000 - time.monotonic_ns() // 1000
        self._offset: Offset | None = None
        self._latest_us = 0
        self._lock = threading.Lock()

    def own_us(self) -> int:
        """The time without the offset; it runs evenly."""
        return self._anchor_us + time.monotonic_ns() // 1000

    def moment(self) -> Moment:
        """Now; neither of its clocks ever goes back."""
        return Moment(steady_us=self.own_us(), exchange=self.now())

    def now(self) -> Instant:
        """The exchange's time as far as it is known; never decreases."""
        with self._lock:
            self._latest_us = max(self._latest_us, self.own_us() + self._known_ahead_us())
            return Instant(self._latest_us)

    def ahead_us(self) -> int:
        """How far the exchange's clock is ahead of this machine's, which pybit signs with.

        By the offset, not by `now`: a signature needs the true time even while `now` holds still.
        """
        return self.own_us() + self._known_ahead_us() - time.time_ns() // 1000

    def synchronise(self, ask: Callable[[], Instant | None]) -> Offset | None:
        """Measures the offset; the one that is followed from now on (`sharper`).

        None: nothing measured, nothing changed. `ask` fetches the exchange's time (market/time) and
        answers None when it could not.
        """
        found = measured_offset(ask, self.own_us)
        if found is None:
            return None
        with self._lock:
            self._offset = sharper(self._offset, found)
            return self._offset

    def take(self, inbox: "SimpleQueue[_Item]", until_us: int) -> _Item | None:
        """The next item of `inbox`; None once it is `until_us` steadily and none has come."""
        try:
            return inbox.get(timeout=max(0.0, (until_us - self.own_us()) / SECOND_US))
        except Empty:
            return None

    def _known_ahead_us(self) -> int:
        known = self._offset
        return 0 if known is None else known.ahead_us

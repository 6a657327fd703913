"""The one time of the daemon: the exchange's, never decreasing; or market time in lockstep.

It knows this machine's clocks and what the exchange said of its own; it refuses to ask anybody.
"""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Protocol, TypeVar

from bybit_adapter.ws_client.clock import Moment, Offset, measured_offset, sharper
from gridcore.clock import SECOND_US, Instant

_Item = TypeVar("_Item")

Read = Callable[[], int]
"""A clock of this machine in microseconds."""


def steady_us() -> int:
    """Microseconds that run evenly, through a suspension of the machine too where it says so."""
    return time.clock_gettime_ns(_STEADY) // 1000


def wall_us() -> int:
    """This machine's wall clock."""
    return time.time_ns() // 1000


_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SessionClock(Protocol):
    """What an account's loop needs of time."""

    def now(self) -> Instant:
        """The time that the session is told; it never decreases."""
        ...

    def heard(self, at: Instant) -> None:
        """Something that bears this exchange time is about to be handled."""
        ...

    def timers_until(self, at: Instant) -> Instant:
        """Up to when timers are due before something of the exchange time `at` is handled."""
        ...

    def wait_s(self, deadline: Instant | None) -> float | None:
        """Seconds until a deadline by this machine's clock; None: no waiting brings it nearer."""
        ...

    def steady_s(self) -> float:
        """Seconds that run evenly: how long this process was away."""
        ...


class Clock:
    """The exchange's time: the wall clock at the start, carried on evenly, plus what was measured.

    `speed`: how many seconds of the exchange pass in one of ours, above 1 with a simulator only.
    It is also the clock of the stream clients. An offset that falls holds `now` still until its
    time is reached again. Safe between threads.
    """

    __slots__ = ("_latest_us", "_lock", "_offset", "_origin_us", "_speed", "_start_us", "_steady")

    def __init__(self, speed: int = 1, *, steady: Read = steady_us, wall: Read = wall_us) -> None:
        if speed < 1:
            raise ValueError(f"expected a speed of at least 1, found {speed}")
        self._speed = speed
        self._steady = steady
        self._start_us = steady()
        self._origin_us = wall()
        self._offset: Offset | None = None
        self._latest_us = 0
        self._lock = threading.Lock()

    # -- for the loop ----------------------------------------------------------------------

    def now(self) -> Instant:
        """The exchange's time as far as it is known; never decreases."""
        with self._lock:
            self._latest_us = max(self._latest_us, self._own_us() + self._ahead_us())
            return Instant(self._latest_us)

    def heard(self, at: Instant) -> None:
        """Nothing: a message that was long on its way does not move the clock."""

    def timers_until(self, at: Instant) -> Instant:
        """Now: by the time that a message is handled, every timer that is due goes before it."""
        del at
        return self.now()

    def wait_s(self, deadline: Instant | None) -> float | None:
        """Seconds until the deadline by this machine's clock; None without one."""
        if deadline is None:
            return None
        return max(0, deadline - self.now()) / self._speed / SECOND_US

    def steady_s(self) -> float:
        """Seconds that run evenly, whatever is learnt about the exchange's clock."""
        return self._steady() / SECOND_US

    # -- for the stream clients ------------------------------------------------------------

    def moment(self) -> Moment:
        """Now; neither of its clocks ever goes back."""
        return Moment(steady_us=self._steady(), exchange=self.now())

    def ahead_us(self) -> int:
        """How far the exchange's clock is ahead of this machine's, which signatures are made with.

        A simulator that runs faster than time takes signatures by the wall clock.
        """
        if self._speed != 1:
            return 0
        return self._own_us() + self._ahead_us() - wall_us()

    def take(self, inbox: "SimpleQueue[_Item]", until_us: int) -> _Item | None:
        """The next item of `inbox`; None once it is `until_us` steadily and none has come."""
        try:
            return inbox.get(timeout=max(0.0, (until_us - self._steady()) / SECOND_US))
        except Empty:
            return None

    # -- measuring -------------------------------------------------------------------------

    def synchronise(self, ask: Callable[[], Instant | None]) -> Offset | None:
        """Measure the exchange's clock; None: it did not answer, and nothing changed.

        `ask` fetches its time, and answers None when it could not.
        """
        found = measured_offset(ask, self._own_us)
        if found is None:
            return None
        with self._lock:
            # At another speed than ours two measurements are of two clocks: the newer one counts.
            self._offset = sharper(self._offset, found) if self._speed == 1 else found
            return self._offset

    @property
    def synchronised(self) -> bool:
        """Whether the exchange's clock was ever measured."""
        return self._offset is not None

    def _own_us(self) -> int:
        return self._origin_us + (self._steady() - self._start_us) * self._speed

    def _ahead_us(self) -> int:
        return 0 if self._offset is None else self._offset.ahead_us


class MarketClock:
    """Market time of one account in lockstep: the newest exchange time that it was told.

    Nothing passes by itself: timers fire when a message of their time or later has come, each at
    its own deadline. Its stamp is read by the request threads.
    """

    __slots__ = ("_now", "_steady")

    def __init__(self, start: Instant, *, steady: Read = steady_us) -> None:
        self._now = start
        self._steady = steady

    def now(self) -> Instant:
        """The newest exchange time heard."""
        return self._now

    def heard(self, at: Instant) -> None:
        """The market, or a timer, has come to `at`."""
        if at > self._now:
            self._now = at

    def timers_until(self, at: Instant) -> Instant:
        """The time of the message: what is due by then goes before it."""
        return max(at, self._now)

    def wait_s(self, deadline: Instant | None) -> float | None:
        """None: only a message moves the market's time."""
        del deadline
        return None

    def steady_s(self) -> float:
        """Seconds that run evenly."""
        return self._steady() / SECOND_US

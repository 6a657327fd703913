"""The clock of the stream clients: the exchange's time as measured, or as its newest message says.

A simulator's market may run at any speed, and no clock of this machine follows it; outages are
dated by what was heard last. It refuses to know streams and rows.
"""

from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

from bybit_adapter.ws_client.clock import Moment, SystemClock
from gridcore.clock import Instant

_Item = TypeVar("_Item")


class MarketClock:
    """A system clock whose exchange time is never behind `newest`, which must not decrease.

    Limits still go by the steady clock, and signatures by the measured offset. Safe between
    threads when `newest` is.
    """

    __slots__ = ("_clock", "_newest")

    def __init__(self, clock: SystemClock, newest: Callable[[], Instant]) -> None:
        self._clock = clock
        self._newest = newest

    def now(self) -> Instant:
        """The exchange's time as far as it is known; never decreases."""
        return max(self._clock.now(), self._newest())

    def moment(self) -> Moment:
        """Now; neither of its clocks ever goes back."""
        return Moment(steady_us=self._clock.own_us(), exchange=self.now())

    def ahead_us(self) -> int:
        """How far the exchange's clock is ahead of this machine's, which pybit signs with."""
        return self._clock.ahead_us()

    def take(self, inbox: "SimpleQueue[_Item]", until_us: int) -> _Item | None:
        """The next item of `inbox`; None once it is `until_us` steadily and none has come."""
        return self._clock.take(inbox, until_us)

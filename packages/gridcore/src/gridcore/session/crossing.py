"""The market beyond a live order: after a while without an execution the exchange is asked.

It knows prices of live orders; it refuses to know why an execution does not come.
"""

from bisect import bisect_left, insort

from gridcore.clock import SECOND_US, Instant
from gridcore.instrument import Price
from gridcore.policy import PriceBand
from gridcore.saved import Saved
from gridcore.session.orders import TrackedOrder
from gridcore.sides import BUY

PATIENCE_US = 2 * SECOND_US


class Crossing:
    """The live orders' prices by side, and since when the market is beyond one of them."""

    __slots__ = ("_asked", "_buys", "_sells", "since")

    def __init__(self) -> None:
        self._buys: list[Price] = []
        self._sells: list[Price] = []
        self._asked = False
        self.since: Instant | None = None

    def add(self, order: TrackedOrder) -> None:
        """An order may rest from now on."""
        insort(self._buys if order.side is BUY else self._sells, order.price)

    def remove(self, order: TrackedOrder) -> None:
        """An order is terminal."""
        prices = self._buys if order.side is BUY else self._sells
        del prices[bisect_left(prices, order.price)]

    def clear(self) -> None:
        """No order is live."""
        self._buys.clear()
        self._sells.clear()

    def observe(self, last: Price, now: Instant) -> bool:
        """Take a last price; whether the market went beyond a live order, or came back."""
        buys, sells = self._buys, self._sells
        beyond = (bool(buys) and last < buys[-1]) or (bool(sells) and last > sells[0])
        if beyond is (self.since is not None):
            return False
        self.since = now if beyond else None
        self._asked = False
        return True

    def next_deadline(self) -> Instant | None:
        """When the exchange is asked; once per crossing."""
        if self.since is None or self._asked:
            return None
        return Instant(self.since + PATIENCE_US)

    def due(self, now: Instant) -> bool:
        """Whether the exchange is to be asked now."""
        if self.since is None or self._asked or now < self.since + PATIENCE_US:
            return False
        self._asked = True
        return True

    def band(self) -> PriceBand | None:
        """The open interval of last prices within which no crossing begins; None during one."""
        if self.since is not None:
            return None
        low = int(self._buys[-1]) - 1 if self._buys else None
        high = int(self._sells[0]) + 1 if self._sells else None
        return low, high

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable; the prices are the orders'."""
        return {"since": self.since, "asked": self._asked}

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self.since = saved.instant_or_none("since")
        self._asked = saved.flag("asked")

"""A client that trades as a grid bot does: limit orders near the market, both legs, some cancelled.

It knows how to place and cancel; it refuses to know what becomes of its orders.
"""

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count

from bench.recorder.market import KEY, SECRET, SYMBOL
from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest.order_words import Accepted, OrderIds, Placement
from bybit_adapter.rest_client import RestClient, wait_until
from gridcore.session.effects import TimeInForce
from gridcore.sides import BUY, LONG, SELL, SHORT

ROUND_S = 0.05
RESTING_MAX = 8
QTY = "0.050"
TURNS = ((LONG, BUY), (SHORT, SELL), (LONG, SELL), (SHORT, BUY))


class Trader(threading.Thread):
    """Trades until `stop`; `placed` counts orders. What is refused or unanswered is let be."""

    def __init__(self, url: str) -> None:
        super().__init__(name="trader", daemon=True)
        self.placed = 0
        self._stopping = threading.Event()
        self._resting: deque[OrderIds] = deque()
        self._client = RestClient(
            endpoint(url),
            Credentials(key=KEY, secret=SECRET),
            limiter=RateLimiter(),
            wait=wait_until,
        )

    def run(self) -> None:
        """One order, and one cancelled when too many rest, in every round."""
        for number in count():
            if self._stopping.wait(ROUND_S):
                break
            self._place(number)
            if len(self._resting) > RESTING_MAX:
                self._client.orders.cancel(self._resting.popleft())
        self._client.close()

    def stop(self) -> None:
        """End after the round."""
        self._stopping.set()
        self.join()

    def _place(self, number: int) -> None:
        direction, side = TURNS[number % len(TURNS)]
        ticker = self._client.market.ticker(SYMBOL)
        if not isinstance(ticker, Mapping):
            return
        order = Placement(
            symbol=SYMBOL,
            direction=direction,
            side=side,
            price=str(ticker["bid1Price" if side is BUY else "ask1Price"]),
            qty=QTY,
            wire_id=f"bench-{number}",
            reduce_only=(direction is LONG) is (side is SELL),
            time_in_force=TimeInForce.POST_ONLY,
        )
        placed = self._client.orders.place(order)
        if isinstance(placed, Accepted):
            self.placed += 1
            self._resting.append(
                OrderIds(symbol=SYMBOL, order_id=placed.order_id, wire_id=order.wire_id)
            )


@contextmanager
def trading(url: str) -> Iterator[Trader]:
    """A trader for as long as the block lasts."""
    trader = Trader(url)
    trader.start()
    try:
        yield trader
    finally:
        trader.stop()

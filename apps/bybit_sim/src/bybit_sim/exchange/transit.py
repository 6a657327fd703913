"""Requests that are acknowledged and not yet done: they act when the account's latency is over.

It knows due times; it refuses to know what a request does.
"""

from collections import deque
from dataclasses import dataclass

from bybit_sim.exchange.intake import Placement
from bybit_sim.exchange.words import OrderRecord
from gridcore.clock import Instant
from gridcore.instrument import Steps, Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """A placement, a change or (both None) a cancel of an order, on its way."""

    order: OrderRecord
    placement: Placement | None = None
    change: tuple[Ticks | None, Steps | None] | None = None


class Transit:
    """Requests in the order sent, all delayed by the same time."""

    __slots__ = ("_latency_us", "_queue")

    def __init__(self, latency_us: int) -> None:
        self._latency_us = latency_us
        self._queue: deque[tuple[Instant, Arriving]] = deque()

    def send(self, request: Arriving, now: Instant) -> None:
        """Put a request on its way."""
        self._queue.append((Instant(now + self._latency_us), request))

    def next_due(self) -> Instant | None:
        """When the next request arrives; None when none is on its way."""
        return self._queue[0][0] if self._queue else None

    def arrive(self, now: Instant) -> Arriving | None:
        """Take out the next request that is due by `now`."""
        if self._queue and self._queue[0][0] <= now:
            return self._queue.popleft()[1]
        return None

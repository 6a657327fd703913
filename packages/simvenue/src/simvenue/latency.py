"""Requests on their way to the exchange (18.2): they act when their latency is over.

It knows due times; it refuses to know what a request does.
"""

from heapq import heappop, heappush

from gridcore.clock import Instant
from gridcore.session.effects import CancelOrder, PlaceOrder


class Transit:
    """Requests by due time, at equal times in the order sent."""

    __slots__ = ("_heap", "_sent")

    def __init__(self) -> None:
        self._heap: list[tuple[Instant, int, PlaceOrder | CancelOrder]] = []
        self._sent = 0

    def send(self, request: PlaceOrder | CancelOrder, due: Instant) -> None:
        """Put a request on its way."""
        self._sent += 1
        heappush(self._heap, (due, self._sent, request))

    def next_due(self) -> Instant | None:
        """When the next request arrives; None when none is on its way."""
        return self._heap[0][0] if self._heap else None

    def arrive(self) -> PlaceOrder | CancelOrder:
        """Take out the request that arrives next."""
        return heappop(self._heap)[2]

    def on_the_way(self) -> list[tuple[Instant, PlaceOrder | CancelOrder]]:
        """Every request with its due time, the next one first."""
        return [(due, request) for due, _, request in sorted(self._heap, key=lambda row: row[:2])]

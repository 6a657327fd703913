"""Requests arrive when their latency is over, equal ones in the order sent (18.2)."""

from collections.abc import Callable

from gridcore.clock import Instant
from gridcore.session.effects import CancelOrder, PlaceOrder
from simvenue.latency import Transit


def test_requests_arrive_by_due_time_and_then_in_the_order_sent(
    place: Callable[..., PlaceOrder], cancel: Callable[..., CancelOrder]
) -> None:
    transit = Transit()
    late, first, second = place("late", 1), place("first", 1), cancel("second")
    transit.send(late, Instant(20))
    transit.send(first, Instant(10))
    transit.send(second, Instant(10))

    listed = transit.on_the_way()
    arrived = []
    while transit.next_due() is not None:
        arrived.append(transit.arrive())

    assert arrived == [first, second, late]
    assert listed == [(10, first), (10, second), (20, late)]

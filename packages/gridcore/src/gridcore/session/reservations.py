"""What the orders of one strategy hold: coverage of closes, value of opens, per direction.

Everything that is not terminal holds, orders being cancelled and uncertain ones included.
"""

from bisect import bisect_left, insort

from gridcore.session.orders import TrackedOrder
from gridcore.sides import LONG
from gridcore.working import LONG_INDEX


class Reservations:
    """Running sums, kept order by order. Index 0 long, 1 short."""

    __slots__ = ("closes", "covered", "held_for", "open_value", "version")

    def __init__(self) -> None:
        self.covered = [0, 0]
        """Steps of closes that are not terminal."""
        self.open_value = [0, 0]
        """Sum of ticks * steps left of opens that are not terminal."""
        self.closes: tuple[list[int], list[int]] = ([], [])
        """Prices of closes that are not terminal, ascending."""
        self.held_for: list[int | None] = [None, None]
        """Level for which freed coverage is kept."""
        self.version = 0
        """Counts changes of open_value."""

    def clear(self) -> None:
        """Hold nothing."""
        self.covered = [0, 0]
        self.open_value = [0, 0]
        self.closes = ([], [])
        self.held_for = [None, None]
        self.version += 1

    def add(self, order: TrackedOrder) -> None:
        """An order was approved."""
        index = 0 if order.direction is LONG else 1
        if order.opens:
            self.version += 1
            self.open_value[index] += int(order.price) * order.leaves
        else:
            self.covered[index] += order.leaves
            insort(self.closes[index], int(order.price))

    def reduce(self, order: TrackedOrder, leaves: int) -> None:
        """An order has `leaves` left from now on."""
        index = 0 if order.direction is LONG else 1
        by = order.leaves - leaves
        order.leaves = leaves
        if order.opens:
            self.version += 1
            self.open_value[index] -= int(order.price) * by
        else:
            self.covered[index] -= by

    def remove(self, order: TrackedOrder) -> None:
        """An order is terminal."""
        if order.leaves:
            self.reduce(order, 0)
        if not order.opens:
            prices = self.closes[0 if order.direction is LONG else 1]
            del prices[bisect_left(prices, int(order.price))]

    def farthest_close(self, index: int, beyond: int) -> int | None:
        """Price of the close farthest from the market, if it lies beyond a price."""
        prices = self.closes[index]
        if not prices:
            return None
        if index == LONG_INDEX:
            return prices[-1] if prices[-1] > beyond else None
        return prices[0] if prices[0] < beyond else None

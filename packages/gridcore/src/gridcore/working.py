"""The working orders of one strategy as the engine sees them: by direction and level price.

It knows which levels lack an order and which orders stand where no level is. It is kept up to date
order by order, so that an event costs the levels that change, not the levels that exist.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gridcore.instrument import Price
from gridcore.intents import CancelCause
from gridcore.sides import LONG, DirectionType, SideType

LONG_INDEX = 0
SHORT_INDEX = 1


def direction_index(direction: DirectionType) -> int:
    """0 for long, 1 for short: hot paths index by it instead of hashing an enum."""
    return LONG_INDEX if direction is LONG else SHORT_INDEX


@dataclass(slots=True, kw_only=True, eq=False)
class OpenOrder:
    """One order that rests, or may rest, on the exchange. `filled` is the executed quantity."""

    order_id: str
    direction: DirectionType
    side: SideType
    price: Price
    filled: int = 0
    cancelling: bool = False


class WorkingBook:
    """Orders by level, levels without an order, and orders to give up."""

    __slots__ = ("at", "level_set", "missing", "surplus")

    def __init__(self, levels: Sequence[int]) -> None:
        self.level_set: set[int] = set(levels)
        self.at: tuple[dict[Price, OpenOrder], dict[Price, OpenOrder]] = ({}, {})
        self.missing: tuple[list[int], list[int]] = (list(levels), list(levels))
        self.surplus: list[tuple[OpenOrder, CancelCause]] = []
        """Orders off the grid, and all but one of the orders at one level."""

    def add(self, order: OpenOrder) -> None:
        """Take an order into the view."""
        side_book = self.at[0 if order.direction is LONG else 1]
        price = order.price
        if price in side_book:
            self._add_rival(side_book, order)
            return
        side_book[price] = order
        if price in self.level_set:
            missing = self.missing[0 if order.direction is LONG else 1]
            index = bisect_left(missing, price)
            if index < len(missing) and missing[index] == price:
                del missing[index]
        else:
            self.surplus.append((order, CancelCause.OUTSIDE_GRID))

    def _add_rival(self, side_book: dict[Price, OpenOrder], order: OpenOrder) -> None:
        """Two orders at one price: keep the one with executions, else the first (E-6.1)."""
        kept = side_book[order.price]
        if order.filled > 0 and kept.filled <= 0:
            side_book[order.price] = order
            kept, order = order, kept
            self.surplus = [row for row in self.surplus if row[0] is not order]
            if kept.price not in self.level_set:
                self.surplus.append((kept, CancelCause.OUTSIDE_GRID))
            self.surplus.insert(0, (order, CancelCause.DUPLICATE))  # it came before its rivals
        else:
            self.surplus.append((order, CancelCause.DUPLICATE))

    def remove(self, order: OpenOrder) -> None:
        """Forget an order that is terminal; its level lacks an order from now on."""
        index = 0 if order.direction is LONG else 1
        side_book = self.at[index]
        price = order.price
        if self.surplus:
            self.surplus = [row for row in self.surplus if row[0] is not order]
        if side_book.get(price) is not order:
            return
        del side_book[price]
        rivals = [
            rival
            for rival, _ in self.surplus
            if rival.price == price and rival.direction is order.direction
        ]
        if rivals:
            heir = next((rival for rival in rivals if rival.filled > 0), rivals[0])
            self.surplus = [row for row in self.surplus if row[0] is not heir]
            self.add(heir)
            return
        if isinstance(price, int) and price in self.level_set:
            insort(self.missing[index], price)

    def drop_level(self, price: int) -> None:
        """A level leaves the grid; its orders are off the grid from now on."""
        self.level_set.discard(price)
        for index in (LONG_INDEX, SHORT_INDEX):
            order = self.at[index].get(price)
            if order is not None:
                self.surplus.append((order, CancelCause.OUTSIDE_GRID))
            else:
                self.missing[index].remove(price)

    def add_level(self, price: int) -> None:
        """A level enters the grid; an order that already stands there belongs to it."""
        self.level_set.add(price)
        for index in (LONG_INDEX, SHORT_INDEX):
            order = self.at[index].get(price)
            if order is None:
                insort(self.missing[index], price)
            else:
                self.surplus = [
                    row
                    for row in self.surplus
                    if row[0] is not order or row[1] is not CancelCause.OUTSIDE_GRID
                ]

    def replace_levels(self, levels: Sequence[int]) -> None:
        """A rebuild: the same orders against other levels."""
        orders = list(self.orders())
        fresh = WorkingBook(levels)
        for order in orders:
            fresh.add(order)
        self.level_set = fresh.level_set
        self.at = fresh.at
        self.missing = fresh.missing
        self.surplus = fresh.surplus

    def orders(self) -> Iterable[OpenOrder]:
        """Every order in the view, long before short, then by price."""
        duplicates = [order for order, cause in self.surplus if cause is CancelCause.DUPLICATE]
        for index in (LONG_INDEX, SHORT_INDEX):
            for price in sorted(self.at[index]):
                yield self.at[index][price]
        yield from duplicates

    @classmethod
    def of(cls, levels: Sequence[int], orders: Iterable[OpenOrder]) -> "WorkingBook":
        """The view of a given list of orders."""
        book = cls(levels)
        for order in orders:
            book.add(order)
        return book

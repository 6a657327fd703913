"""Every order of an account, by id and by link id: in transit, open, ended.

It keeps records; it refuses to know why they change.
"""

from bybit_sim.exchange.words import OPEN_STATES, OrderRecord
from gridcore.clock import DAY_US, Instant

UNFILLED_KEPT_US = DAY_US
"""Cancelled and rejected orders without a fill are listed for a day (bybit.md A.4)."""


class Orders:
    """Orders from their acknowledgement on, for ever; link ids are never used twice."""

    __slots__ = ("_by_id", "_by_link", "_ended", "_in_transit", "_open")

    def __init__(self) -> None:
        self._by_id: dict[str, OrderRecord] = {}
        self._by_link: dict[str, OrderRecord] = {}
        self._in_transit: set[str] = set()
        self._open: dict[str, OrderRecord] = {}
        self._ended: list[OrderRecord] = []

    def acknowledge(self, order: OrderRecord) -> None:
        """An order is on its way: its ids are taken, no listing shows it yet."""
        self._by_id[order.order_id] = order
        if order.order_link_id:
            self._by_link[order.order_link_id] = order
        self._in_transit.add(order.order_id)

    def arrive(self, order: OrderRecord) -> None:
        """An acknowledged order has reached the book."""
        self._in_transit.discard(order.order_id)
        self._open[order.order_id] = order

    def end(self, order: OrderRecord) -> None:
        """An order reached a terminal state."""
        assert order.state not in OPEN_STATES, "an order ends in a terminal state"
        if self._open.pop(order.order_id, None) is not None:
            self._ended.append(order)

    def has_link(self, order_link_id: str) -> bool:
        """Whether a link id was ever used."""
        return order_link_id in self._by_link

    def known(self, order_id: str, order_link_id: str) -> OrderRecord | None:
        """The order of an id (it wins) or a link id, even in transit."""
        if order_id:
            return self._by_id.get(order_id)
        return self._by_link.get(order_link_id) if order_link_id else None

    def find(self, order_id: str, order_link_id: str) -> OrderRecord | None:
        """The same, but nothing that has not arrived."""
        order = self.known(order_id, order_link_id)
        return None if order is None or order.order_id in self._in_transit else order

    def in_transit(self, symbol: str | None) -> bool:
        """Whether an order of the symbol (None: any) is still on its way."""
        return any(symbol in (None, self._by_id[each].symbol) for each in self._in_transit)

    def open(self, symbol: str | None) -> list[OrderRecord]:
        """Open orders, newest first."""
        rows = reversed(self._open.values())
        return [order for order in rows if symbol in (None, order.symbol)]

    def ended(self, symbol: str | None, now: Instant) -> list[OrderRecord]:
        """Ended orders, newest first; those without a fill only for a day after their end."""
        oldest = now - UNFILLED_KEPT_US
        return [
            order
            for order in reversed(self._ended)
            if symbol in (None, order.symbol) and (order.cum_qty or order.updated_at >= oldest)
        ]

    def all(self) -> list[OrderRecord]:
        """Every order ever acknowledged, oldest first."""
        return list(self._by_id.values())

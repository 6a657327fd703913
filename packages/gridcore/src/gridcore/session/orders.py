"""The life of an order as a table, and the tracker that holds every order until it is terminal.

Quantities decide: an order leaves the book when nothing is left of it or its state is terminal,
never on its first partial fill (L20).
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from gridcore.clock import Instant
from gridcore.saved import Saved
from gridcore.sides import DirectionType, SideType
from gridcore.working import OpenOrder

RECENT_LIMIT = 4096
"""Terminal orders remembered, so that late messages about them are recognised."""


class OrderState(IntEnum):
    """Where an order is in its life. An IntEnum: the table is indexed by it on the hot path."""

    PENDING = 0
    OPEN = 1
    PARTIAL = 2
    CANCEL_PENDING = 3
    UNCERTAIN = 4
    FILLED = 5
    CANCELLED = 6
    REJECTED = 7


class OrderEvent(IntEnum):
    """What can happen to an order."""

    ACCEPTED = 0
    REFUSED = 1
    OUTCOME_UNKNOWN = 2
    RESTING = 3
    PARTLY_FILLED = 4
    FILLED = 5
    CANCEL_SENT = 6
    CANCEL_REFUSED = 7
    CANCELLED = 8


_S, _E = OrderState, OrderEvent
TERMINAL = frozenset({_S.FILLED, _S.CANCELLED, _S.REJECTED})

TRANSITIONS: dict[OrderState, dict[OrderEvent, OrderState]] = {
    _S.PENDING: {
        _E.ACCEPTED: _S.OPEN,
        _E.REFUSED: _S.REJECTED,
        _E.OUTCOME_UNKNOWN: _S.UNCERTAIN,
        _E.RESTING: _S.OPEN,  # the push overtook the reply
        _E.PARTLY_FILLED: _S.PARTIAL,
        _E.FILLED: _S.FILLED,
        _E.CANCELLED: _S.CANCELLED,
    },
    _S.OPEN: {
        _E.ACCEPTED: _S.OPEN,  # the reply came late
        _E.RESTING: _S.OPEN,
        _E.PARTLY_FILLED: _S.PARTIAL,
        _E.FILLED: _S.FILLED,
        _E.CANCEL_SENT: _S.CANCEL_PENDING,
        _E.CANCELLED: _S.CANCELLED,
    },
    _S.PARTIAL: {
        _E.ACCEPTED: _S.PARTIAL,  # the reply came late
        _E.RESTING: _S.PARTIAL,  # messages out of order
        _E.PARTLY_FILLED: _S.PARTIAL,
        _E.FILLED: _S.FILLED,
        _E.CANCEL_SENT: _S.CANCEL_PENDING,
        _E.CANCELLED: _S.CANCELLED,
    },
    _S.CANCEL_PENDING: {
        _E.ACCEPTED: _S.CANCEL_PENDING,
        _E.RESTING: _S.CANCEL_PENDING,  # pushed before the cancel acted
        _E.PARTLY_FILLED: _S.CANCEL_PENDING,
        _E.FILLED: _S.FILLED,  # the fill won the race
        _E.CANCEL_REFUSED: _S.OPEN,
        _E.CANCELLED: _S.CANCELLED,
    },
    _S.UNCERTAIN: {
        _E.ACCEPTED: _S.OPEN,
        _E.REFUSED: _S.REJECTED,
        _E.RESTING: _S.OPEN,
        _E.PARTLY_FILLED: _S.PARTIAL,
        _E.FILLED: _S.FILLED,
        _E.CANCELLED: _S.CANCELLED,
    },
    _S.FILLED: {
        _E.ACCEPTED: _S.FILLED,  # the reply came last
        _E.PARTLY_FILLED: _S.FILLED,  # messages out of order
        _E.FILLED: _S.FILLED,  # execution and order update
        _E.RESTING: _S.FILLED,
        _E.CANCEL_REFUSED: _S.FILLED,
        _E.CANCELLED: _S.FILLED,  # cancelled after its last fill
    },
    _S.CANCELLED: {
        _E.ACCEPTED: _S.CANCELLED,
        _E.RESTING: _S.CANCELLED,
        _E.PARTLY_FILLED: _S.CANCELLED,  # filled in part before
        _E.FILLED: _S.FILLED,  # cancelled then filled: it happens
        _E.CANCEL_REFUSED: _S.CANCELLED,
        _E.CANCELLED: _S.CANCELLED,
    },
    _S.REJECTED: {_E.REFUSED: _S.REJECTED, _E.CANCELLED: _S.REJECTED},
}

_MISSING = -1
_TABLE: list[list[int]] = [
    [int(TRANSITIONS[state].get(event, _MISSING)) for event in OrderEvent] for state in OrderState
]
_STATES = tuple(OrderState)
_TERMINAL = tuple(state in TERMINAL for state in OrderState)


class ImpossibleTransition(Exception):
    """An order got an event that its state has no row for: our fault, not the exchange's."""


def advance(state: OrderState, event: OrderEvent) -> OrderState:
    """The next state; ImpossibleTransition when the table has no such row."""
    following = _TABLE[state][event]
    if following < 0:
        raise ImpossibleTransition(f"no row for {event.name} in state {state.name}")
    return _STATES[following]


@dataclass(slots=True, kw_only=True, eq=False)
class TrackedOrder(OpenOrder):
    """One order of ours from the moment it is approved until it is terminal."""

    symbol: str
    strat_id: str
    client_order_id: str
    wire_id: str
    qty: int
    leaves: int
    state: OrderState
    opens: bool
    level: int
    sent_at: Instant

    @property
    def terminal(self) -> bool:
        """Whether nothing more can come of it."""
        return _TERMINAL[self.state]

    def snapshot(self) -> dict[str, object]:
        """All fields, serialisable."""
        return {
            "order_id": self.order_id,
            "direction": self.direction.value,
            "side": self.side.value,
            "price": int(self.price),
            "filled": self.filled,
            "cancelling": self.cancelling,
            "symbol": self.symbol,
            "strat_id": self.strat_id,
            "client_order_id": self.client_order_id,
            "wire_id": self.wire_id,
            "qty": self.qty,
            "leaves": self.leaves,
            "state": self.state.name,
            "opens": self.opens,
            "level": self.level,
            "sent_at": self.sent_at,
        }

    @classmethod
    def restored(cls, saved: Saved) -> "TrackedOrder":
        """The inverse of snapshot."""
        return cls(
            order_id=saved.text("order_id"),
            direction=DirectionType(saved.text("direction")),
            side=SideType(saved.text("side")),
            price=saved.whole("price"),
            filled=saved.whole("filled"),
            cancelling=saved.flag("cancelling"),
            symbol=saved.text("symbol"),
            strat_id=saved.text("strat_id"),
            client_order_id=saved.text("client_order_id"),
            wire_id=saved.text("wire_id"),
            qty=saved.whole("qty"),
            leaves=saved.whole("leaves"),
            state=OrderState[saved.text("state")],
            opens=saved.flag("opens"),
            level=saved.whole("level"),
            sent_at=Instant(saved.whole("sent_at")),
        )


class OrderTracker:
    """Every order of the account that is not terminal, and the recent ones that are."""

    __slots__ = ("_by_order_id", "_by_wire_id", "_recent")

    def __init__(self) -> None:
        self._by_wire_id: dict[str, TrackedOrder] = {}
        self._by_order_id: dict[str, TrackedOrder] = {}
        self._recent: OrderedDict[str, TrackedOrder] = OrderedDict()

    def add(self, order: TrackedOrder) -> None:
        """Track an order that is about to be sent."""
        assert order.wire_id not in self._by_wire_id, f"wire id used twice: {order.wire_id}"
        self._by_wire_id[order.wire_id] = order
        if order.order_id:
            self._by_order_id[order.order_id] = order

    def identify(self, order: TrackedOrder, order_id: str) -> None:
        """Note the exchange's id of an order."""
        order.order_id = order_id
        self._by_order_id[order_id] = order

    def find(self, order_id: str, wire_id: str) -> TrackedOrder | None:
        """The order with this id, live or recent; None for an order that is not ours."""
        order = self._by_order_id.get(order_id)
        if order is None:
            order = self._by_wire_id.get(wire_id)
            if order is None:
                order = self._recent.get(wire_id)
        return order

    def settle(self, order: TrackedOrder) -> None:
        """Move a terminal order to the recent ones; the oldest of those are forgotten."""
        self._by_wire_id.pop(order.wire_id, None)
        self._by_order_id.pop(order.order_id, None)
        recent = self._recent
        recent[order.wire_id] = order
        if len(recent) > RECENT_LIMIT:
            recent.popitem(last=False)

    def live(self) -> Iterator[TrackedOrder]:
        """Orders that are not terminal, in the order in which they were approved."""
        return iter(self._by_wire_id.values())

    def __len__(self) -> int:
        return len(self._by_wire_id)

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "live": [order.snapshot() for order in self._by_wire_id.values()],
            "recent": [order.snapshot() for order in self._recent.values()],
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._by_wire_id.clear()
        self._by_order_id.clear()
        self._recent.clear()
        for part in saved.parts("live"):
            self.add(TrackedOrder.restored(part))
        for part in saved.parts("recent"):
            order = TrackedOrder.restored(part)
            self._recent[order.wire_id] = order

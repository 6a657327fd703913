"""The life of an order as a table, and the tracker that holds every order until it is terminal.

Quantities decide: an order leaves the book when nothing is left of it or its state is terminal,
never on its first partial fill (L20).
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from gridcore.clock import Instant
from gridcore.intents import minted_number
from gridcore.saved import Saved, price_to_text
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
    NOT_FOUND = 9


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
        _E.OUTCOME_UNKNOWN: _S.OPEN,  # the push knew better
        _E.RESTING: _S.OPEN,
        _E.PARTLY_FILLED: _S.PARTIAL,
        _E.FILLED: _S.FILLED,
        _E.CANCEL_SENT: _S.CANCEL_PENDING,
        _E.CANCELLED: _S.CANCELLED,
    },
    _S.PARTIAL: {
        _E.ACCEPTED: _S.PARTIAL,  # the reply came late
        _E.OUTCOME_UNKNOWN: _S.PARTIAL,  # the push knew better
        _E.RESTING: _S.PARTIAL,  # messages out of order
        _E.PARTLY_FILLED: _S.PARTIAL,
        _E.FILLED: _S.FILLED,
        _E.CANCEL_SENT: _S.CANCEL_PENDING,
        _E.CANCELLED: _S.CANCELLED,
    },
    _S.CANCEL_PENDING: {
        _E.ACCEPTED: _S.CANCEL_PENDING,
        _E.OUTCOME_UNKNOWN: _S.CANCEL_PENDING,  # of the place, after a push
        _E.RESTING: _S.CANCEL_PENDING,  # pushed before the cancel acted
        _E.PARTLY_FILLED: _S.CANCEL_PENDING,
        _E.FILLED: _S.FILLED,  # the fill won the race
        _E.CANCEL_REFUSED: _S.OPEN,
        _E.CANCELLED: _S.CANCELLED,
    },
    _S.UNCERTAIN: {
        _E.ACCEPTED: _S.OPEN,  # the reply came after all
        _E.REFUSED: _S.REJECTED,
        _E.RESTING: _S.OPEN,
        _E.PARTLY_FILLED: _S.PARTIAL,
        _E.FILLED: _S.FILLED,
        _E.CANCELLED: _S.CANCELLED,
        _E.NOT_FOUND: _S.REJECTED,  # listing and history say so
    },
    _S.FILLED: {
        _E.ACCEPTED: _S.FILLED,  # the reply came last
        _E.OUTCOME_UNKNOWN: _S.FILLED,
        _E.PARTLY_FILLED: _S.FILLED,  # messages out of order
        _E.FILLED: _S.FILLED,  # execution and order update
        _E.RESTING: _S.FILLED,
        _E.CANCEL_REFUSED: _S.FILLED,
        _E.CANCELLED: _S.FILLED,  # cancelled after its last fill
    },
    _S.CANCELLED: {
        _E.ACCEPTED: _S.CANCELLED,
        _E.OUTCOME_UNKNOWN: _S.CANCELLED,
        _E.RESTING: _S.CANCELLED,
        _E.PARTLY_FILLED: _S.CANCELLED,  # filled in part before
        _E.FILLED: _S.FILLED,  # cancelled then filled: it happens
        _E.CANCEL_REFUSED: _S.CANCELLED,
        _E.CANCELLED: _S.CANCELLED,
    },
    _S.REJECTED: {
        _E.REFUSED: _S.REJECTED,  # the reply came twice
    },
}

_MISSING = -1
_TABLE: list[list[int]] = [
    [int(TRANSITIONS[state].get(event, _MISSING)) for event in OrderEvent] for state in OrderState
]
_STATES = tuple(OrderState)
_TERMINAL = tuple(state in TERMINAL for state in OrderState)


class ImpossibleTransition(Exception):
    """An order got an event that its state has no row for: our fault, not the exchange's."""


def following(state: OrderState, event: OrderEvent) -> OrderState:
    """The next state; ImpossibleTransition when the table has no such row."""
    number = _TABLE[state][event]
    if number < 0:
        raise ImpossibleTransition(f"no row for {event.name} in state {state.name}")
    return _STATES[number]


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
    adopted: bool = False
    """Whether it was found on the exchange: not sent by this memory."""
    executed: int = 0
    """Steps of the executions that reached us; less than `filled` while some are missing."""
    told: int = 0
    """Steps of which the engine knows that they were filled."""
    ended_at: Instant | None = None
    """When we learned that nothing more can come of it."""
    known_at: Instant | None = None
    """When the exchange was first known to hold it, by our clock."""
    rested_from: Instant | None = None
    """The same by the exchange's clock."""
    due: Instant | None = None
    """When it wants attention: an outcome to look up, a cancel to ask for again."""
    cancel_attempts: int = 0
    cancel_sent_at: Instant | None = None
    cancel_failed: bool = False
    """Whether the cancel was refused, or nobody knows its outcome."""
    unlisted: int = 0
    """Complete listings in a row that should show it and do not."""
    unlisted_at: Instant | None = None
    unrecorded: int = 0
    """Complete histories in a row that should show its end and do not."""
    unrecorded_at: Instant | None = None
    resends: int = 0

    @property
    def terminal(self) -> bool:
        """Whether nothing more can come of it."""
        return _TERMINAL[self.state]

    @property
    def number(self) -> int | None:
        """What was minted for it: ascending in the order of sending; None for an adopted one."""
        return None if self.adopted else minted_number(self.wire_id)

    def snapshot(self) -> dict[str, object]:
        """All fields, serialisable."""
        return {
            "order_id": self.order_id,
            "direction": self.direction.value,
            "side": self.side.value,
            "price": price_to_text(self.price),
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
            "adopted": self.adopted,
            "executed": self.executed,
            "told": self.told,
            "ended_at": self.ended_at,
            "known_at": self.known_at,
            "rested_from": self.rested_from,
            "due": self.due,
            "cancel_attempts": self.cancel_attempts,
            "cancel_sent_at": self.cancel_sent_at,
            "cancel_failed": self.cancel_failed,
            "unlisted": self.unlisted,
            "unlisted_at": self.unlisted_at,
            "unrecorded": self.unrecorded,
            "unrecorded_at": self.unrecorded_at,
            "resends": self.resends,
        }

    @classmethod
    def restored(cls, saved: Saved) -> "TrackedOrder":
        """The inverse of snapshot."""
        price = saved.price_or_none("price")
        assert price is not None, "an order has a price"
        return cls(
            order_id=saved.text("order_id"),
            direction=DirectionType(saved.text("direction")),
            side=SideType(saved.text("side")),
            price=price,
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
            adopted=saved.flag("adopted"),
            executed=saved.whole("executed"),
            told=saved.whole("told"),
            ended_at=saved.instant_or_none("ended_at"),
            known_at=saved.instant_or_none("known_at"),
            rested_from=saved.instant_or_none("rested_from"),
            due=saved.instant_or_none("due"),
            cancel_attempts=saved.whole("cancel_attempts"),
            cancel_sent_at=saved.instant_or_none("cancel_sent_at"),
            cancel_failed=saved.flag("cancel_failed"),
            unlisted=saved.whole("unlisted"),
            unlisted_at=saved.instant_or_none("unlisted_at"),
            unrecorded=saved.whole("unrecorded"),
            unrecorded_at=saved.instant_or_none("unrecorded_at"),
            resends=saved.whole("resends"),
        )


class OrderTracker:
    """Every order of the account that is not terminal, and the recent ones that are."""

    __slots__ = ("_by_order_id", "_by_wire_id", "_recent", "_recent_by_id", "taken")

    def __init__(self) -> None:
        self._by_wire_id: dict[str, TrackedOrder] = {}
        self._by_order_id: dict[str, TrackedOrder] = {}
        self._recent: OrderedDict[str, TrackedOrder] = OrderedDict()
        self._recent_by_id: dict[str, TrackedOrder] = {}
        self.taken = [[0 for _ in OrderEvent] for _ in OrderState]
        """How often each row of the table was taken, for whoever wants to know; no memory."""

    def add(self, order: TrackedOrder) -> None:
        """Track an order that is about to be sent, or was found on the exchange.

        An order that is sent once more keeps its wire id: its refused record is forgotten.
        """
        assert order.wire_id not in self._by_wire_id, f"wire id used twice: {order.wire_id}"
        self._by_wire_id[order.wire_id] = order
        if order.order_id:
            self._by_order_id[order.order_id] = order
        if order.wire_id in self._recent:
            self._forget(self._recent.pop(order.wire_id))

    def advance(self, order: TrackedOrder, event: OrderEvent) -> OrderState:
        """Take one row of the table; the new state."""
        before = order.state
        after = order.state = following(before, event)
        self.taken[before][event] += 1
        return after

    def identify(self, order: TrackedOrder, order_id: str) -> None:
        """Note the exchange's id of an order."""
        order.order_id = order_id
        if order.terminal:
            self._recent_by_id[order_id] = order
        else:
            self._by_order_id[order_id] = order

    def find(self, order_id: str, wire_id: str) -> TrackedOrder | None:
        """The order with this id, live or recent; None for an order that is not ours."""
        order = self._by_order_id.get(order_id)
        if order is None:
            order = self._by_wire_id.get(wire_id)
            if order is None:
                order = self._recent_by_id.get(order_id)
                if order is None:
                    order = self._recent.get(wire_id)
            if order is not None and order.order_id and order_id and order.order_id != order_id:
                return None  # another order that carries the same wire id
        return order

    def is_live(self, wire_id: str) -> bool:
        """Whether an order that is not terminal has this wire id."""
        return wire_id in self._by_wire_id

    def settle(self, order: TrackedOrder) -> None:
        """Move a terminal order to the recent ones; the oldest of those are forgotten."""
        self._by_wire_id.pop(order.wire_id, None)
        self._by_order_id.pop(order.order_id, None)
        recent = self._recent
        recent[order.wire_id] = order
        if order.order_id:
            self._recent_by_id[order.order_id] = order
        if len(recent) > RECENT_LIMIT:
            self._forget(recent.popitem(last=False)[1])

    def _forget(self, order: TrackedOrder) -> None:
        if order.order_id:
            self._recent_by_id.pop(order.order_id, None)

    def live(self) -> Iterator[TrackedOrder]:
        """Orders that are not terminal, in the order in which they were approved."""
        return iter(self._by_wire_id.values())

    def live_of(self, symbol: str) -> list[TrackedOrder]:
        """Orders of one symbol that are not terminal."""
        return [order for order in self._by_wire_id.values() if order.symbol == symbol]

    def recent(self) -> Iterator[TrackedOrder]:
        """Terminal orders that are still remembered, oldest first."""
        return iter(self._recent.values())

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
        self._recent_by_id.clear()
        for part in saved.parts("live"):
            self.add(TrackedOrder.restored(part))
        for part in saved.parts("recent"):
            order = TrackedOrder.restored(part)
            self._recent[order.wire_id] = order
            if order.order_id:
                self._recent_by_id[order.order_id] = order

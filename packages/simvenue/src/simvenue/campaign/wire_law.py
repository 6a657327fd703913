"""Watches wire ids: unique, decodable, and sent again only for the same order after a no.

It also counts the session's own orders per level. It refuses to know why an order is placed.
"""

from typing import TYPE_CHECKING

from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    Event,
    Execution,
    OrderUpdate,
    PlaceAccepted,
    PlaceRejected,
    PlaceUnknown,
    SessionStarted,
)
from gridcore.intents import WIRE_ID_MAX_LENGTH, decode_wire_id
from gridcore.session.effects import Approved, Effects, PlaceOrder
from simvenue.campaign.healing import healed_by
from simvenue.campaign.laws import Law, LawBroken
from simvenue.campaign.own_orders import OwnOrders
from simvenue.campaign.words import FaultKind

if TYPE_CHECKING:
    from simvenue.campaign.world import World

TWIN_US = 75 * SECOND_US
"""How long an adopted twin may stay beside the order that it doubles."""


class _Sent:
    """A placement that was sent: which one, and whether its wire id may go out again."""

    __slots__ = ("landed", "order", "refused")

    def __init__(self, order: PlaceOrder) -> None:
        self.order = order
        self.refused = False
        self.landed = False


class WireIdChecker:
    """WIRE_IDS_UNIQUE."""

    __slots__ = ("_own", "_sent")

    def __init__(self) -> None:
        self._own: OwnOrders | None = None
        self._sent: dict[str, _Sent] = {}

    def handled(self, world: "World", event: Event, now: Instant, effects: Effects) -> None:
        """Note what the session has been told of its wire ids, then judge what it sends."""
        if isinstance(event, (PlaceRejected, PlaceUnknown)):
            sent = self._sent.get(event.wire_id)
            if sent is not None:
                sent.refused = True
        elif isinstance(event, (PlaceAccepted, OrderUpdate, Execution)):
            sent = self._sent.get(event.wire_id)
            if sent is not None:
                sent.landed = True
        elif isinstance(event, SessionStarted):
            # Nobody waits for the replies of the process before.
            for sent in self._sent.values():
                sent.refused = True
        placed = False
        for request in effects.requests:
            if isinstance(request, Approved):
                self._judge(world, request.request, now)
                placed = True
        if placed:
            self._one_per_level(world, effects, now)

    def finished(self, world: "World") -> None:
        """Nothing is left to judge."""

    def _judge(self, world: "World", order: PlaceOrder, now: Instant) -> None:
        own = self._own
        if own is None:
            own = self._own = OwnOrders(world.scenario.setups)
        wire_id = order.wire_id
        identity = own.identity(order.symbol, order.direction, order.side, order.price)
        if len(wire_id) > WIRE_ID_MAX_LENGTH or decode_wire_id(wire_id) != identity:
            raise LawBroken(
                Law.WIRE_IDS_UNIQUE,
                f"expected a wire id of at most {WIRE_ID_MAX_LENGTH} characters that decodes to "
                f"{identity}, found {wire_id}",
                now,
            )
        before = self._sent.get(wire_id)
        if before is not None:
            same = (
                before.order.price == order.price
                and before.order.side is order.side
                and before.order.direction is order.direction
            )
            if before.landed or not before.refused or not same:
                state = "landed" if before.landed else "unanswered" if same else "another order"
                raise LawBroken(
                    Law.WIRE_IDS_UNIQUE, f"{wire_id} sent again, the first one {state}", now
                )
        self._sent[wire_id] = _Sent(order)

    def _one_per_level(self, world: "World", effects: Effects, now: Instant) -> None:
        """The session itself never holds two orders of one level that are not at their end."""
        placed = {
            (request.request.symbol, request.request.direction, int(request.request.price))
            for request in effects.requests
            if isinstance(request, Approved)
        }
        seen: dict[object, str] = {}
        for order in world.session.live_orders():
            level = (order.symbol, order.direction, order.price)
            if level not in placed:
                continue
            other = seen.get(level)
            if other is not None and not self._twin_nearby(world, now):
                raise LawBroken(
                    Law.WIRE_IDS_UNIQUE,
                    f"{order.symbol} {order.direction.value} at {order.price} ticks placed while "
                    f"{other} is live beside {order.wire_id}",
                    now,
                )
            seen[level] = order.wire_id

    def _twin_nearby(self, world: "World", now: Instant) -> bool:
        faults = world.scenario.faults
        return any(
            fault.kind is FaultKind.TWIN_ORDER
            and fault.at <= now <= healed_by(faults, fault.at, TWIN_US)
            for fault in faults
        )

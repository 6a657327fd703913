"""Orders as the client takes and names them, and the bodies that go over the wire.

It knows the words of a placement; it refuses to send anything.
"""

from typing import Any

from bybit_adapter.errors import Failure
from bybit_adapter.normalizer.numbers import required_text, text
from bybit_adapter.normalizer.words import BadElement, Row
from bybit_adapter.rest.caller import malformed
from bybit_adapter.rest.calls import Call
from gridcore.clock import Instant
from gridcore.instrument import Instrument
from gridcore.message import message
from gridcore.session.effects import PlaceOrder, TimeInForce
from gridcore.sides import DirectionType, SideType

POSITION_INDEX = {DirectionType.LONG: 1, DirectionType.SHORT: 2}
"""positionIdx of the two positions in hedge mode (bybit.md A.4)."""


@message
class Placement:
    """A limit order for a hedged account. Price and quantity are plain decimal texts."""

    symbol: str
    direction: DirectionType
    side: SideType
    price: str
    qty: str
    wire_id: str
    reduce_only: bool
    time_in_force: TimeInForce


def placement_of(order: PlaceOrder, instrument: Instrument) -> Placement:
    """The kernel's order in the exchange's numbers."""
    return Placement(
        symbol=order.symbol,
        direction=order.direction,
        side=order.side,
        price=instrument.price_text(order.price),
        qty=instrument.qty_text(order.qty),
        wire_id=order.wire_id,
        reduce_only=order.reduce_only,
        time_in_force=order.time_in_force,
    )


@message
class OrderIds:
    """How the exchange and we call an order; "" is a name that it does not have."""

    symbol: str
    order_id: str
    wire_id: str


@message
class Accepted:
    """The exchange accepted a request about an order; its outcome comes on the order stream."""

    order_id: str
    wire_id: str
    exchange_at: Instant | None


@message
class AllCancelled:
    """The orders whose cancel the exchange accepted, at most 500 at a time."""

    orders: tuple[OrderIds, ...]


def create_body(order: Placement) -> dict[str, Any]:
    """A placement as order/create takes it, without the category."""
    return {
        "symbol": order.symbol,
        "side": order.side.value,
        "orderType": "Limit",
        "qty": order.qty,
        "price": order.price,
        "timeInForce": order.time_in_force.value,
        "positionIdx": POSITION_INDEX[order.direction],
        "orderLinkId": order.wire_id,
        "reduceOnly": order.reduce_only,
    }


def named(ids: OrderIds) -> dict[str, str]:
    """The order's name: the exchange's where it is known, since it wins anyway."""
    if ids.order_id:
        return {"symbol": ids.symbol, "orderId": ids.order_id}
    if ids.wire_id:
        return {"symbol": ids.symbol, "orderLinkId": ids.wire_id}
    raise ValueError("expected an order id or a wire id")


def read_accepted(
    call: Call, row: Row, wire_id: str, exchange_at: Instant | None
) -> Accepted | Failure:
    """An acknowledgement; one that does not fit the request leaves the outcome open."""
    try:
        order_id = required_text(row, "orderId")
        found = text(row, "orderLinkId")
    except BadElement as error:
        return malformed(call, str(error))
    if wire_id and found and found != wire_id:
        return malformed(call, f"expected the answer for {wire_id}, found that for {found}")
    return Accepted(order_id=order_id, wire_id=wire_id or found, exchange_at=exchange_at)

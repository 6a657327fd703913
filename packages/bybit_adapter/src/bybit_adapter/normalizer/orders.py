"""Order rows, of the stream and of listings, become OrderUpdate (bybit.md A.4, A.7).

It knows limit orders of the linear category; it refuses to guess a status.
"""

from bybit_adapter.normalizer.legs import direction_of, side_of
from bybit_adapter.normalizer.numbers import Scale, flag, moment, required_text, text
from bybit_adapter.normalizer.words import BadElement, Reason, Row
from gridcore.clock import Instant
from gridcore.events import OrderStatus, OrderUpdate
from gridcore.instrument import Steps

STATUSES = {
    "New": OrderStatus.NEW,
    "PartiallyFilled": OrderStatus.PARTIALLY_FILLED,
    "Filled": OrderStatus.FILLED,
    "Cancelled": OrderStatus.CANCELLED,
    "PartiallyFilledCanceled": OrderStatus.CANCELLED,
    "Rejected": OrderStatus.REJECTED,
}
CONDITIONAL = frozenset({"Untriggered", "Triggered", "Deactivated"})
LIMIT = "Limit"
ENDED = frozenset({OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED})
_NO_CANCEL_TYPE = frozenset({"", "UNKNOWN", "CancelByUser"})
_NO_REJECT_REASON = frozenset({"", "EC_NoError"})


def order(row: Row, symbol: str, scale: Scale, frame_at: Instant) -> OrderUpdate | Reason:
    """The state of one order; a Reason for orders that are none of the kernel's."""
    if required_text(row, "orderType") != LIMIT:
        return Reason.NO_LIMIT_ORDER
    spelled = text(row, "orderStatus")
    if spelled in CONDITIONAL:
        return Reason.CONDITIONAL
    status = STATUSES.get(spelled)
    if status is None:
        known = ", ".join(STATUSES)
        raise BadElement(f"orderStatus: expected one of {known}, found {spelled[:40]!r}")
    side = side_of(row)
    reduce_only = flag(row, "reduceOnly") or False
    qty = scale.required_size(row, "qty")
    leaves, filled = _quantities(row, scale, qty, status)
    return OrderUpdate(
        symbol=symbol,
        at=moment(row.get("updatedTime")) or frame_at,
        order_id=required_text(row, "orderId"),
        wire_id=text(row, "orderLinkId"),
        direction=direction_of(row, side, closes=reduce_only),
        side=side,
        price=scale.required_price(row, "price"),
        qty=qty,
        leaves=leaves,
        filled=filled,
        status=status,
        reduce_only=reduce_only,
        reason=_reason(row),
    )


def _quantities(row: Row, scale: Scale, qty: Steps, status: OrderStatus) -> tuple[Steps, Steps]:
    """What is left and what is filled; what a row lacks follows from the rest, or it is bad.

    A cancelled order leaves nothing, so that its filled part cannot be computed: without
    cumExecQty it counts as 0, and the executions tell.
    """
    leaves, filled = scale.size(row, "leavesQty"), scale.size(row, "cumExecQty")
    if leaves is None:
        if status in ENDED:
            leaves = Steps(0)
        elif filled is not None and filled <= qty:
            leaves = Steps(qty - filled)
        else:
            raise BadElement("leavesQty: expected a size of an order that is open, found none")
    if filled is None:
        unfilled = status in (OrderStatus.CANCELLED, OrderStatus.REJECTED) or leaves > qty
        filled = Steps(0 if unfilled else qty - leaves)
    return leaves, filled


def _reason(row: Row) -> str:
    """Why an order ended: the exchange's cause before its answer to a request of ours."""
    cancel_type, reject_reason = text(row, "cancelType"), text(row, "rejectReason")
    if cancel_type not in _NO_CANCEL_TYPE:
        return cancel_type
    if reject_reason not in _NO_REJECT_REASON:
        return reject_reason
    return cancel_type if cancel_type == "CancelByUser" else ""

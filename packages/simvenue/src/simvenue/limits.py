"""What the exchange refuses: its codes, its texts, and the checks in its order (bybit.md A.4, A.6).

It knows one placement and the symbol it is for; it refuses to know when either came about.
"""

from typing import NamedTuple

from gridcore.instrument import Steps
from gridcore.session.effects import PlaceOrder
from gridcore.sides import LONG, closes
from simvenue.market import Market

WIRE_IDS_REMEMBERED = 100_000

POST_ONLY_WOULD_TAKE = "EC_PostOnlyWillTakeLiquidity"
CANCELLED_BY_USER = "EC_PerCancelRequest"
CANCELLED_BY_REDUCE_ONLY = "CancelByReduceOnly"
CANCELLED_BEFORE_LIQUIDATION = "CancelAllBeforeLiq"


class Refusal(NamedTuple):
    """A retCode and its text."""

    code: int
    text: str


UNKNOWN_SYMBOL = Refusal(10001, "params error: symbol invalid")
QTY_INVALID = Refusal(10001, "Qty invalid")
PRICE_INVALID = Refusal(10001, "params error: price invalid")
ORDER_GONE = Refusal(110001, "order not exists or too late to cancel")
NOT_AFFORDABLE = Refusal(110007, "ab not enough for new order")
NOTHING_TO_REDUCE = Refusal(110017, "current position is zero, cannot fix reduce-only order qty")
TOO_MANY_ORDERS = Refusal(110020, "already had the maximum number of working orders")
DUPLICATE_WIRE_ID = Refusal(110072, "OrderLinkedID is duplicate")
BELOW_MIN_NOTIONAL = Refusal(110094, "Order does not meet minimum order value")


class WireIds:
    """The wire ids ever used, the newest hundred thousand of them."""

    __slots__ = ("_capacity", "_used")

    def __init__(self, capacity: int = WIRE_IDS_REMEMBERED) -> None:
        self._capacity = capacity
        self._used: dict[str, None] = {}

    def __contains__(self, wire_id: str) -> bool:
        return wire_id in self._used

    def use(self, wire_id: str) -> None:
        """Remember an id; beyond the capacity the oldest is forgotten."""
        self._used[wire_id] = None
        if len(self._used) > self._capacity:
            del self._used[next(iter(self._used))]

    def used(self) -> list[str]:
        """The remembered ids, oldest first."""
        return list(self._used)


def admit(
    request: PlaceOrder, market: Market, wire_ids: WireIds, max_orders: int
) -> Refusal | Steps:
    """The quantity that may rest (a close is cut to the uncovered part of its leg), or a refusal.

    Whether the wallet can afford an open is asked afterwards.
    """
    qty = request.qty
    if qty < market.min_steps or qty > market.max_steps:
        return QTY_INVALID
    if request.wire_id in wire_ids:
        return DUPLICATE_WIRE_ID
    if len(market.book.orders) >= max_orders:
        return TOO_MANY_ORDERS
    if request.price <= 0:
        return PRICE_INVALID
    if not closes(request.direction, request.side):
        if request.reduce_only:
            return NOTHING_TO_REDUCE
        return BELOW_MIN_NOTIONAL if request.price * qty < market.min_value else qty
    leg = 0 if request.direction is LONG else 1
    uncovered = market.pair.legs[leg].size - market.book.closing_qty[leg]
    if uncovered <= 0:
        return NOTHING_TO_REDUCE
    return qty if qty <= uncovered else Steps(uncovered)

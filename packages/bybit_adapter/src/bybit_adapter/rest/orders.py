"""Order calls: place, amend, cancel, batches, and the listings of orders and executions.

It knows the words of a placement; it refuses to know why one is made.
"""

from collections.abc import Sequence
from typing import Any

from bybit_adapter.errors import (
    ErrorKind,
    Failure,
    Operation,
    OutcomeUnknown,
    RateLimited,
    is_limit,
    policy_of_code,
    shortened,
    to_failure,
)
from bybit_adapter.normalizer.numbers import required_text, text
from bybit_adapter.normalizer.words import BadElement, Row
from bybit_adapter.rate_limiter import WINDOW_US, Lane
from bybit_adapter.rest import calls, reading
from bybit_adapter.rest.caller import Caller, malformed
from bybit_adapter.rest.calls import Call
from bybit_adapter.rest.listing import by_fields, list_pages, list_stretch
from bybit_adapter.rest.words import LINEAR, SETTLE_COIN, Answer, Listing
from gridcore.clock import Instant
from gridcore.instrument import Instrument
from gridcore.message import message
from gridcore.session.effects import PlaceOrder, TimeInForce
from gridcore.sides import DirectionType, SideType

BATCH_MAX = 20
ORDERS_PER_PAGE = 50
EXECUTIONS_PER_PAGE = 100
OPEN_PAGES_MAX = 20
"""Twice the 500 open orders that a symbol may have."""
HISTORY_PAGES_MAX = 200
EXECUTION_PAGES_MAX = 1000
"""100,000 executions: what a busy account has in days, and not in the minutes of an outage."""

POSITION_INDEX = {DirectionType.LONG: 1, DirectionType.SHORT: 2}
"""positionIdx of the two positions in hedge mode (bybit.md A.4)."""

_ORDER = by_fields("orderId")
_EXECUTION = by_fields("execId")


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


class OrderCalls:
    """Everything about orders and executions of one account."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def place(self, order: Placement) -> Accepted | Failure:
        """Place one order. OutcomeUnknown: it may rest; look for its wire id before repeating."""
        lane = Lane.REDUCE if order.reduce_only else Lane.OPEN
        body = {"category": LINEAR, **_create_body(order)}
        return self._acknowledged(calls.CREATE, body, lane, order.wire_id)

    def amend(
        self, ids: OrderIds, *, price: str | None = None, qty: str | None = None, reducing: bool
    ) -> Accepted | Failure:
        """Change price or quantity of a resting order; `reducing` orders go before others."""
        if price is None and qty is None:
            raise ValueError("expected a new price or a new quantity")
        lane = Lane.REDUCE if reducing else Lane.OPEN
        body = {"category": LINEAR, **_named(ids), "price": price, "qty": qty}
        return self._acknowledged(calls.AMEND, body, lane, ids.wire_id)

    def cancel(self, ids: OrderIds) -> Accepted | Failure:
        """Cancel one order. Rejected(ORDER_GONE): nothing is left to cancel."""
        body = {"category": LINEAR, **_named(ids)}
        return self._acknowledged(calls.CANCEL, body, Lane.CANCEL, ids.wire_id)

    def cancel_all(self, symbol: str | None = None) -> AllCancelled | Failure:
        """Cancel every order of a symbol, or of the account."""
        body = {"category": LINEAR, **_scope(symbol)}
        answer = self._caller.call(calls.CANCEL_ALL, body, lane=Lane.CANCEL)
        if not isinstance(answer, Answer):
            return answer
        try:
            orders = tuple(
                OrderIds(
                    symbol=symbol or "",
                    order_id=required_text(row, "orderId"),
                    wire_id=text(row, "orderLinkId"),
                )
                for row in reading.rows(answer.row)
            )
        except BadElement as error:
            return malformed(calls.CANCEL_ALL, str(error))
        return AllCancelled(orders=orders)

    def place_batch(self, orders: Sequence[Placement]) -> tuple[Accepted | Failure, ...]:
        """Place up to BATCH_MAX orders in one request; one result for each, in their order.

        Every order counts against the budget. The batch goes as an open unless all of it reduces.
        """
        lane = Lane.REDUCE if all(order.reduce_only for order in orders) else Lane.OPEN
        bodies = [_create_body(order) for order in orders]
        return self._batch(calls.CREATE_BATCH, bodies, [one.wire_id for one in orders], lane)

    def cancel_batch(self, orders: Sequence[OrderIds]) -> tuple[Accepted | Failure, ...]:
        """Cancel up to BATCH_MAX orders in one request; one result for each, in their order."""
        bodies = [_named(ids) for ids in orders]
        wire_ids = [ids.wire_id for ids in orders]
        return self._batch(calls.CANCEL_BATCH, bodies, wire_ids, Lane.CANCEL)

    def open_orders(
        self,
        symbol: str | None = None,
        *,
        wire_id: str | None = None,
        order_id: str | None = None,
        pages_max: int = OPEN_PAGES_MAX,
    ) -> Listing:
        """The open orders of a symbol or the account, newest first; or one order by its name.

        Asked by name, an order that has ended lately is listed too.
        """
        parameters = {
            "category": LINEAR,
            **_scope(symbol),
            "orderLinkId": wire_id,
            "orderId": order_id,
            "limit": ORDERS_PER_PAGE,
        }
        return list_pages(
            self._caller, calls.OPEN_ORDERS, parameters, identity=_ORDER, pages_max=pages_max
        )

    def history(
        self,
        start: Instant,
        end: Instant | None = None,
        symbol: str | None = None,
        *,
        wire_id: str | None = None,
        order_id: str | None = None,
        pages_max: int = HISTORY_PAGES_MAX,
    ) -> Listing:
        """The orders created within [start, end] that have ended, newest first.

        `end` None: up to the present. The exchange forgets orders that ended without a fill after
        24 h.
        """
        parameters = {
            "category": LINEAR,
            **_scope(symbol),
            "orderLinkId": wire_id,
            "orderId": order_id,
            "limit": ORDERS_PER_PAGE,
        }
        return list_stretch(
            self._caller,
            calls.ORDER_HISTORY,
            parameters,
            start=start,
            end=end,
            identity=_ORDER,
            pages_max=pages_max,
        )

    def executions(
        self,
        start: Instant,
        end: Instant | None = None,
        symbol: str | None = None,
        *,
        order_id: str | None = None,
        pages_max: int = EXECUTION_PAGES_MAX,
    ) -> Listing:
        """The executions within [start, end], newest first; rows of one instant in any order.

        `end` None: up to the present.
        """
        parameters = {
            "category": LINEAR,
            **_scope(symbol),
            "orderId": order_id,
            "limit": EXECUTIONS_PER_PAGE,
        }
        return list_stretch(
            self._caller,
            calls.EXECUTIONS,
            parameters,
            start=start,
            end=end,
            identity=_EXECUTION,
            pages_max=pages_max,
        )

    def _acknowledged(
        self, call: Call, body: dict[str, Any], lane: Lane, wire_id: str
    ) -> Accepted | Failure:
        answer = self._caller.call(call, body, lane=lane)
        if not isinstance(answer, Answer):
            return answer
        return _accepted(call, answer.row, wire_id, answer.exchange_at)

    def _batch(
        self, call: Call, bodies: list[dict[str, Any]], wire_ids: list[str], lane: Lane
    ) -> tuple[Accepted | Failure, ...]:
        if not 1 <= len(bodies) <= BATCH_MAX:
            raise ValueError(f"expected 1 to {BATCH_MAX} orders in a batch, found {len(bodies)}")
        asked = {"category": LINEAR, "request": bodies}
        answer = self._caller.call(call, asked, lane=lane, cost=len(bodies))
        if not isinstance(answer, Answer):
            return (answer,) * len(bodies)
        results = _legs(answer.row, len(bodies))
        verdicts = _legs(answer.extra, len(bodies))
        now = self._caller.now()
        return tuple(
            _leg(call, result, verdict, wire_id, answer.exchange_at, now)
            for result, verdict, wire_id in zip(results, verdicts, wire_ids, strict=True)
        )


def _create_body(order: Placement) -> dict[str, Any]:
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


def _scope(symbol: str | None) -> dict[str, str]:
    """A symbol, or all of USDT: the exchange wants one of the two (bybit.md A.4)."""
    return {"settleCoin": SETTLE_COIN} if symbol is None else {"symbol": symbol}


def _named(ids: OrderIds) -> dict[str, str]:
    """The order's name: the exchange's where it is known, since it wins anyway."""
    if ids.order_id:
        return {"symbol": ids.symbol, "orderId": ids.order_id}
    if ids.wire_id:
        return {"symbol": ids.symbol, "orderLinkId": ids.wire_id}
    raise ValueError("expected an order id or a wire id")


def _accepted(
    call: Call, row: Row, wire_id: str, exchange_at: Instant | None
) -> Accepted | Failure:
    try:
        order_id = required_text(row, "orderId")
        found = text(row, "orderLinkId")
    except BadElement as error:
        return malformed(call, str(error))
    if wire_id and found and found != wire_id:
        return malformed(call, f"expected the answer for {wire_id}, found that for {found}")
    return Accepted(order_id=order_id, wire_id=wire_id or found, exchange_at=exchange_at)


def _legs(part: Row, count: int) -> list[Row | None]:
    """One row for each leg of a batch; None where the answer does not say."""
    found = part.get("list")
    rows = found if isinstance(found, list) else []
    legs: list[Row | None] = [row if isinstance(row, dict) else None for row in rows[:count]]
    return legs + [None] * (count - len(legs))


def _leg(
    call: Call,
    result: Row | None,
    verdict: Row | None,
    wire_id: str,
    exchange_at: Instant | None,
    now: Instant,
) -> Accepted | Failure:
    if verdict is None or result is None:
        text = f"{call.path}: the answer says nothing of {wire_id or 'an order'}"
        return OutcomeUnknown(kind=ErrorKind.MALFORMED, code=None, text=text)
    try:
        code = reading.required_whole(verdict, "code")
    except BadElement as error:
        return malformed(call, str(error))
    if code == 0:
        return _accepted(call, result, wire_id, exchange_at)
    text = str(verdict.get("msg", ""))
    policy = policy_of_code(code, text)
    if is_limit(policy):
        # The budget's own pause comes from the headers; one leg only says "not in this second".
        return RateLimited(
            not_before=Instant(now + WINDOW_US), everything=False, code=code, text=shortened(text)
        )
    operation = Operation.CREATE if call is calls.CREATE_BATCH else Operation.CHANGE
    return to_failure(policy, operation, code=code, text=text)

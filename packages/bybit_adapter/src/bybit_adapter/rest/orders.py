"""Order calls: place, amend, cancel, batches, and the listings of orders and executions.

It knows which call does what; it refuses to know why an order is placed.
"""

from collections.abc import Sequence
from typing import Any

from bybit_adapter.errors import Failure
from bybit_adapter.normalizer.numbers import required_text, text
from bybit_adapter.normalizer.words import BadElement
from bybit_adapter.rate_limiter import Lane
from bybit_adapter.rest import calls, reading
from bybit_adapter.rest.batches import read_batch
from bybit_adapter.rest.caller import Caller, malformed
from bybit_adapter.rest.calls import Call
from bybit_adapter.rest.listing import by_fields, list_pages, list_stretch
from bybit_adapter.rest.order_words import (
    Accepted,
    AllCancelled,
    OrderIds,
    Placement,
    create_body,
    named,
    read_accepted,
)
from bybit_adapter.rest.words import LINEAR, SETTLE_COIN, Answer, Listing
from gridcore.clock import Instant

BATCH_MAX = 20
ORDERS_PER_PAGE = 50
EXECUTIONS_PER_PAGE = 100
OPEN_PAGES_MAX = 20
"""Twice the 500 open orders that a symbol may have."""
HISTORY_PAGES_MAX = 200
EXECUTION_PAGES_MAX = 1000
"""100,000 executions: what a busy account has in days, and not in the minutes of an outage."""

_ORDER = by_fields("orderId")
_EXECUTION = by_fields("execId")


class OrderCalls:
    """Everything about orders and executions of one account."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def place(self, order: Placement) -> Accepted | Failure:
        """Place one order. OutcomeUnknown: it may rest; look for its wire id before repeating."""
        lane = Lane.REDUCE if order.reduce_only else Lane.OPEN
        body = {"category": LINEAR, **create_body(order)}
        return self._acknowledged(calls.CREATE, body, lane, order.wire_id)

    def amend(
        self, ids: OrderIds, *, price: str | None = None, qty: str | None = None, reducing: bool
    ) -> Accepted | Failure:
        """Change price or quantity of a resting order; `reducing` orders go before others."""
        if price is None and qty is None:
            raise ValueError("expected a new price or a new quantity")
        lane = Lane.REDUCE if reducing else Lane.OPEN
        body = {"category": LINEAR, **named(ids), "price": price, "qty": qty}
        return self._acknowledged(calls.AMEND, body, lane, ids.wire_id)

    def cancel(self, ids: OrderIds) -> Accepted | Failure:
        """Cancel one order. Rejected(ORDER_GONE): nothing is left to cancel."""
        body = {"category": LINEAR, **named(ids)}
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
        bodies = [create_body(order) for order in orders]
        return self._batch(calls.CREATE_BATCH, bodies, [one.wire_id for one in orders], lane)

    def cancel_batch(self, orders: Sequence[OrderIds]) -> tuple[Accepted | Failure, ...]:
        """Cancel up to BATCH_MAX orders in one request; one result for each, in their order."""
        bodies = [named(ids) for ids in orders]
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
        return read_accepted(call, answer.row, wire_id, answer.exchange_at)

    def _batch(
        self, call: Call, bodies: list[dict[str, Any]], wire_ids: list[str], lane: Lane
    ) -> tuple[Accepted | Failure, ...]:
        if not 1 <= len(bodies) <= BATCH_MAX:
            raise ValueError(f"expected 1 to {BATCH_MAX} orders in a batch, found {len(bodies)}")
        asked = {"category": LINEAR, "request": bodies}
        answer = self._caller.call(call, asked, lane=lane, cost=len(bodies))
        if not isinstance(answer, Answer):
            return (answer,) * len(bodies)
        return read_batch(call, answer, wire_ids, self._caller.now())


def _scope(symbol: str | None) -> dict[str, str]:
    """A symbol, or all of USDT: the exchange wants one of the two (bybit.md A.4)."""
    return {"settleCoin": SETTLE_COIN} if symbol is None else {"symbol": symbol}

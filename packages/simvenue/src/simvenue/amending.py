"""Amending: another price or quantity for a resting order, as the exchange's order/amend does it.

It knows one venue; it refuses to know who asks. A session never amends: its orders are replaced.
"""

from gridcore.clock import Instant
from gridcore.events import Event, FillEvidence
from gridcore.instrument import Steps, Ticks
from simvenue.book import RestingOrder
from simvenue.limits import (
    BELOW_MIN_NOTIONAL,
    NOT_AFFORDABLE,
    NOTHING_TO_REDUCE,
    ORDER_GONE,
    POST_ONLY_WOULD_TAKE,
    PRICE_INVALID,
    QTY_INVALID,
    UNKNOWN_SYMBOL,
    Refusal,
)
from simvenue.market import Market
from simvenue.matching import crossed_price
from simvenue.reports import order_update, resting_status
from simvenue.venue import SimVenue

QTY_ALREADY_FILLED = Refusal(110064, "the new qty must be greater than the filled qty")
NOT_MODIFIED = Refusal(10001, "order not modified")


def amend(
    venue: SimVenue,
    symbol: str,
    order_id: str,
    price: Ticks | None,
    qty: Steps | None,
    now: Instant,
    *,
    post_only: bool,
) -> Refusal | list[Event]:
    """Give a resting order another price or another quantity (filled part included), at once.

    Returns what everybody is told, or why not (bybit.md A.4, A.6). None leaves a value. Only a
    smaller quantity keeps the place in the queue. An order that would now take does so, and is
    cancelled instead when it is `post_only`. Legs and wallet are judged at the next row.
    """
    market = _market(venue, symbol)
    if market is None:
        return UNKNOWN_SYMBOL
    order = market.book.find(order_id, "") if order_id else None
    if order is None:
        return ORDER_GONE
    new_price = order.price if price is None else price
    new_qty = order.qty if qty is None else qty
    refusal = _refusal(venue, market, order, new_price, new_qty)
    if refusal is not None:
        return refusal
    return _change(venue, market, order, new_price, new_qty, now, post_only=post_only)


def _market(venue: SimVenue, symbol: str) -> Market | None:
    for market in venue.clearing.markets:
        if market.symbol == symbol:
            return market
    return None


def _refusal(
    venue: SimVenue, market: Market, order: RestingOrder, price: Ticks, qty: Steps
) -> Refusal | None:
    if price == order.price and qty == order.qty:
        return NOT_MODIFIED
    if price <= 0:
        return PRICE_INVALID
    if qty < market.min_steps or qty > market.max_steps:
        return QTY_INVALID
    if qty <= order.filled:
        return QTY_ALREADY_FILLED
    leaves = qty - order.filled
    if order.closing:
        covered = market.book.closing_qty[order.leg] - order.leaves
        uncovered = market.pair.legs[order.leg].size - covered
        return NOTHING_TO_REDUCE if leaves > uncovered else None
    if price * qty < market.min_value:
        return BELOW_MIN_NOTIONAL
    more = price * leaves - order.price * order.leaves
    if more > 0 and not venue.clearing.can_afford(market, order.direction, more):
        return NOT_AFFORDABLE
    return None


def _change(
    venue: SimVenue,
    market: Market,
    order: RestingOrder,
    price: Ticks,
    qty: Steps,
    now: Instant,
    *,
    post_only: bool,
) -> list[Event]:
    clearing, book = venue.clearing, market.book
    moved = price != order.price
    order.updated_at = now
    leaves = Steps(qty - order.filled)
    if not moved and leaves < order.leaves:
        book.reduce(order, order.leaves - leaves)
        order.qty = qty
    else:
        book.reduce(order, order.leaves)
        order.price, order.qty, order.leaves = price, qty, leaves
        clearing.orders += 1
        order.accepted = clearing.orders
        # The queue ahead counts anew; what was filled before is no part of the new place.
        order.traded = order.filled
        book.add(order)
    market.remeasure()
    market.expire()
    events: list[Event] = []
    opposite = crossed_price(order, market.last, market.bid, market.ask) if moved else None
    if opposite is not None and post_only:
        clearing.cancel(market, order, POST_ONLY_WOULD_TAKE, now, events)
        return events
    events.append(order_update(market.symbol, order, resting_status(order)))
    if opposite is not None:
        clearing.fill(market, order, order.leaves, opposite, False, FillEvidence.TAKER, now, events)
        clearing.report((market,), now, events)
    return events

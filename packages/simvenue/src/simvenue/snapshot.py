"""The whole state of the venue as plain values: the same state gives the same bytes as JSON."""

from decimal import Decimal

from gridcore.instrument import Price
from gridcore.session.effects import CancelOrder, PlaceOrder
from simvenue.book import RestingOrder
from simvenue.clearing import Clearing
from simvenue.latency import Transit
from simvenue.legs import Leg
from simvenue.limits import WireIds
from simvenue.market import Market


def venue_snapshot(
    clearing: Clearing, transit: Transit, wire_ids: WireIds, *, stopped: bool
) -> dict[str, object]:
    """Everything that a later decision of the venue depends on; no caches."""
    return {
        "wallet": _text(clearing.wallet),
        "stopped": stopped,
        "orders": clearing.orders,
        "executions": clearing.executions,
        "movements": clearing.movements,
        "markets": {market.symbol: _market(market) for market in clearing.markets},
        "in_transit": [[due, _request(request)] for due, request in transit.on_the_way()],
        "wire_ids": wire_ids.used(),
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _price(value: Price | None) -> int | str | None:
    return value if value is None or isinstance(value, int) else str(value)


def _market(market: Market) -> dict[str, object]:
    return {
        "last": _price(market.last),
        "mark": _text(market.ticker_mark),
        "bid": _price(market.bid),
        "ask": _price(market.ask),
        "funding_rate": _text(market.funding_rate),
        "next_funding": market.next_funding,
        "legs": [_leg(leg) for leg in market.pair.legs],
        "orders": [_order(order) for order in market.book.orders.values()],
    }


def _leg(leg: Leg) -> dict[str, object]:
    return {"direction": leg.direction.value, "size": leg.size, "entry": _text(leg.entry)}


def _order(order: RestingOrder) -> dict[str, object]:
    return {
        "order_id": order.order_id,
        "wire_id": order.wire_id,
        "direction": order.direction.value,
        "side": order.side.value,
        "price": order.price,
        "qty": order.qty,
        "leaves": order.leaves,
        "ahead": order.ahead,
        "traded": order.traded,
        "accepted": order.accepted,
        "updated_at": order.updated_at,
    }


def _request(request: PlaceOrder | CancelOrder) -> dict[str, object]:
    if isinstance(request, CancelOrder):
        return {
            "cancel": request.symbol,
            "order_id": request.order_id,
            "wire_id": request.wire_id,
        }
    return {
        "place": request.symbol,
        "wire_id": request.wire_id,
        "direction": request.direction.value,
        "side": request.side.value,
        "price": request.price,
        "qty": request.qty,
        "reduce_only": request.reduce_only,
        "time_in_force": request.time_in_force.value,
    }

"""Orders that never rest: Market, IOC and FOK on a venue that knows resting orders only.

It knows one venue; it refuses to know records and pushes.
"""

from dataclasses import replace
from random import Random
from typing import NamedTuple

from bybit_sim.exchange.intake import Placement
from bybit_sim.exchange.words import Lifetime, OrderType
from gridcore.clock import Instant
from gridcore.events import Event, ExecType, FillEvidence
from gridcore.instrument import Price, Steps
from gridcore.sides import closes
from simvenue import SimVenue
from simvenue.book import RestingOrder
from simvenue.clearing import Takeover
from simvenue.market import Market
from simvenue.matching import crossed_price

NO_MAKER = "EC_NoImmediateQtyToFill"
NOT_WHOLE = "EC_CancelForNoFullFill"
NOT_ENOUGH = "EC_NoEnoughQtyToFill"


class Taken(NamedTuple):
    """What a taking order came to; `reason`: why what is left of it is cancelled."""

    events: list[Event]
    reason: str


class Taking:
    """Executes taking orders at once, at the opposite quote or, without quotes, the last price.

    `chance` per mille of IOC and FOK orders find only a part of their quantity, by `source`.
    """

    __slots__ = ("_chance", "_markets", "_source", "_venue")

    def __init__(self, venue: SimVenue, source: Random, chance: int) -> None:
        self._venue = venue
        self._source = source
        self._chance = chance
        self._markets = {market.symbol: market for market in venue.clearing.markets}

    def take(self, placement: Placement, wire_id: str, now: Instant) -> Taken:
        """Fill what can be filled now; the fills carry `wire_id`."""
        order = placement.order
        market = self._markets[order.symbol]
        fill_or_kill = order.lifetime is Lifetime.FOK
        price = self._opposite(placement, market)
        if price is None:
            return Taken([], NOT_WHOLE if fill_or_kill else NO_MAKER)
        qty = self._offered(placement, market)
        closing = closes(placement.direction, order.side)
        if closing:
            # A leg may have shrunk while the order was on its way.
            qty = min(qty, market.pair.leg(placement.direction).size)
        if qty < placement.qty and fill_or_kill:
            return Taken([], NOT_WHOLE)
        if closing:
            events = self._close(placement, market, price, qty, wire_id, now)
        else:
            offered = replace(placement, qty=qty)
            events = self._venue.submit(offered.request(wire_id), now)
        return Taken(events, NOT_ENOUGH)

    def _opposite(self, placement: Placement, market: Market) -> Price | None:
        """The price at which the order takes; None when its limit does not reach it."""
        probe = RestingOrder(placement.request(""), "", placement.qty, 0, Instant(0))
        return crossed_price(probe, market.last, market.bid, market.ask)

    def _offered(self, placement: Placement, market: Market) -> Steps:
        qty, least = placement.qty, 1
        if not closes(placement.direction, placement.order.side):
            # The venue takes the part for an order of its own, which has to be a valid one.
            least = max(market.min_steps, -(-market.min_value // placement.ticks), 1)
        if placement.order.order_type is OrderType.MARKET or qty <= least or not self._chance:
            return qty
        if self._source.randrange(1000) >= self._chance:
            return qty
        return Steps(self._source.randrange(least, qty))

    def _close(
        self,
        placement: Placement,
        market: Market,
        price: Price,
        qty: Steps,
        wire_id: str,
        now: Instant,
    ) -> list[Event]:
        """Close at once; resting closes that the leg no longer covers are cut or cancelled."""
        leg = market.pair.leg(placement.direction)
        events: list[Event] = []
        if qty <= 0:
            return events
        takeover = Takeover(ExecType.TRADE, FillEvidence.TAKER, wire_id)
        clearing = self._venue.clearing
        clearing.take_over(market, leg, qty, price, takeover, now, events)
        clearing.report((market,), now, events)
        return events

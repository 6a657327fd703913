"""How an account stands before a venue's first row: what rests and what is held, from a recording.

It puts things where they were; it refuses to know how they came there: nothing is executed, paid
or told.
"""

import re
from decimal import Decimal

from gridcore.clock import Instant
from gridcore.config import require
from gridcore.instrument import Steps, Ticks
from gridcore.message import message
from gridcore.session.effects import PlaceOrder, TimeInForce
from gridcore.sides import DirectionType, SideType, closes
from simvenue.book import RestingOrder
from simvenue.market import Market
from simvenue.venue import SimVenue

_OWN_ID = re.compile(r"O(\d{8,})")


@message
class StandingOrder:
    """One resting order; `filled` of its `qty` steps are executed already, `at` its last change."""

    symbol: str
    order_id: str
    wire_id: str
    direction: DirectionType
    side: SideType
    price: Ticks
    qty: Steps
    filled: Steps
    at: Instant

    def __post_init__(self) -> None:
        require(0 <= self.filled < self.qty, "filled", "from 0 to below qty", self.filled)


@message
class StandingLeg:
    """One open leg: its size in steps and its average entry."""

    symbol: str
    direction: DirectionType
    size: Steps
    entry: Decimal

    def __post_init__(self) -> None:
        require(self.size > 0, "size", "above 0", self.size)
        require(self.entry > 0, "entry", "above 0", self.entry)


@message
class Standing:
    """Everything that stands; the wallet is the venue's initial balance. Orders oldest first."""

    orders: tuple[StandingOrder, ...] = ()
    legs: tuple[StandingLeg, ...] = ()


def stand(venue: SimVenue, standing: Standing) -> None:
    """Put legs and orders into a venue that has played nothing yet; their symbols are traded there.

    Wire ids of before are not remembered: every id is minted anew.
    """
    markets = {market.symbol: market for market in venue.clearing.markets}
    for held in standing.legs:
        market = markets[held.symbol]
        leg = market.pair.leg(held.direction)
        leg.size = held.size
        leg.qty = market.instrument.qty(held.size)
        leg.entry = held.entry
        market.pair.changed()
        market.remeasure()
    for number, order in enumerate(standing.orders):
        _rest(order, markets[order.symbol], number)
        own = _OWN_ID.fullmatch(order.order_id)
        if own is not None:
            # A recording of a simulated venue: its ids must not be minted a second time.
            venue.clearing.orders = max(venue.clearing.orders, int(own[1]))


def _rest(order: StandingOrder, market: Market, number: int) -> None:
    request = PlaceOrder(
        symbol=order.symbol,
        strat_id="",
        client_order_id="",
        wire_id=order.wire_id,
        direction=order.direction,
        side=order.side,
        price=order.price,
        qty=order.qty,
        reduce_only=closes(order.direction, order.side),
        time_in_force=TimeInForce.POST_ONLY,
        level=0,
    )
    resting = RestingOrder(request, order.order_id, order.qty, number, order.at)
    resting.filled = order.filled
    resting.leaves = Steps(order.qty - order.filled)
    resting.ahead = market.queue_ahead
    market.book.add(resting)
    market.expire()
    market.remeasure()

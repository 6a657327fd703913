"""What the exchange checks before it acknowledges an order or a change (bybit.md A.4, A.6).

It turns texts into ticks and steps, or says no in the exchange's words; it refuses to change
anything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from bybit_sim.exchange.texts import number_of
from bybit_sim.exchange.words import Amendment, Lifetime, NewOrder, OrderRecord, OrderType
from bybit_sim.market.symbols import SymbolMarket
from gridcore.instrument import Instrument, InstrumentError, Steps, Ticks
from gridcore.session.effects import PlaceOrder, TimeInForce
from gridcore.sides import BUY, LONG, SHORT, DirectionType, closes
from simvenue import SimVenue
from simvenue.amending import NOT_MODIFIED
from simvenue.limits import (
    BELOW_MIN_NOTIONAL,
    DUPLICATE_WIRE_ID,
    NOT_AFFORDABLE,
    NOTHING_TO_REDUCE,
    PRICE_INVALID,
    QTY_INVALID,
    UNKNOWN_SYMBOL,
    Refusal,
    WireIds,
    admit,
)
from simvenue.market import Market

LINK_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")
MAX_OPEN_ORDERS = 500

WRONG_POSITION_IDX = Refusal(10001, "position idx not match position mode")
HEDGE_ONLY = Refusal(
    10001,
    "expected an account in hedge mode, found one-way mode: this simulator trades hedge mode "
    "only; switch it with /v5/position/switch-mode mode 3",
)
LINK_ID_INVALID = Refusal(
    10001, "params error: OrderLinkID invalid, expected 1 to 36 of A-Za-z0-9_-"
)
PRICE_MISSING = Refusal(10001, "params error: price is required for a limit order")
QTY_TRUNCATED = Refusal(110017, "orderQty will be truncated to zero")
PRICE_OUT_OF_RANGE = Refusal(110003, "Order price is out of permissible range")
NO_PRICE = Refusal(110118, "There is no price for the market order, the order book is empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """An order that may be acknowledged. `takes`: it never rests (Market, IOC, FOK).

    `ticks` is the limit, for a market order its bound; `qty` what remains of the asked quantity
    after a close was cut to its leg.
    """

    order: NewOrder
    direction: DirectionType
    ticks: Ticks
    qty: Steps
    takes: bool

    def request(self, wire_id: str) -> PlaceOrder:
        """The placement in the venue's words."""
        return request_of(self.order, self.direction, self.ticks, self.qty, wire_id)


def request_of(
    order: NewOrder, direction: DirectionType, ticks: Ticks, qty: Steps, wire_id: str
) -> PlaceOrder:
    """A placement in the venue's words."""
    limit = order.order_type is OrderType.LIMIT
    post_only = limit and order.lifetime is Lifetime.POST_ONLY
    return PlaceOrder(
        symbol=order.symbol,
        strat_id="",
        client_order_id=wire_id,
        wire_id=wire_id,
        direction=direction,
        side=order.side,
        price=ticks,
        qty=qty,
        reduce_only=order.reduce_only or closes(direction, order.side),
        time_in_force=TimeInForce.POST_ONLY if post_only else TimeInForce.GTC,
        level=0,
    )


class Intake:
    """The checks of one account. `hedge_mode` and used link ids are the caller's knowledge."""

    __slots__ = ("_listed", "_markets", "_venue")

    def __init__(self, venue: SimVenue, listed: Mapping[str, SymbolMarket]) -> None:
        self._venue = venue
        self._listed = listed
        self._markets = {market.symbol: market for market in venue.clearing.markets}

    def judge(self, order: NewOrder, *, hedge_mode: bool, link_used: bool) -> Placement | Refusal:
        """A new order: what may be acknowledged, or the exchange's no."""
        market = self._markets.get(order.symbol)
        if market is None:
            return UNKNOWN_SYMBOL
        if order.order_link_id and not LINK_ID.fullmatch(order.order_link_id):
            return LINK_ID_INVALID
        if order.position_idx not in ((1, 2) if hedge_mode else (0,)):
            return WRONG_POSITION_IDX
        if not hedge_mode:
            return HEDGE_ONLY
        if link_used:
            return DUPLICATE_WIRE_ID
        direction = LONG if order.position_idx == 1 else SHORT
        takes = order.order_type is OrderType.MARKET or order.lifetime in (
            Lifetime.IOC,
            Lifetime.FOK,
        )
        ticks = self._limit(order, market)
        if isinstance(ticks, Refusal):
            return ticks
        qty = self._qty(order, market, direction)
        if isinstance(qty, Refusal):
            return qty
        if takes and closes(direction, order.side):
            # A taking close does not wait for resting ones: those are cut afterwards.
            held = market.pair.leg(direction).size
            if not held:
                return NOTHING_TO_REDUCE
            admitted: Refusal | Steps = min(qty, held)
        else:
            admitted = self._admit(order, market, direction, ticks, qty)
        if isinstance(admitted, Refusal):
            return admitted
        return Placement(order=order, direction=direction, ticks=ticks, qty=admitted, takes=takes)

    def judge_amendment(
        self, order: OrderRecord, amendment: Amendment
    ) -> tuple[Ticks | None, Steps | None] | Refusal:
        """A change of a resting order: new price and quantity, or the exchange's no."""
        market = self._markets[order.symbol]
        ticks: Ticks | None = None
        if amendment.price is not None:
            limit = self._on_tick(amendment.price, market.instrument)
            if isinstance(limit, Refusal):
                return limit
            if self._out_of_range(order.side is BUY, market, limit):
                return PRICE_OUT_OF_RANGE
            ticks = limit
        qty: Steps | None = None
        if amendment.qty is not None:
            steps = _on_step(amendment.qty, market.instrument)
            if isinstance(steps, Refusal):
                return steps
            qty = steps
        if (ticks is None or market.instrument.price(ticks) == order.price) and (
            qty is None or market.instrument.qty(qty) == order.qty
        ):
            return NOT_MODIFIED
        return ticks, qty

    # The parts of an order

    def _limit(self, order: NewOrder, market: Market) -> Ticks | Refusal:
        """The limit in ticks; a market order is bounded by the price band (bybit.md A.4)."""
        if order.order_type is OrderType.LIMIT:
            if order.price is None:
                return PRICE_MISSING
            ticks = self._on_tick(order.price, market.instrument)
            if isinstance(ticks, Refusal):
                return ticks
            outside = self._out_of_range(order.side is BUY, market, ticks)
            return PRICE_OUT_OF_RANGE if outside else ticks
        buys = order.side is BUY
        quote = market.ask if buys else market.bid
        opposite = market.last if quote is None else quote
        if opposite is None:
            return NO_PRICE
        bound = self._bound(buys, market)
        # Quotes may lie outside the band: the order still reaches them.
        across = int(opposite) + 1 if buys else max(int(opposite) - 1, 1)
        if bound is None:
            return Ticks(across)
        return Ticks(max(bound, across) if buys else min(bound, across))

    def _qty(self, order: NewOrder, market: Market, direction: DirectionType) -> Steps | Refusal:
        instrument = market.instrument
        max_qty = instrument.max_qty
        if order.order_type is OrderType.MARKET:
            max_qty = min(max_qty, self._listed[order.symbol].facts.max_market_qty)
        most = Steps(int(max_qty // instrument.qty_step))
        if order.reduce_only and order.close_on_trigger and _is_zero(order.qty):
            held = market.pair.leg(direction).size
            return min(held, most) if held else NOTHING_TO_REDUCE
        qty = _on_step(order.qty, instrument)
        if isinstance(qty, Refusal):
            return qty
        if order.reduce_only:
            # The engine splits a larger reduce-only order; one part of it is simulated.
            qty = min(qty, most)
        return QTY_INVALID if qty < market.min_steps or qty > most else qty

    def _admit(
        self,
        order: NewOrder,
        market: Market,
        direction: DirectionType,
        ticks: Ticks,
        qty: Steps,
    ) -> Steps | Refusal:
        """The venue's own checks, asked in advance: the answer comes with the acknowledgement."""
        request = request_of(order, direction, ticks, qty, "")
        admitted = admit(request, market, WireIds(), MAX_OPEN_ORDERS)
        if isinstance(admitted, Refusal):
            if admitted is BELOW_MIN_NOTIONAL:
                least = market.instrument.min_notional
                return Refusal(admitted.code, f"{admitted.text} {least}USDT")
            return admitted
        if not closes(direction, order.side) and not self._venue.clearing.can_afford(
            market, direction, ticks * admitted
        ):
            return NOT_AFFORDABLE
        return admitted

    def _on_tick(self, text: str, instrument: Instrument) -> Ticks | Refusal:
        try:
            ticks = instrument.to_ticks(number_of(text))
        except InstrumentError:
            return PRICE_INVALID
        return ticks if ticks > 0 else PRICE_INVALID

    def _bound(self, buys: bool, market: Market) -> int | None:
        """The highest buy or the lowest sell that price-limit publishes, in ticks."""
        limits = self._listed[market.symbol].price_limits()
        if limits is None:
            return None
        return market.instrument.to_ticks(limits[0] if buys else limits[1])

    def _out_of_range(self, buys: bool, market: Market, ticks: Ticks) -> bool:
        """Whether a limit lies beyond the band that price-limit publishes (bybit.md A.4)."""
        limits = self._listed[market.symbol].price_limits()
        if limits is None:
            return False
        price = market.instrument.price(ticks)
        return price > limits[0] if buys else price < limits[1]


def _is_zero(text: str) -> bool:
    try:
        return not number_of(text)
    except InstrumentError:
        return False


def _on_step(text: str, instrument: Instrument) -> Steps | Refusal:
    try:
        value = number_of(text)
        if Decimal(0) < value < instrument.qty_step:
            return QTY_TRUNCATED
        steps = instrument.to_steps(value)
    except InstrumentError:
        return QTY_INVALID
    return steps if steps > 0 else QTY_INVALID

"""The simulated exchange: requests, market rows and time go in, events come out.

It composes books, matching, clearing, liquidation and latency; it refuses to know strategies, and
it never raises for what a market or a request does.
"""

from collections.abc import Sequence
from decimal import Decimal

from gridcore.clock import Instant
from gridcore.events import (
    CancelAccepted,
    Event,
    ExecType,
    FillEvidence,
    OrderStatus,
    OrderUpdate,
    PlaceAccepted,
    WalletUpdate,
)
from gridcore.instrument import Price, Steps, Ticks
from gridcore.session.effects import CancelOrder, PlaceOrder, TimeInForce
from gridcore.sides import DirectionType, opens
from simvenue.bands import refresh_band
from simvenue.book import RestingOrder
from simvenue.clearing import Clearing, Takeover
from simvenue.latency import Transit
from simvenue.limits import (
    CANCELLED_BY_USER,
    NOT_AFFORDABLE,
    ORDER_GONE,
    POST_ONLY_WOULD_TAKE,
    UNKNOWN_SYMBOL,
    Refusal,
    WireIds,
    admit,
)
from simvenue.liquidation import liquidate_if_due
from simvenue.market import Market
from simvenue.matching import crossed_price
from simvenue.messages import (
    FundingPrice,
    LegState,
    LiquidationPolicy,
    SymbolSpec,
    VenueBand,
    VenueConfig,
)
from simvenue.reports import (
    cancel_rejected,
    order_update,
    place_rejected,
    push_legs,
    resting_status,
    wallet_update,
)
from simvenue.snapshot import venue_snapshot

NEW = OrderStatus.NEW
CANCELLED = OrderStatus.CANCELLED
POST_ONLY = TimeInForce.POST_ONLY
TAKER = FillEvidence.TAKER


class SimVenue:
    """A hedge-mode exchange for several symbols on one wallet, on virtual time.

    The caller delivers in time order: `advance(t)` before the rows of time t. Requests answered to
    those rows follow with `submit(..., t)`, so that an order can fill at the next row first (B-6).
    `clearing` is open to what else an exchange does (other_hands.py); a session never sees it.
    """

    def __init__(self, config: VenueConfig, symbols: Sequence[SymbolSpec], start: Instant) -> None:
        self._config = config
        self._markets = {spec.instrument.symbol: Market(spec, config, start) for spec in symbols}
        self.clearing = Clearing(tuple(self._markets.values()), config.initial_balance)
        self._transit = Transit()
        self._wire_ids = WireIds()
        self._stopped = False
        self._funding_due = self._next_funding()

    # Requests and time

    def submit(self, request: PlaceOrder | CancelOrder, now: Instant) -> list[Event]:
        """Send one request: its reply and what it causes, or nothing until its latency is over."""
        config = self._config
        if isinstance(request, PlaceOrder):
            latency = config.place_latency_us
        else:
            latency = config.cancel_latency_us
        if latency:
            self._transit.send(request, Instant(now + latency))
            return []
        return self._act(request, now)

    def next_deadline(self) -> Instant | None:
        """When something happens without a market row: a request in transit, a funding boundary."""
        due = self._transit.next_due()
        funding = self._funding_due
        if due is None or funding is None:
            return funding if due is None else due
        return funding if funding < due else due

    def advance(self, now: Instant) -> list[Event]:
        """Everything due until `now`, in time order; funding first, requests in the order sent."""
        events: list[Event] = []
        while (due := self.next_deadline()) is not None and due <= now:
            if due == self._funding_due:
                self._fund(due, events)
            else:
                events += self._act(self._transit.arrive(), due)
        return events

    # Market rows

    def on_trade(
        self, symbol: str, at: Instant, price: Ticks, qty: Steps, side: int
    ) -> list[Event]:
        """One trade; `side` +1: the taker bought, -1: sold, 0: unknown. Not positive: ignored."""
        market = self._markets[symbol]
        if market.trade_low < price < market.trade_high:
            market.last = price
            return []
        if price <= 0:
            return []
        events: list[Event] = []
        previous, market.last = market.last, price
        matching = market.matching
        fills = matching.on_trade(market.book, previous, price, qty, side)
        if matching.bounds_follow_last or previous is None:
            market.expire()
        if fills:
            self.clearing.match(market, fills, at, events)
        self._settle(market, at, events)
        return events

    def on_ticker(
        self,
        symbol: str,
        at: Instant,
        last: Price,
        mark: Decimal | None,
        bid: Price | None,
        ask: Price | None,
        funding_rate: Decimal | None,
    ) -> list[Event]:
        """One ticker. An absent quote fills nothing; an absent mark or rate leaves the known one.

        Models of the last price match here only when the tape has no trades of this symbol.
        """
        market = self._markets[symbol]
        previous, marked = market.last, market.ticker_mark is not None
        quiet = self._is_quiet(market, last, mark, bid, ask)
        market.see(last, mark, bid, ask, funding_rate)
        if marked is not (market.ticker_mark is not None):
            # Trades no longer move the mark.
            market.expire()
        if quiet:
            return []
        events: list[Event] = []
        matching = market.matching
        fills = matching.on_quotes(market.book, market.bid, market.ask)
        if not market.has_trades and last > 0:
            fills += matching.on_last(market.book, previous, last)
            if matching.bounds_follow_last or previous is None:
                market.expire()
        if fills:
            self.clearing.match(market, fills, at, events)
        self._settle(market, at, events)
        return events

    def quiet_band(self, symbol: str) -> VenueBand:
        """The prices between which a row of `symbol` causes no event.

        Rows strictly inside may be skipped until `next_deadline` when the newest skipped one is
        delivered before anything else happens on any symbol. A row in which a mark, a quote or a
        rate appears or disappears must not be skipped. Holds for prices in whole ticks.
        """
        market = self._markets[symbol]
        band = market.band
        return refresh_band(market, self.clearing) if band is None else band

    def expect_anything(self) -> None:
        """Forget the quiet bands: the next row is judged without them (for verification)."""
        for market in self.clearing.markets:
            market.expire()

    # Operations of the exchange

    def close_all(self, at: Instant) -> list[Event]:
        """Wind down: cancel every order, close every leg at the last price as taker (B-11)."""
        events: list[Event] = []
        clearing = self.clearing
        clearing.cancel_all(CANCELLED_BY_USER, at, events)
        touched = []
        for market in clearing.markets:
            price = market.last
            if price is None or not market.pair.open:
                continue
            touched.append(market)
            for leg in market.pair.legs:
                if leg.size:
                    wire_id = f"wind_down_{leg.direction.value}"
                    takeover = Takeover(ExecType.TRADE, TAKER, wire_id)
                    clearing.take_over(market, leg, leg.size, price, takeover, at, events)
        if touched:
            if clearing.wallet < 0:
                clearing.insure(at, events)
            clearing.report(touched, at, events)
        return events

    def deleverage(
        self, symbol: str, direction: DirectionType, qty: Steps, at: Instant
    ) -> list[Event]:
        """Auto-deleveraging: the exchange takes up to `qty` off a leg at the mark, as taker.

        Closes that the leg no longer covers are cut or cancelled, the farthest first.
        """
        market = self._markets[symbol]
        leg = market.pair.leg(direction)
        mark = market.mark()
        taken = qty if qty <= leg.size else leg.size
        events: list[Event] = []
        if taken <= 0 or mark is None:
            return events
        takeover = Takeover(ExecType.ADL, None, "")
        price = market.instrument.to_price(mark)
        self.clearing.take_over(market, leg, taken, price, takeover, at, events)
        self.clearing.report((market,), at, events)
        self._settle(market, at, events)
        return events

    # The exchange's view

    @property
    def wallet(self) -> Decimal:
        """Cash in USDT."""
        return self.clearing.wallet

    @property
    def stopped(self) -> bool:
        """Whether a liquidation ended the run (LiquidationPolicy.STOP)."""
        return self._stopped

    def equity(self) -> Decimal:
        """Cash and unrealised profit, every symbol at its mark."""
        return self.clearing.totals().balance

    def initial_margin(self) -> Decimal:
        """Initial margin of all legs at the marks and of all resting opens."""
        return self.clearing.totals().initial

    def maintenance_margin(self) -> Decimal:
        """Maintenance margin of all legs at the marks."""
        return self.clearing.totals().maintenance

    def mark(self, symbol: str) -> Decimal | None:
        """The mark price; None before the first row."""
        return self._markets[symbol].mark()

    def legs(self, symbol: str) -> tuple[LegState, LegState]:
        """The long and the short leg."""
        pair = self._markets[symbol].pair
        long, short = pair.legs
        return (
            LegState(direction=long.direction, size=long.size, entry=long.entry),
            LegState(direction=short.direction, size=short.size, entry=short.entry),
        )

    def open_orders(self, symbol: str) -> list[OrderUpdate]:
        """The resting orders as they were last reported, oldest first."""
        orders = self._markets[symbol].book.orders.values()
        return [order_update(symbol, order, resting_status(order)) for order in orders]

    def position_updates(self, symbol: str, at: Instant) -> list[Event]:
        """Both legs as a snapshot answers them, flat ones too."""
        events: list[Event] = []
        push_legs(self._markets[symbol], self.clearing.totals(), at, events, every=True)
        return events

    def wallet_update(self, at: Instant) -> WalletUpdate:
        """The wallet as a snapshot answers it."""
        return wallet_update(self.clearing.totals(), at)

    def snapshot(self) -> dict[str, object]:
        """All state, serialisable as JSON, the same bytes for the same state."""
        return venue_snapshot(self.clearing, self._transit, self._wire_ids, stopped=self._stopped)

    # Inside

    def _act(self, request: PlaceOrder | CancelOrder, at: Instant) -> list[Event]:
        if isinstance(request, PlaceOrder):
            return self._place(request, at)
        return self._cancel(request, at)

    def _place(self, request: PlaceOrder, at: Instant) -> list[Event]:
        market = self._markets.get(request.symbol)
        if market is None:
            return [place_rejected(request, UNKNOWN_SYMBOL, at)]
        clearing = self.clearing
        admitted = admit(request, market, self._wire_ids, self._config.max_orders_per_symbol)
        if isinstance(admitted, Refusal):
            return [place_rejected(request, admitted, at)]
        if opens(request.direction, request.side) and not clearing.can_afford(
            market, request.direction, request.price * admitted
        ):
            return [place_rejected(request, NOT_AFFORDABLE, at)]
        self._wire_ids.use(request.wire_id)
        order = RestingOrder(request, clearing.next_order_id(), admitted, clearing.orders, at)
        events: list[Event] = [
            PlaceAccepted(
                symbol=request.symbol,
                at=at,
                wire_id=request.wire_id,
                order_id=order.order_id,
            )
        ]
        opposite = crossed_price(order, market.last, market.bid, market.ask)
        if opposite is not None and request.time_in_force is POST_ONLY:
            events.append(order_update(market.symbol, order, CANCELLED, POST_ONLY_WOULD_TAKE))
            return events
        order.ahead = market.queue_ahead
        market.book.add(order)
        market.expire()
        if not order.closing:
            market.remeasure()
        if market.repeats:
            events.append(order_update(market.symbol, order, NEW))
        if opposite is not None:
            clearing.fill(market, order, order.leaves, opposite, False, TAKER, at, events)
            clearing.report((market,), at, events)
            self._settle(market, at, events)
        return events

    def _cancel(self, request: CancelOrder, at: Instant) -> list[Event]:
        market = self._markets.get(request.symbol)
        order = market.book.find(request.order_id, request.wire_id) if market else None
        if market is None or order is None:
            return [cancel_rejected(request, ORDER_GONE, at)]
        events: list[Event] = [
            CancelAccepted(symbol=request.symbol, at=at, order_id=order.order_id)
        ]
        self.clearing.cancel(market, order, CANCELLED_BY_USER, at, events)
        return events

    def _fund(self, due: Instant, events: list[Event]) -> None:
        """Settle every symbol whose boundary this is, with what is known of the market now."""
        for market in self.clearing.markets:
            if market.next_funding != due:
                continue
            market.next_funding = Instant(due + market.spec.funding_interval_us)
            by_mark = self._config.funding_price is FundingPrice.MARK
            price = market.mark() if by_mark else market.last_price()
            if price is not None:
                self.clearing.fund(market, due, price, events)
                self._settle(market, due, events)
        self._funding_due = self._next_funding()

    def _next_funding(self) -> Instant | None:
        if not self._config.funding_enabled or not self._markets:
            return None
        return min(market.next_funding for market in self.clearing.markets)

    def _is_quiet(
        self,
        market: Market,
        last: Price,
        mark: Decimal | None,
        bid: Price | None,
        ask: Price | None,
    ) -> bool:
        return (
            market.band is not None
            and (market.has_trades or market.trade_low < last < market.trade_high)
            and (mark is None or market.zone.low < mark < market.zone.high)
            and (bid is None or bid < market.bid_high)
            and (ask is None or ask > market.ask_low)
        )

    def _settle(self, market: Market, at: Instant, events: list[Event]) -> None:
        """After anything that moved a mark, a leg or cash: liquidate if due, renew the band."""
        clearing = self.clearing
        if events:
            if clearing.solvent:
                return
        elif clearing.zones_hold:
            mark = market.mark()
            if mark is None or market.zone.low < mark < market.zone.high:
                if market.band is None:
                    refresh_band(market, clearing)
                return
        if liquidate_if_due(clearing, at, events):
            self._stopped |= self._config.liquidation_policy is LiquidationPolicy.STOP
            return
        clearing.zones_hold = False
        refresh_band(market, clearing)

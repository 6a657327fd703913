"""The clearing house: fills, fees, funding and the one wallet; it writes what it does as events.

It knows cash and legs of all symbols; it refuses to know why an order filled and when.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from gridcore.clock import Instant
from gridcore.events import (
    CashKind,
    CashMoved,
    Event,
    ExecType,
    Execution,
    FillEvidence,
    FundingPaid,
    OrderStatus,
)
from gridcore.instrument import Price, Steps
from gridcore.pnl import funding_cash_flow, to_money
from gridcore.sides import DirectionType, SideType
from simvenue.book import NO_STEPS, RestingOrder
from simvenue.legs import Leg
from simvenue.limits import CANCELLED_BY_REDUCE_ONLY
from simvenue.market import Market
from simvenue.matching import Fill
from simvenue.reports import Totals, order_update, push_legs, resting_status, wallet_update

ZERO = Decimal(0)
PARTIALLY_FILLED = OrderStatus.PARTIALLY_FILLED
FILLED = OrderStatus.FILLED
TRADE = ExecType.TRADE


class Takeover(NamedTuple):
    """Why the exchange closes a leg by an order of its own."""

    kind: ExecType
    evidence: FillEvidence | None
    wire_id: str


class Clearing:
    """Wallet and counters of the venue. Every cash entry is quantised to 1e-8 (ARCHITECTURE 3).

    `zones_hold` is false while the markets' liquidation zones are older than wallet or legs;
    `solvent` says whether equity exceeded the maintenance margin at the last `report`.
    """

    __slots__ = (
        "executions",
        "markets",
        "movements",
        "orders",
        "solvent",
        "wallet",
        "zones_hold",
    )

    def __init__(self, markets: Sequence[Market], initial_balance: Decimal) -> None:
        self.markets = tuple(markets)
        self.wallet = to_money(initial_balance)
        self.orders = 0
        self.executions = 0
        self.movements = 0
        self.zones_hold = True
        self.solvent = True

    def next_order_id(self) -> str:
        """Mint an order id."""
        self.orders += 1
        return f"O{self.orders:08d}"

    def totals(self) -> Totals:
        """Cash, equity and margins of the wallet, every symbol at its mark."""
        balance = self.wallet
        initial = maintenance = ZERO
        for market in self.markets:
            market.measure()
            balance += market.unrealised
            initial += market.initial
            maintenance += market.maintenance
        return Totals(self.wallet, balance, initial, maintenance)

    def can_afford(self, market: Market, direction: DirectionType, value_units: int) -> bool:
        """Whether an open of `value_units` (ticks * steps) fits the wallet (18.3, LS-25).

        Initial margin of legs at the mark, resting opens and this order, and its taker fee, must
        not exceed cash and unrealised profit.
        """
        totals = self.totals()
        value = market.unit * value_units
        qty = market.pair.leg(direction).qty
        mark = market.mark()
        leg_value = qty * mark if qty and mark is not None else ZERO
        needed = market.margins.initial(value, leg_value) + value * market.taker_rate
        return needed <= totals.balance - totals.initial

    def match(
        self, market: Market, fills: Sequence[Fill], at: Instant, events: list[Event]
    ) -> None:
        """Book the fills of one row: at the limit price, with the maker fee (F-0)."""
        for order, qty, evidence in fills:
            self.fill(market, order, qty, order.price, True, evidence, at, events)
        self.report((market,), at, events)

    def fill(
        self,
        market: Market,
        order: RestingOrder,
        qty: Steps,
        price: Price,
        is_maker: bool,
        evidence: FillEvidence,
        at: Instant,
        events: list[Event],
    ) -> None:
        """Book one fill of an order in the book; `report` tells legs and wallet afterwards."""
        rate = market.maker_rate if is_maker else market.taker_rate
        fee = self._settle(market, market.pair.legs[order.leg], order.side, price, qty, rate)
        order.filled = Steps(order.filled + qty)
        order.updated_at = at
        market.book.reduce(order, qty)
        events.append(
            Execution(
                symbol=market.symbol,
                at=at,
                sequence=self.executions,
                exec_id=f"X{self.executions:08d}",
                order_id=order.order_id,
                wire_id=order.wire_id,
                direction=order.direction,
                side=order.side,
                price=price,
                qty=qty,
                leaves=order.leaves,
                closed=qty if order.closing else NO_STEPS,
                fee=fee,
                kind=TRADE,
                is_maker=is_maker,
                evidence=evidence,
            )
        )
        if market.repeats:
            status = PARTIALLY_FILLED if order.leaves else FILLED
            events.append(order_update(market.symbol, order, status))

    def take_over(
        self,
        market: Market,
        leg: Leg,
        qty: Steps,
        price: Price,
        takeover: Takeover,
        at: Instant,
        events: list[Event],
    ) -> None:
        """Close `qty` steps of a leg at `price` with the taker fee; no resting order is used."""
        fee = self._settle(market, leg, leg.closing_side, price, qty, market.taker_rate)
        events.append(
            Execution(
                symbol=market.symbol,
                at=at,
                sequence=self.executions,
                exec_id=f"X{self.executions:08d}",
                order_id=self.next_order_id(),
                wire_id=takeover.wire_id,
                direction=leg.direction,
                side=leg.closing_side,
                price=price,
                qty=qty,
                leaves=NO_STEPS,
                closed=qty,
                fee=fee,
                kind=takeover.kind,
                is_maker=False,
                evidence=takeover.evidence,
            )
        )
        market.pair.changed()
        market.remeasure()
        self._uncover(market, leg, at, events)

    def _settle(
        self, market: Market, leg: Leg, side: SideType, price: Price, qty: int, rate: Decimal
    ) -> Decimal:
        quote = market.tick * price if isinstance(price, int) else market.instrument.price(price)
        coins = market.step * qty
        fee = to_money(quote * coins * rate)
        self.wallet += leg.fill(side, quote, coins, qty) - fee
        self.executions += 1
        return fee

    def cancel(
        self, market: Market, order: RestingOrder, reason: str, at: Instant, events: list[Event]
    ) -> None:
        """Take an order off the book."""
        order.updated_at = at
        market.book.reduce(order, order.leaves)
        events.append(order_update(market.symbol, order, OrderStatus.CANCELLED, reason))
        market.remeasure()
        market.expire()

    def cancel_all(self, reason: str, at: Instant, events: list[Event]) -> None:
        """Take every order off every book, symbol by symbol, oldest first."""
        for market in self.markets:
            for order in list(market.book.orders.values()):
                self.cancel(market, order, reason, at, events)

    def _uncover(self, market: Market, leg: Leg, at: Instant, events: list[Event]) -> None:
        """Cut the closes that a shrunken leg no longer covers, farthest from the market first."""
        index = market.pair.legs.index(leg)
        excess = market.book.closing_qty[index] - leg.size
        if excess <= 0:
            return
        # Sells above the market: the farthest is the highest; buys below: the lowest.
        direction = -1 if leg is market.pair.long else 1
        closes = sorted(
            market.book.closes_of(index),
            key=lambda order: (direction * order.price, -order.accepted),
        )
        for order in closes:
            if excess <= 0:
                return
            cut = min(order.leaves, excess)
            excess -= cut
            if cut == order.leaves:
                self.cancel(market, order, CANCELLED_BY_REDUCE_ONLY, at, events)
                continue
            order.qty = Steps(order.qty - cut)
            order.updated_at = at
            market.book.reduce(order, cut)
            status = resting_status(order)
            events.append(order_update(market.symbol, order, status, CANCELLED_BY_REDUCE_ONLY))

    def fund(self, market: Market, at: Instant, price: Decimal, events: list[Event]) -> None:
        """Settle funding on the open legs: a long pays a positive rate (18.5, LS-44)."""
        rate = market.funding_rate
        if rate is None or not market.pair.open:
            return
        for leg in market.pair.legs:
            if not leg.size:
                continue
            amount = funding_cash_flow(leg.direction, leg.qty, price, rate)
            self.wallet += amount
            self.executions += 1
            leg.touched = True
            events.append(
                FundingPaid(
                    symbol=market.symbol,
                    at=at,
                    exec_id=f"X{self.executions:08d}",
                    direction=leg.direction,
                    qty=leg.size,
                    rate=rate,
                    price=price,
                    amount=amount,
                )
            )
        self.report((market,), at, events)

    def insure(self, at: Instant, events: list[Event]) -> None:
        """Bring a bankrupt wallet to zero: the insurance fund bears the loss."""
        self.movements += 1
        events.append(
            CashMoved(
                at=at,
                kind=CashKind.INSURANCE,
                amount=-self.wallet,
                movement_id=f"C{self.movements:08d}",
            )
        )
        self.wallet = to_money(ZERO)

    def report(self, markets: Sequence[Market], at: Instant, events: list[Event]) -> None:
        """Tell the touched legs and the wallet, and forget what depended on them."""
        self.zones_hold = False
        for market in self.markets:
            market.expire()
        for market in markets:
            market.pair.changed()
            market.remeasure()
        totals = self.totals()
        self.solvent = totals.balance > totals.maintenance
        for market in markets:
            push_legs(market, totals, at, events)
        events.append(wallet_update(totals, at))

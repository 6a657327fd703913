"""The life of orders of one account: acknowledged, then placed, changed, cancelled on the venue.

It knows when a request acts (at once or after the account's latency); it refuses to know rows.
"""

from collections.abc import Mapping

from bybit_sim.exchange.books import Books
from bybit_sim.exchange.ids import Ids
from bybit_sim.exchange.intake import Intake, Placement
from bybit_sim.exchange.taking import Taking
from bybit_sim.exchange.texts import scaled
from bybit_sim.exchange.transit import Arriving, Transit
from bybit_sim.exchange.words import (
    OPEN_STATES,
    Amendment,
    Lifetime,
    NewOrder,
    OrderRecord,
    OrderType,
    State,
)
from bybit_sim.market.symbols import SymbolMarket
from gridcore.clock import Instant
from gridcore.events import CancelRejected
from gridcore.instrument import Steps, Ticks
from gridcore.session.effects import CancelOrder, CancelReason
from gridcore.sides import LONG, SHORT
from simvenue import SimVenue
from simvenue.amending import amend
from simvenue.limits import ORDER_GONE, Refusal

CANCELLED_AT_ONCE = 500
LOST_RACE = "EC_OrigClOrdIDDoesNotExist"


class OrderDesk:
    """Takes orders, changes and cancels of one account."""

    def __init__(
        self,
        listed: Mapping[str, SymbolMarket],
        venue: SimVenue,
        books: Books,
        intake: Intake,
        taking: Taking,
        ids: Ids,
        latency_us: int,
    ) -> None:
        self._listed = listed
        self._venue = venue
        self._books = books
        self._intake = intake
        self._taking = taking
        self._ids = ids
        self._latency_us = latency_us
        self._transit = Transit(latency_us)

    def create(self, order: NewOrder, now: Instant, *, hedge_mode: bool) -> OrderRecord | Refusal:
        """Acknowledge an order, or refuse it."""
        placement = self._intake.judge(
            order, hedge_mode=hedge_mode, link_used=self._books.orders.has_link(order.order_link_id)
        )
        if isinstance(placement, Refusal):
            return placement
        record = self._record(placement, now)
        self._books.orders.acknowledge(record)
        self._act(Arriving(order=record, placement=placement), now)
        return record

    def amend(self, amendment: Amendment, now: Instant) -> OrderRecord | Refusal:
        """Acknowledge a change of an open order, or refuse it."""
        order = self._working(amendment.symbol, amendment.order_id, amendment.order_link_id)
        if order is None:
            return ORDER_GONE
        change = self._intake.judge_amendment(order, amendment)
        if isinstance(change, Refusal):
            return change
        refusal = self._act(Arriving(order=order, change=change), now)
        return order if refusal is None else refusal

    def cancel(
        self, symbol: str, order_id: str, order_link_id: str, now: Instant
    ) -> OrderRecord | Refusal:
        """Acknowledge a cancel of an open order, or refuse it."""
        order = self._working(symbol, order_id, order_link_id)
        if order is None:
            return ORDER_GONE
        self._act(Arriving(order=order), now)
        return order

    def cancel_all(self, symbol: str | None, now: Instant) -> list[OrderRecord]:
        """Cancel the open orders of a symbol (None: of all), the newest first, at most 500."""
        orders = self._books.orders.open(symbol)[:CANCELLED_AT_ONCE]
        for order in orders:
            self._act(Arriving(order=order), now)
        return orders

    def next_due(self) -> Instant | None:
        """When the next acknowledged request acts."""
        return self._transit.next_due()

    def advance(self, now: Instant) -> None:
        """Let every request act that is due by `now`."""
        while (request := self._transit.arrive(now)) is not None:
            self._arrive(request, now)

    def _working(self, symbol: str, order_id: str, order_link_id: str) -> OrderRecord | None:
        order = self._books.orders.known(order_id, order_link_id)
        if order is None or order.symbol != symbol or order.state not in OPEN_STATES:
            return None
        return order

    def _record(self, placement: Placement, now: Instant) -> OrderRecord:
        order = placement.order
        listed = self._listed[order.symbol]
        instrument = listed.instrument
        qty = instrument.qty(placement.qty)
        last = listed.last_price
        market = order.order_type is OrderType.MARKET
        return OrderRecord(
            order_id=self._ids.order_id(),
            order_link_id=order.order_link_id,
            symbol=order.symbol,
            side=order.side,
            position_idx=order.position_idx,
            order_type=order.order_type,
            lifetime=Lifetime.IOC if market else order.lifetime,
            price=instrument.price(placement.ticks),
            qty=qty,
            leaves=qty,
            cum_qty=qty * 0,
            state=State.NEW,
            reduce_only=order.reduce_only,
            close_on_trigger=order.close_on_trigger,
            created_at=now,
            updated_at=now,
            last_price_on_created=None if last is None else scaled(last, instrument.tick_size),
        )

    # What a request does when it arrives

    def _act(self, request: Arriving, now: Instant) -> Refusal | None:
        if self._latency_us:
            self._transit.send(request, now)
            return None
        return self._arrive(request, now)

    def _arrive(self, request: Arriving, now: Instant) -> Refusal | None:
        order = request.order
        refusal = None
        if request.placement is not None:
            told = self._place(order, request.placement, now)
        elif request.change is not None:
            refusal, told = self._change(order, request.change, now)
        else:
            told = self._cancel(order, now)
        if not told and refusal is None:
            # Positions are pushed on every request, changed or not (bybit.md B.4).
            direction = LONG if order.position_idx == 1 else SHORT
            self._books.tell_legs(order.symbol, [direction], now)
        return refusal

    def _place(self, order: OrderRecord, placement: Placement, now: Instant) -> bool:
        self._books.orders.arrive(order)
        if not placement.takes:
            events = self._venue.submit(placement.request(order.order_id), now)
            return self._books.take(events, now)
        taken = self._taking.take(placement, order.order_id, now)
        told = self._books.take(taken.events, now)
        if order.state in OPEN_STATES:
            self._books.finish(order, taken.reason, now)
        return told

    def _change(
        self, order: OrderRecord, change: tuple[Ticks | None, Steps | None], now: Instant
    ) -> tuple[Refusal | None, bool]:
        ticks, qty = change
        outcome = amend(
            self._venue,
            order.symbol,
            self._books.venue_ids.get(order.order_id, ""),
            ticks,
            qty,
            now,
            post_only=order.lifetime is Lifetime.POST_ONLY,
        )
        if isinstance(outcome, Refusal):
            return outcome, False
        return None, self._books.take(outcome, now)

    def _cancel(self, order: OrderRecord, now: Instant) -> bool:
        request = CancelOrder(
            symbol=order.symbol,
            order_id=self._books.venue_ids.get(order.order_id, ""),
            wire_id=order.order_id,
            reason=CancelReason.FOREIGN,
        )
        events = self._venue.submit(request, now)
        if isinstance(events[0], CancelRejected):
            if order.state is State.FILLED:
                self._books.tell_lost_cancel(order, LOST_RACE, now)
            return False
        return self._books.take(events, now)

"""What others do on the account and what the exchange does by itself: manual orders, cancels and
trades, deposits, a changed leverage, a forced liquidation.

Each operation happens at once and returns its private events; it refuses to know the bot. A leg
or wallet that one of them leaves in danger is judged at the next row.
"""

from decimal import Decimal

from gridcore.clock import Instant
from gridcore.events import (
    CashKind,
    CashMoved,
    Event,
    ExecType,
    FillEvidence,
    PlaceAccepted,
    PlaceRejected,
)
from gridcore.instrument import Steps, Ticks
from gridcore.pnl import to_money
from gridcore.session.effects import CancelOrder, CancelReason, PlaceOrder, TimeInForce
from gridcore.sides import BUY, DirectionType, SideType, closes, opening_side
from simvenue.clearing import Takeover
from simvenue.liquidation import liquidate
from simvenue.margin import MarginTable
from simvenue.market import Market
from simvenue.venue import SimVenue

NOBODY = "another hand"


class OtherHands:
    """Operations on a venue that no session asked for."""

    __slots__ = ("_markets", "_venue")

    def __init__(self, venue: SimVenue) -> None:
        self._venue = venue
        self._markets = {market.symbol: market for market in venue.clearing.markets}

    def order(
        self,
        symbol: str,
        wire_id: str,
        direction: DirectionType,
        side: SideType,
        price: Ticks,
        qty: Steps,
        now: Instant,
        *,
        takes: bool = False,
    ) -> tuple[str, list[Event]]:
        """Place an order under any wire id: its order id, or "" when the exchange refused it.

        `takes`: it may take liquidity; otherwise it is PostOnly. The reply went to the other hand;
        what is returned is what everybody is told.
        """
        request = PlaceOrder(
            symbol=symbol,
            strat_id=NOBODY,
            client_order_id=wire_id,
            wire_id=wire_id,
            direction=direction,
            side=side,
            price=price,
            qty=qty,
            reduce_only=closes(direction, side),
            time_in_force=TimeInForce.GTC if takes else TimeInForce.POST_ONLY,
            level=0,
        )
        events = self._venue.submit(request, now)
        reply = events[0]
        if isinstance(reply, PlaceRejected):
            return "", []
        assert isinstance(reply, PlaceAccepted), "a placement is answered first"
        return reply.order_id, events[1:]

    def cancel(self, symbol: str, order_id: str, now: Instant) -> list[Event]:
        """Cancel any resting order; nothing when it is gone."""
        request = CancelOrder(
            symbol=symbol, order_id=order_id, wire_id="", reason=CancelReason.FOREIGN
        )
        return self._venue.submit(request, now)[1:]

    def open_trade(
        self, symbol: str, wire_id: str, direction: DirectionType, qty: Steps, now: Instant
    ) -> list[Event]:
        """Enlarge a leg at the market, as taker; nothing when the wallet cannot afford it."""
        market = self._markets[symbol]
        last = market.last
        if last is None:
            return []
        side = opening_side(direction)
        quote = market.ask if side is BUY else market.bid
        across = int(last if quote is None else quote) + (1 if side is BUY else -1)
        price = Ticks(max(across, 1))
        return self.order(symbol, wire_id, direction, side, price, qty, now, takes=True)[1]

    def close_trade(
        self, symbol: str, wire_id: str, direction: DirectionType, qty: Steps, now: Instant
    ) -> list[Event]:
        """Reduce a leg at the last price, as taker, by at most what it holds.

        Resting closes that the leg no longer covers are cut or cancelled by the exchange.
        """
        market = self._markets[symbol]
        leg = market.pair.leg(direction)
        taken = qty if qty <= leg.size else leg.size
        events: list[Event] = []
        if taken <= 0 or market.last is None:
            return events
        takeover = Takeover(ExecType.TRADE, FillEvidence.TAKER, wire_id)
        clearing = self._venue.clearing
        clearing.take_over(market, leg, taken, market.last, takeover, now, events)
        clearing.report((market,), now, events)
        return events

    def move_cash(self, amount: Decimal, now: Instant) -> list[Event]:
        """Deposit (above 0) or withdraw; at most the whole wallet leaves."""
        clearing = self._venue.clearing
        moved = to_money(max(amount, -clearing.wallet))
        clearing.movements += 1
        clearing.wallet += moved
        events: list[Event] = [
            CashMoved(
                at=now,
                kind=CashKind.DEPOSIT if moved >= 0 else CashKind.WITHDRAWAL,
                amount=moved,
                movement_id=f"C{clearing.movements:08d}",
            )
        ]
        clearing.report((), now, events)
        return events

    def change_leverage(self, symbol: str, leverage: Decimal) -> None:
        """Let the exchange charge margin at another leverage from now on."""
        market = self._markets[symbol]
        market.margins = MarginTable(market.tiers, leverage)
        for each in self._venue.clearing.markets:
            each.expire()
        market.remeasure()

    def liquidate(self, now: Instant) -> list[Event]:
        """Liquidate as if the marks had gone too far: all orders, and the worst leg at least."""
        events: list[Event] = []
        liquidate(self._venue.clearing, now, events)
        return events

    def market(self, symbol: str) -> Market:
        """The venue's own state of a symbol."""
        return self._markets[symbol]

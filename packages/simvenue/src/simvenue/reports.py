"""State told as events: orders, legs and the wallet. It refuses to change anything."""

from decimal import Decimal
from typing import NamedTuple

from gridcore.clock import Instant
from gridcore.events import (
    NO_LIQUIDATION,
    CancelRejected,
    Event,
    Liquidation,
    OrderStatus,
    OrderUpdate,
    PlaceRejected,
    PositionUpdate,
    WalletUpdate,
)
from gridcore.pnl import pair_liquidation, to_money
from gridcore.session.effects import CancelOrder, PlaceOrder
from simvenue.book import NO_STEPS, RestingOrder
from simvenue.limits import Refusal
from simvenue.market import Market

ZERO = Decimal(0)
CANCELLED = OrderStatus.CANCELLED


class Totals(NamedTuple):
    """The wallet with every symbol at its mark."""

    wallet: Decimal
    balance: Decimal
    initial: Decimal
    maintenance: Decimal

    @property
    def slack(self) -> Decimal:
        """What the equity may lose before the wallet is liquidated."""
        return self.balance - self.maintenance


def order_update(
    symbol: str, order: RestingOrder, status: OrderStatus, reason: str = ""
) -> OrderUpdate:
    """The state of an order; a cancelled one leaves nothing (bybit.md A.7)."""
    return OrderUpdate(
        symbol=symbol,
        at=order.updated_at,
        order_id=order.order_id,
        wire_id=order.wire_id,
        direction=order.direction,
        side=order.side,
        price=order.price,
        qty=order.qty,
        leaves=NO_STEPS if status is CANCELLED else order.leaves,
        filled=order.filled,
        status=status,
        reduce_only=order.closing,
        reason=reason,
    )


def place_rejected(request: PlaceOrder, refusal: Refusal, at: Instant) -> PlaceRejected:
    """The exchange's no to a placement."""
    return PlaceRejected(
        symbol=request.symbol,
        at=at,
        wire_id=request.wire_id,
        code=refusal.code,
        text=refusal.text,
    )


def cancel_rejected(request: CancelOrder, refusal: Refusal, at: Instant) -> CancelRejected:
    """The exchange's no to a cancel."""
    return CancelRejected(
        symbol=request.symbol,
        at=at,
        order_id=request.order_id,
        code=refusal.code,
        text=refusal.text,
    )


def resting_status(order: RestingOrder) -> OrderStatus:
    """The status of an order that rests."""
    return OrderStatus.PARTIALLY_FILLED if order.filled else OrderStatus.NEW


def wallet_update(totals: Totals, at: Instant) -> WalletUpdate:
    """The wallet; what is available is never below zero."""
    available = totals.balance - totals.initial
    return WalletUpdate(
        at=at,
        balance=totals.wallet,
        available=to_money(available) if available > 0 else ZERO,
    )


def push_legs(
    market: Market, totals: Totals, at: Instant, events: list[Event], *, every: bool = False
) -> None:
    """One PositionUpdate per touched leg, long first; the pair's liquidation is computed once."""
    mark = market.mark()
    prices = liquidation_prices(market, totals)
    for leg, liquidation in zip(market.pair.legs, prices, strict=True):
        if leg.touched or every:
            leg.touched = False
            events.append(
                PositionUpdate(
                    symbol=market.symbol,
                    at=at,
                    direction=leg.direction,
                    size=leg.size,
                    entry=leg.entry,
                    liquidation=liquidation,
                    mark=mark,
                )
            )


def liquidation_prices(market: Market, totals: Totals) -> tuple[Liquidation, Liquidation]:
    """Where the wallet would be liquidated if only this symbol moved, on the leg that causes it.

    The same price as `gridcore.pnl.pair_liquidation`, which is asked where a tier boundary lies
    between the mark and the price. Unknown (None) while there is no mark.
    """
    pair = market.pair
    mark = market.mark()
    if not pair.open:
        return NO_LIQUIDATION, NO_LIQUIDATION
    if mark is None:
        return None, None
    slack = totals.slack
    long, short = pair.long, pair.short
    if slack > 0:
        root = market.margins.crossing(pair, mark, slack)
        if root is not None:
            price: Liquidation = root if root > 0 else NO_LIQUIDATION
            return (price, NO_LIQUIDATION) if pair.net > 0 else (NO_LIQUIDATION, price)
    return pair_liquidation(
        long_size=long.qty,
        long_entry=long.entry,
        short_size=short.qty,
        short_entry=short.entry,
        mark=mark,
        wallet=totals.wallet,
        tiers=market.tiers,
        other_unrealised=totals.balance - totals.wallet - market.unrealised,
        other_maintenance=totals.maintenance - market.maintenance,
    )

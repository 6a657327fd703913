"""Forced liquidation: an outcome with events, never an exception (L-3 [REC], 18.4).

It knows equity and margin of the whole wallet; it refuses to know what the strategy wanted.
"""

from decimal import Decimal

from gridcore.clock import Instant
from gridcore.events import Event, ExecType, FillEvidence, Liquidated
from gridcore.instrument import Price
from simvenue.clearing import Clearing, Takeover
from simvenue.legs import Leg
from simvenue.limits import CANCELLED_BEFORE_LIQUIDATION
from simvenue.market import Market

BUST = Takeover(ExecType.BUST, FillEvidence.LIQUIDATION, "")


def liquidate_if_due(clearing: Clearing, at: Instant, events: list[Event]) -> bool:
    """Liquidate when equity at the mark has fallen to the maintenance margin of all legs.

    Returns whether it happened.
    """
    totals = clearing.totals()
    if totals.balance > totals.maintenance:
        return False
    return liquidate(clearing, at, events)


def liquidate(clearing: Clearing, at: Instant, events: list[Event]) -> bool:
    """Cancel every order, then take legs over until equity exceeds the maintenance margin.

    Legs are closed at the mark with the taker fee, the largest loss first, at least one of them. A
    wallet that is then flat and below zero is brought to zero by the insurance fund. Returns
    whether there was a leg to take over.
    """
    totals = clearing.totals()
    legs = _open_legs(clearing)
    if not legs:
        return False
    events.append(Liquidated(at=at, equity=totals.balance, maintenance_margin=totals.maintenance))
    clearing.cancel_all(CANCELLED_BEFORE_LIQUIDATION, at, events)
    legs.sort(key=lambda row: row[2])
    closed = 0
    for market, leg, _, mark in legs:
        price: Price = market.instrument.to_price(mark)
        clearing.take_over(market, leg, leg.size, price, BUST, at, events)
        closed += 1
        totals = clearing.totals()
        if totals.balance > totals.maintenance:
            break
    if closed == len(legs) and clearing.wallet < 0:
        clearing.insure(at, events)
    touched = [
        market for market in clearing.markets if any(leg.touched for leg in market.pair.legs)
    ]
    clearing.report(touched, at, events)
    return True


def _open_legs(clearing: Clearing) -> list[tuple[Market, Leg, Decimal, Decimal]]:
    """(market, leg, profit at the mark, mark) of every open leg, symbol by symbol, long first."""
    rows = []
    for market in clearing.markets:
        mark = market.mark()
        for leg in market.pair.legs:
            if leg.size and mark is not None:
                rows.append((market, leg, leg.unrealised(mark), mark))
    return rows

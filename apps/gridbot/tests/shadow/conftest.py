"""A shadow's venue on a clock that a test moves, and a market that a test makes."""

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from gridbot.shadow.founding import symbol_spec, venue_config
from gridbot.shadow.shadow_venue import ShadowVenue
from gridbot.terms import SymbolTerms
from gridcore.clock import Instant
from gridcore.events import Event, PublicTrade, Ticker
from gridcore.instrument import Price, Steps, Ticks
from gridcore.session.effects import (
    Approved,
    AskSnapshot,
    CancelOrder,
    CancelReason,
    PlaceOrder,
    SnapshotKind,
    TimeInForce,
)
from gridcore.sides import BUY, LONG, DirectionType, SideType

SYMBOL = "BTCUSDT"
CENTER = 1_000_000
"""Ticks of 0.1: a price of 100000."""


class Shadow:
    """A venue with 10000 USDT, and what it put."""

    def __init__(self, terms: SymbolTerms, start: Instant) -> None:
        self.now = start
        self.put: list[Event] = []
        self.died: list[str] = []
        self.venue = ShadowVenue(
            "main",
            venue_config([terms], Decimal(10_000)),
            [symbol_spec(terms)],
            now=lambda: self.now,
            put=self.put.append,
            on_died=self.died.append,
        )

    def new(self) -> list[Event]:
        """What was put since the last look."""
        found = list(self.put)
        self.put.clear()
        return found

    def ticker(self, last: Price = CENTER, rate: str | None = None) -> Ticker:
        return Ticker(
            symbol=SYMBOL,
            at=self.now,
            last=last,
            mark=Decimal(100_000),
            bid=Ticks(CENTER - 1),
            ask=Ticks(CENTER + 1),
            funding_rate=None if rate is None else Decimal(rate),
        )

    def trade(self, price: Price, side: SideType | None = BUY) -> PublicTrade:
        return PublicTrade(symbol=SYMBOL, at=self.now, price=price, qty=Steps(10), side=side)

    def order(
        self,
        price: int,
        number: int = 1,
        side: SideType = BUY,
        direction: DirectionType = LONG,
        tif: TimeInForce = TimeInForce.POST_ONLY,
    ) -> Approved[PlaceOrder]:
        """An order of 100 steps, 0.1 coins."""
        return Approved(
            PlaceOrder(
                symbol=SYMBOL,
                strat_id="grid",
                client_order_id="0123456789abcdef",
                wire_id=f"0123456789abcdef-{number}",
                direction=direction,
                side=side,
                price=Ticks(price),
                qty=Steps(100),
                reduce_only=(side is BUY) is not (direction is LONG),
                time_in_force=tif,
                level=number,
            )
        )

    def cancel(self, order_id: str) -> CancelOrder:
        return CancelOrder(
            symbol=SYMBOL, order_id=order_id, wire_id="", reason=CancelReason.REBUILD
        )

    def ask(self, kind: SnapshotKind, since: Instant | None = None) -> AskSnapshot:
        symbol = None if kind is SnapshotKind.WALLET else SYMBOL
        return AskSnapshot(kind=kind, symbol=symbol, reason="a test", since=since)


@pytest.fixture
def shadow(make_terms: Callable[..., SymbolTerms], start: Instant) -> Iterator[Shadow]:
    """A shadow that has seen one ticker."""
    found = Shadow(make_terms(), start)
    found.venue.hear(found.ticker())
    found.new()
    yield found
    asyncio.run(found.venue.close())
    assert not found.died

"""Liquidation is an outcome with an event (L-3, 18.4): when, in which order, and what is left."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from gridcore.clock import Instant
from gridcore.events import (
    CashMoved,
    Execution,
    Liquidated,
    OrderUpdate,
    PositionUpdate,
    WalletUpdate,
)
from gridcore.session.effects import PlaceOrder
from gridcore.sides import LONG, SELL, SHORT
from simvenue.messages import LiquidationPolicy, SymbolSpec
from simvenue.venue import SimVenue

Venues = Callable[..., SimVenue]
Placing = Callable[..., PlaceOrder]
Rows = Callable[..., list[Any]]


def leveraged_long(make_venue: Venues, place: Placing, trade: Rows, **changes: Any) -> SimVenue:
    """1.9 coins long at 50,000 on 10,000 USDT (maker fee 19)."""
    venue = make_venue(**changes)
    trade(venue, 1, 500_010)
    venue.submit(place("open", 500_000, 1_900), Instant(1))
    trade(venue, 2, 499_999)
    return venue


def test_the_wallet_is_liquidated_at_the_mark_where_equity_equals_the_maintenance_margin(
    make_venue: Venues, place: Placing, trade: Rows, ticker: Rows
) -> None:
    # 9,981 + 1.9 * (p - 50,000) = 0.01 * 1.9 * p  <=>  p = 85,019 / 1.881 = 45,198.830...
    venue = leveraged_long(make_venue, place, trade)

    above = ticker(venue, 3, 499_999, mark="45198.831")
    below = ticker(venue, 4, 499_999, mark="45198.830")

    assert above == []
    assert isinstance(below[0], Liquidated)
    assert below[0].equity <= below[0].maintenance_margin
    assert venue.stopped


def test_orders_are_cancelled_first_and_legs_closed_at_the_mark_as_bust_trades(
    make_venue: Venues, place: Placing, trade: Rows
) -> None:
    venue = leveraged_long(make_venue, place, trade)
    venue.submit(place("close", 510_000, 1_900, side=SELL), Instant(3))

    events = trade(venue, 4, 450_000)

    liquidated, cancelled, execution, position, wallet = events
    assert isinstance(liquidated, Liquidated)
    assert isinstance(cancelled, OrderUpdate)
    assert (cancelled.status, cancelled.reason) == ("Cancelled", "CancelAllBeforeLiq")
    assert isinstance(execution, Execution)
    assert (execution.kind, execution.price, execution.closed) == ("BustTrade", 450_000, 1_900)
    assert (execution.evidence, execution.is_maker) == ("liquidation", False)
    assert execution.fee == Decimal("47.025")
    assert isinstance(position, PositionUpdate)
    assert (position.size, position.entry) == (0, None)
    assert isinstance(wallet, WalletUpdate)
    assert wallet.balance == Decimal("433.975")
    assert venue.open_orders("BTCUSDT") == []


def test_a_bankrupt_wallet_is_brought_to_zero_by_the_insurance_fund(
    make_venue: Venues, place: Placing, trade: Rows
) -> None:
    venue = leveraged_long(make_venue, place, trade)

    events = trade(venue, 4, 400_000)

    insurance = [event for event in events if isinstance(event, CashMoved)]
    assert [(move.kind, move.amount) for move in insurance] == [("insurance", Decimal("9060.8"))]
    assert venue.wallet == 0
    assert isinstance(events[-1], WalletUpdate)
    assert events[-1].balance == 0


def test_the_largest_loss_is_closed_first_and_the_rest_stays_when_that_is_enough(
    make_venue: Venues, make_spec: Callable[..., SymbolSpec], place: Placing, trade: Rows
) -> None:
    venue = make_venue(
        make_spec(), make_spec("ETHUSDT"), liquidation_policy=LiquidationPolicy.CONTINUE
    )
    trade(venue, 1, 500_010)
    trade(venue, 1, 200_010, symbol="ETHUSDT")
    venue.submit(place("btc", 500_000, 100), Instant(1))
    venue.submit(place("eth", 200_000, 4_000, symbol="ETHUSDT"), Instant(1))
    trade(venue, 2, 499_990)
    trade(venue, 2, 199_990, symbol="ETHUSDT")

    events = trade(venue, 3, 176_500, symbol="ETHUSDT")

    closed = [event.symbol for event in events if isinstance(event, Execution)]
    assert closed == ["ETHUSDT"]
    assert [leg.size for leg in venue.legs("BTCUSDT")] == [100, 0]
    assert venue.equity() > venue.maintenance_margin() > 0
    assert not venue.stopped


def test_the_margin_of_every_symbol_of_the_wallet_counts(
    make_venue: Venues, make_spec: Callable[..., SymbolSpec], place: Placing, trade: Rows
) -> None:
    def events_at(price: int, *, with_eth: bool) -> list[Any]:
        venue = make_venue(make_spec(), make_spec("ETHUSDT"))
        trade(venue, 1, 500_010)
        trade(venue, 1, 200_010, symbol="ETHUSDT")
        venue.submit(place("btc", 500_000, 1_500), Instant(1))
        trade(venue, 2, 499_990)
        if with_eth:
            venue.submit(place("eth", 200_000, 1_000, symbol="ETHUSDT"), Instant(2))
            trade(venue, 2, 199_990, symbol="ETHUSDT")
        return trade(venue, 3, price)

    # BTC alone: 9,985 + 1.5 (p - 50,000) = 0.015 p at 43,781.8; ETH adds 20,000 * 1 % margin.
    assert events_at(438_500, with_eth=False) == []
    assert isinstance(events_at(438_500, with_eth=True)[0], Liquidated)


def test_a_hedged_loss_closes_the_losing_leg_before_the_winning_one(
    make_venue: Venues, place: Placing, trade: Rows
) -> None:
    venue = make_venue(liquidation_policy=LiquidationPolicy.CONTINUE)
    trade(venue, 1, 500_000)
    venue.submit(place("s", 500_010, 300, side=SELL, direction=SHORT), Instant(1))
    trade(venue, 2, 500_020)
    venue.submit(place("l", 500_000, 1_500), Instant(2))
    trade(venue, 3, 499_990)

    events = trade(venue, 4, 423_000)

    closed = [event.direction for event in events if isinstance(event, Execution)]
    assert closed == [LONG]
    assert [leg.size for leg in venue.legs("BTCUSDT")] == [0, 300]
    # Cash below zero is borne by the winning leg's profit: no insurance yet.
    assert venue.wallet < 0 < venue.equity()
    assert not any(isinstance(event, CashMoved) for event in events)


def test_a_rising_market_liquidates_a_short(
    make_venue: Venues, place: Placing, trade: Rows
) -> None:
    venue = make_venue()
    trade(venue, 1, 500_000)
    venue.submit(place("s", 500_010, 1_900, side=SELL, direction=SHORT), Instant(1))
    trade(venue, 2, 500_020)

    assert trade(venue, 3, 540_000) == []
    assert isinstance(trade(venue, 4, 550_000)[0], Liquidated)


def test_after_the_liquidation_of_a_continuing_wallet_trading_goes_on(
    make_venue: Venues, place: Placing, trade: Rows
) -> None:
    venue = leveraged_long(make_venue, place, trade, liquidation_policy=LiquidationPolicy.CONTINUE)
    trade(venue, 4, 450_000)
    venue.submit(place("again", 449_000, 10), Instant(5))

    events = trade(venue, 6, 448_000)

    assert isinstance(events[0], Execution)
    assert not venue.stopped

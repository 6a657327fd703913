"""What others do on the account: the exchange tells it like anything else."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from gridcore.clock import Instant
from gridcore.events import (
    CashMoved,
    Execution,
    Liquidated,
    OrderUpdate,
    PositionUpdate,
    WalletUpdate,
)
from gridcore.instrument import Steps, Ticks
from gridcore.session.effects import PlaceOrder
from gridcore.sides import BUY, LONG, SELL, SHORT
from simvenue.messages import LiquidationPolicy
from simvenue.other_hands import OtherHands
from simvenue.venue import SimVenue

Venues = Callable[..., SimVenue]
Placing = Callable[..., PlaceOrder]
Rows = Callable[..., list[Any]]
BTC = "BTCUSDT"


def names(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events]


@pytest.fixture
def venue(make_venue: Venues, trade: Rows) -> SimVenue:
    """BTCUSDT at 50,000 with 10,000 USDT."""
    made = make_venue(liquidation_policy=LiquidationPolicy.CONTINUE)
    trade(made, 1, 500_000)
    return made


@pytest.fixture
def hands(venue: SimVenue) -> OtherHands:
    return OtherHands(venue)


def test_an_order_of_another_hand_is_told_by_its_state_but_not_by_a_reply_a03(
    venue: SimVenue, hands: OtherHands
) -> None:
    order_id, events = hands.order(
        BTC, "manual-7", LONG, BUY, Ticks(490_000), Steps(10), Instant(2)
    )

    assert names(events) == ["OrderUpdate"]
    assert [(order.order_id, order.wire_id) for order in venue.open_orders(BTC)] == [
        (order_id, "manual-7")
    ]


def test_what_the_exchange_refuses_another_hand_is_told_to_nobody(hands: OtherHands) -> None:
    assert hands.order(BTC, "manual-1", LONG, SELL, Ticks(510_000), Steps(10), Instant(2)) == (
        "",
        [],
    )


def test_another_hand_cancels_any_order_a12(
    venue: SimVenue, hands: OtherHands, place: Placing
) -> None:
    venue.submit(place("ours", 499_000), Instant(1))

    (update,) = hands.cancel(BTC, "O00000001", Instant(2))

    assert isinstance(update, OrderUpdate)
    assert (update.wire_id, update.status, update.reason) == (
        "ours",
        "Cancelled",
        "EC_PerCancelRequest",
    )
    assert hands.cancel(BTC, "O00000001", Instant(3)) == []


@pytest.mark.parametrize("direction", [LONG, SHORT])
def test_a_manual_trade_opens_a_leg_as_taker_under_a_foreign_wire_id(
    venue: SimVenue, hands: OtherHands, direction: Any
) -> None:
    events = hands.open_trade(BTC, "manual-1", direction, Steps(10), Instant(2))

    (fill,) = [event for event in events if isinstance(event, Execution)]
    assert (fill.wire_id, fill.price, fill.qty, fill.leaves) == ("manual-1", 500_000, 10, 0)
    # 0.01 coins * 50,000 * 0.055 %
    assert fill.fee == Decimal("0.275")
    assert venue.wallet == Decimal("9999.725")
    index = 0 if direction is LONG else 1
    assert venue.legs(BTC)[index].size == 10
    assert names(events)[-2:] == ["PositionUpdate", "WalletUpdate"]


def test_a_manual_trade_takes_the_quote_where_there_is_one(
    venue: SimVenue, hands: OtherHands, ticker: Rows
) -> None:
    ticker(venue, 2, 500_000, bid=499_990, ask=500_020)

    bought = hands.open_trade(BTC, "manual-1", LONG, Steps(10), Instant(3))
    sold = hands.open_trade(BTC, "manual-2", SHORT, Steps(10), Instant(3))

    prices = [event.price for event in bought + sold if isinstance(event, Execution)]
    assert prices == [500_020, 499_990]


def test_a_manual_trade_that_the_wallet_cannot_afford_does_not_happen(hands: OtherHands) -> None:
    assert hands.open_trade(BTC, "manual-1", LONG, Steps(90_000), Instant(2)) == []


def test_a_manual_close_cuts_the_closes_that_the_leg_no_longer_covers(
    venue: SimVenue, hands: OtherHands, place: Placing
) -> None:
    hands.open_trade(BTC, "manual-1", LONG, Steps(10), Instant(2))
    venue.submit(place("near", 510_000, 6, side=SELL), Instant(3))
    venue.submit(place("far", 520_000, 4, side=SELL), Instant(3))

    events = hands.close_trade(BTC, "manual-2", LONG, Steps(5), Instant(4))

    told = [
        (event.wire_id, event.status, event.qty)
        for event in events
        if isinstance(event, OrderUpdate)
    ]
    assert told == [("far", "Cancelled", 4), ("near", "New", 5)]
    assert names(events)[-2:] == ["PositionUpdate", "WalletUpdate"]
    assert venue.legs(BTC)[0].size == 5


def test_a_manual_close_takes_no_more_than_there_is(venue: SimVenue, hands: OtherHands) -> None:
    hands.open_trade(BTC, "manual-1", SHORT, Steps(10), Instant(2))

    events = hands.close_trade(BTC, "manual-2", SHORT, Steps(99), Instant(3))

    assert [event.closed for event in events if isinstance(event, Execution)] == [10]
    assert hands.close_trade(BTC, "manual-3", SHORT, Steps(1), Instant(4)) == []


def test_a_deposit_and_a_withdrawal_move_cash_and_the_wallet(
    venue: SimVenue, hands: OtherHands
) -> None:
    moved, wallet = hands.move_cash(Decimal(50), Instant(2))
    out, _ = hands.move_cash(Decimal(-100_000), Instant(3))

    assert isinstance(moved, CashMoved)
    assert (moved.kind, moved.amount, moved.movement_id) == ("deposit", Decimal(50), "C00000001")
    assert isinstance(wallet, WalletUpdate)
    assert wallet.balance == 10_050
    assert isinstance(out, CashMoved)
    assert (out.kind, out.amount) == ("withdrawal", Decimal(-10_050))
    assert venue.wallet == 0


def test_a_withdrawal_that_leaves_too_little_margin_is_judged_at_the_next_row(
    venue: SimVenue, hands: OtherHands, trade: Rows
) -> None:
    hands.open_trade(BTC, "manual-1", LONG, Steps(1_000), Instant(2))
    hands.move_cash(Decimal(-9_900), Instant(3))

    assert isinstance(trade(venue, 4, 500_000)[0], Liquidated)


def test_another_leverage_changes_what_an_open_needs(
    venue: SimVenue, hands: OtherHands, place: Placing
) -> None:
    # 1 coin at 49,000: 4,900 of margin at leverage 10, 49,000 at leverage 1.
    hands.change_leverage(BTC, Decimal(1))

    (refused,) = venue.submit(place("a", 490_000, 1_000), Instant(2))
    hands.change_leverage(BTC, Decimal(10))
    accepted = venue.submit(place("b", 490_000, 1_000), Instant(3))

    assert names([refused]) == ["PlaceRejected"]
    assert names(accepted) == ["PlaceAccepted", "OrderUpdate"]


def test_a_forced_liquidation_cancels_everything_and_takes_the_worst_leg(
    venue: SimVenue, hands: OtherHands, place: Placing, trade: Rows
) -> None:
    hands.open_trade(BTC, "manual-1", LONG, Steps(10), Instant(2))
    hands.open_trade(BTC, "manual-2", SHORT, Steps(20), Instant(2))
    venue.submit(place("ours", 480_000), Instant(3))
    trade(venue, 4, 499_000)

    events = hands.liquidate(Instant(5))

    assert names(events) == [
        "Liquidated",
        "OrderUpdate",
        "Execution",
        "PositionUpdate",
        "WalletUpdate",
    ]
    assert [leg.size for leg in venue.legs(BTC)] == [0, 20]
    assert [event.kind for event in events if isinstance(event, Execution)] == ["BustTrade"]
    assert not venue.stopped
    assert [event.size for event in events if isinstance(event, PositionUpdate)] == [0]


def test_without_a_leg_there_is_nothing_to_liquidate(hands: OtherHands) -> None:
    assert hands.liquidate(Instant(2)) == []


def test_nothing_trades_before_the_first_price(make_venue: Venues) -> None:
    hands = OtherHands(make_venue())

    assert hands.open_trade(BTC, "manual-1", LONG, Steps(10), Instant(2)) == []
    assert hands.market(BTC).last is None

"""Acceptance scenarios that concern the whole session: start, silence, batches."""

from itertools import pairwise
from typing import TYPE_CHECKING

from gridcore.clock import HOUR_US, MINUTE_US, SECOND_US, Instant
from gridcore.config import SafetyConfig
from gridcore.events import (
    OperatorAction,
    OperatorCommand,
    OrdersSnapshot,
    OrderUpdate,
    PlaceRejected,
    Ticker,
)
from gridcore.instrument import Steps, Ticks
from gridcore.intents import WIRE_ID_MAX_LENGTH, decode_wire_id
from gridcore.session.effects import AskSnapshot, CancelOrder, PlaceOrder, SnapshotKind
from gridcore.sides import LONG, SELL
from simvenue.other_hands import OtherHands

if TYPE_CHECKING:
    from tests.simulation.conftest import Fate, Story

BTC = "BTCUSDT"


def placed(story: "Story") -> list[PlaceOrder]:
    """Every placement that left."""
    return [request for _, request in story.sent if isinstance(request, PlaceOrder)]


def test_a_cold_start_places_every_level_once_with_unique_decodable_wire_ids_a01(
    story: "Story",
) -> None:
    story.run(1)

    orders = placed(story)
    wire_ids = [order.wire_id for order in orders]
    assert sorted(int(order.price) for order in orders) == [9801, 9900, 10100, 10201]
    assert len(set(wire_ids)) == len(wire_ids)
    assert all(len(wire_id) <= WIRE_ID_MAX_LENGTH for wire_id in wire_ids)
    assert [decode_wire_id(order.wire_id) for order in orders] == [
        order.client_order_id for order in orders
    ]
    story.assert_agreed()


def test_a_start_whose_order_listing_never_comes_places_nothing_a04(
    make_story: type["Story"], fate: type["Fate"]
) -> None:
    story = make_story()
    story.fault(fate.LOSE, AskSnapshot, times=10_000)
    story.restart()

    story.run(180)

    assert placed(story) == []
    assert "unknown_book" in story.modes()
    asked = [at for at, request in story.sent if _asks_orders(request) and at > story.handled[0][0]]
    assert max(later - earlier for earlier, later in pairwise(asked)) <= 30 * SECOND_US

    story.heal()
    story.quiet(40 * SECOND_US)
    story.run(1)
    assert len(placed(story)) == 4
    story.assert_agreed()


def _asks_orders(request: object) -> bool:
    return isinstance(request, AskSnapshot) and request.kind is SnapshotKind.ORDERS


def test_five_closes_for_a_position_of_three_send_three_and_none_is_refused_a19(
    make_story: type["Story"],
) -> None:
    """L13, LS-24: quantities are reserved as each order of the batch is approved."""
    story = make_story(grid_count=10)
    story.trade(10_000, 1)
    hand = OtherHands(story.venue)
    story.push(story.happen(hand.open_trade(BTC, "by hand", LONG, Steps(30), story.now)))
    story.quiet(10 * SECOND_US)

    story.tick()
    story.quiet(SECOND_US)

    closes = [order for order in placed(story) if order.direction is LONG and order.side is SELL]
    assert [int(order.qty) for order in closes] == [10, 10, 10]
    assert sorted(int(order.price) for order in closes) == [10100, 10201, 10303]
    assert not any(isinstance(event, PlaceRejected) for _, event, _ in story.handled)
    # One denial stands for the two farther levels, another for the closes of the flat short leg.
    assert story.session.denials()["coverage"] == 2
    story.assert_agreed()


def test_a_private_stream_quiet_for_six_hours_stops_nothing_and_asks_only_its_audits_a36_l56(
    story: "Story",
) -> None:
    story.run(1)
    since = story.now

    for _ in range(6 * HOUR_US // (10 * MINUTE_US)):
        story.quiet(10 * MINUTE_US)
        assert story.modes() == set()

    assert {request.reason for request in story.questions(since)} == {"audit"}
    assert story.told("reconcile_begun") == 1  # of the start
    story.assert_agreed()


def test_a_ticker_that_comes_before_the_timer_of_the_rate_does_not_keep_its_denial_for_ever(
    make_story: type["Story"],
) -> None:
    """Found by a seed: after a pause of the loop the ticker came first, and placed something."""
    story = make_story(safety=SafetyConfig(max_placements_per_minute=3))
    story.run(1)
    assert len(placed(story)) == 3
    lowest = min(story.session.live_orders(), key=lambda order: order.price)
    cancelled = OtherHands(story.venue).cancel(BTC, lowest.order_id, story.now)

    story.now = Instant(story.now + 61 * SECOND_US)  # the loop stood still
    for event in story.happen(cancelled):
        story.take(event)
    story.take(Ticker(symbol=BTC, at=story.now, last=Ticks(10_000), mark=None))
    story.run(1)

    assert len(story.session.live_orders()) == 4


def listing(story: "Story") -> OrdersSnapshot:
    """What the venue lists at this instant."""
    orders = tuple(story.venue.open_orders(BTC))
    return OrdersSnapshot(symbol=BTC, asked_at=story.now, orders=orders, complete=True)


def test_a_listing_that_was_overtaken_does_not_make_a_cancel_in_flight_go_out_again_l22_l46(
    story: "Story", fate: type["Fate"]
) -> None:
    """Found by a seed: the newer listing lacked the order, the older one, coming last, had it."""
    story.run(4)
    story.fault(fate.LOSE_REPLY, CancelOrder, price=9801)
    story.fault(fate.LOSE, OrderUpdate, price=9801)
    story.fault(fate.LOSE, AskSnapshot, times=100)
    older = listing(story)
    command = OperatorCommand(at=story.now, action=OperatorAction.CLOSE_ONLY, symbol=None)
    story.take(command)
    story.tick()
    story.quiet(SECOND_US)

    story.take(listing(story))
    story.take(older)
    story.run(5)

    assert len(story.cancels(9801)) == 1
    story.heal()
    story.run(30)
    assert story.session.live_orders() == []
    assert len(story.cancels(9801)) == 1

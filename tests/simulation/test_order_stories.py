"""What can happen to an order between session and venue: each story ends with both in agreement."""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    CancelRejected,
    Event,
    Execution,
    OrderStatus,
    OrderUpdate,
    PlaceAccepted,
    PositionUpdate,
    StreamLost,
    StreamRestored,
    WalletUpdate,
)
from gridcore.instrument import Steps, Ticks
from gridcore.session.effects import (
    AskSnapshot,
    CancelOrder,
    CancelReason,
    FillRecord,
    PlaceOrder,
    SnapshotKind,
)
from gridcore.session.orders import OrderState, TrackedOrder
from gridcore.sides import LONG, SHORT
from simvenue.other_hands import OtherHands

if TYPE_CHECKING:
    from tests.simulation.conftest import Fate, Story

BTC = "BTCUSDT"
BUY_9900 = 9_900
PUSHES = (OrderUpdate, Execution, PositionUpdate, WalletUpdate)


def order_at(story: "Story", price: int) -> TrackedOrder:
    """The session's one live order at a price."""
    (found,) = [order for order in story.session.live_orders() if order.price == price]
    return found


def fills(story: "Story") -> list[tuple[int, int]]:
    """(price, steps) of every fill that the session recorded."""
    return [
        (int(record.price), int(record.qty))
        for _, _, effects in story.handled
        for record in effects.records
        if isinstance(record, FillRecord)
    ]


def seconds(first: Instant, later: list[Instant]) -> list[int]:
    return [round((at - first) / SECOND_US) for at in later]


def withdraw(story: "Story", price: int) -> None:
    """Another hand cancels our order at a price."""
    (order,) = story.listed(price)
    story.push(story.happen(OtherHands(story.venue).cancel(BTC, order.order_id, story.now)))


def updates_of(story: "Story", price: int) -> list[OrderUpdate]:
    """What the session was told of orders at a price."""
    return [
        event
        for _, event, _ in story.handled
        if isinstance(event, OrderUpdate) and event.price == price
    ]


# -- partial fills ----------------------------------------------------------------------------


def test_after_a_tenth_is_filled_and_the_price_leaves_the_rest_stays_and_nothing_joins_it_l20_a09(
    story: "Story",
) -> None:
    story.run(1)
    story.trade(BUY_9900, 1)

    story.run(5, last=10_050)

    order = order_at(story, BUY_9900)
    assert (order.state, order.qty, order.leaves, order.filled, order.executed) == (
        OrderState.PARTIAL,
        10,
        9,
        1,
        1,
    )
    assert len(story.placements(BUY_9900)) == 1
    assert fills(story) == [(BUY_9900, 1)]
    story.assert_agreed()


def test_executions_alone_tell_what_is_filled_and_left_l20(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    story.fault(fate.LOSE, OrderUpdate, price=BUY_9900)

    story.trade(BUY_9900, 4)
    story.run(1, last=9_950)

    order = order_at(story, BUY_9900)
    assert (order.leaves, order.filled, order.executed) == (6, 4, 4)
    story.assert_agreed()


def test_ten_parts_make_one_order_and_its_end_comes_with_the_last_l20(story: "Story") -> None:
    story.run(1)

    live = []
    for _ in range(10):
        story.trade(BUY_9900, 1)
        story.run(1, last=9_950)
        live.append(any(order.price == BUY_9900 for order in story.session.live_orders()))

    assert live == [True] * 9 + [False]
    assert fills(story) == [(BUY_9900, 1)] * 10
    story.assert_agreed()


def test_a_partial_fill_and_then_a_cancel_leave_the_position_the_filled_part_a10(
    story: "Story",
) -> None:
    story.run(1)
    story.trade(BUY_9900, 4)

    withdraw(story, BUY_9900)
    story.quiet(SECOND_US)

    assert updates_of(story, BUY_9900)[-1].status is OrderStatus.CANCELLED
    assert fills(story) == [(BUY_9900, 4)]
    assert story.leg(0) == 4
    story.assert_agreed()


def test_a_cancel_with_a_filled_quantity_that_overtakes_its_execution_a10(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    story.fault(fate.DELAY, Execution, number=SECOND_US)
    story.fault(fate.LOSE, OrderUpdate)
    story.trade(BUY_9900, 4)

    withdraw(story, BUY_9900)
    story.quiet(SECOND_US // 2)
    cancelled = updates_of(story, BUY_9900)[-1]
    assert (cancelled.status, cancelled.filled, fills(story)) == (OrderStatus.CANCELLED, 4, [])
    story.run(5)

    assert fills(story) == [(BUY_9900, 4)]
    story.assert_agreed()


def test_a_cancel_with_a_filled_quantity_whose_execution_is_lost_asks_for_it_a10(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    story.fault(fate.LOSE, Execution)
    story.trade(BUY_9900, 4)
    withdraw(story, BUY_9900)
    cancelled_at = story.now

    story.quiet(5 * SECOND_US)

    assert SnapshotKind.EXECUTIONS in {ask.kind for ask in story.questions(cancelled_at)}
    assert fills(story) == [(BUY_9900, 4)]
    story.assert_agreed()


# -- cancels that race with fills -------------------------------------------------------------


def leave_the_grid(story: "Story") -> None:
    """A jump makes the grid of 10000 obsolete: its orders are to be cancelled."""
    story.tick(9_000)
    story.quiet(SECOND_US)
    story.tick(9_000)


def test_a_fill_that_wins_the_race_against_our_cancel_counts(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    story.fault(fate.DELAY, CancelOrder, price=BUY_9900, number=SECOND_US)
    leave_the_grid(story)
    assert order_at(story, BUY_9900).state is OrderState.CANCEL_PENDING

    story.trade(BUY_9900, 10)
    story.run(5, last=9_000)

    refused = [event for _, event, _ in story.handled if isinstance(event, CancelRejected)]
    assert [event.code for event in refused] == [110001]
    assert (BUY_9900, 10) in fills(story)
    assert len(story.cancels(BUY_9900)) == 1
    story.assert_agreed()


def test_a_partial_fill_while_our_cancel_travels_reduces_the_order_and_the_cancel_ends_it(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    story.fault(fate.DELAY, CancelOrder, price=BUY_9900, number=SECOND_US)
    leave_the_grid(story)

    story.trade(BUY_9900, 3)
    story.quiet(SECOND_US // 2)
    order = order_at(story, BUY_9900)
    assert (order.state, order.leaves) == (OrderState.CANCEL_PENDING, 7)
    story.run(5, last=9_000)

    assert fills(story) == [(BUY_9900, 3)]
    assert len(story.cancels(BUY_9900)) == 1
    story.assert_agreed()


@pytest.mark.parametrize("kind", [OrderUpdate, Execution, PositionUpdate, WalletUpdate])
def test_every_message_of_a_fill_may_come_twice_l33(
    story: "Story", fate: "type[Fate]", kind: type[Event]
) -> None:
    story.run(1)
    story.fault(fate.REPEAT, kind, times=20, number=700_000)

    story.trade(BUY_9900, 4)
    story.run(1, last=9_950)
    story.trade(BUY_9900, 6)
    story.run(5, last=9_950)

    assert fills(story) == [(BUY_9900, 4), (BUY_9900, 6)]
    story.assert_agreed()


def test_a_cancelled_order_that_fills_happens_and_is_booked(story: "Story") -> None:
    story.run(1)
    known = updates_of(story, BUY_9900)[0]
    (order,) = story.listed(BUY_9900)
    story.trade(BUY_9900, 10)
    cancelled = OrderUpdate(
        symbol=BTC,
        at=story.now,
        order_id=order.order_id,
        wire_id=order.wire_id,
        direction=known.direction,
        side=known.side,
        price=known.price,
        qty=known.qty,
        leaves=Steps(0),
        filled=Steps(0),
        status=OrderStatus.CANCELLED,
        reduce_only=False,
    )

    story.take(cancelled)
    assert BUY_9900 not in {order.price for order in story.session.live_orders()}
    story.run(5, last=9_950)

    assert (OrderState.CANCELLED, "FILLED") in {
        (state, event.name) for state, event in story.session.transitions
    }
    assert fills(story) == [(BUY_9900, 10)]
    story.assert_agreed()


# -- late and lost messages -------------------------------------------------------------------


def test_a_reply_that_comes_after_the_fill_changes_nothing(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.fault(fate.DELAY, PlaceAccepted, times=4, number=3 * SECOND_US)
    story.run(1)
    assert order_at(story, BUY_9900).state is OrderState.OPEN, "the push came first"

    story.trade(BUY_9900, 10)
    story.run(5, last=9_950)

    assert fills(story) == [(BUY_9900, 10)]
    assert story.told("order_landed_after_all") == 0
    story.assert_agreed()


def test_a_reply_before_a_late_push_makes_the_order_known(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.fault(fate.DELAY, OrderUpdate, times=4, number=3 * SECOND_US)

    story.run(1)
    assert order_at(story, BUY_9900).order_id
    story.run(5)

    assert len(story.placements(BUY_9900)) == 1
    story.assert_agreed()


def test_messages_of_two_parts_in_the_opposite_order_end_in_the_same_books(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    for kind in PUSHES:
        story.fault(fate.DELAY, kind, number=2 * SECOND_US)

    story.trade(BUY_9900, 4)
    story.tick(9_950)
    story.trade(BUY_9900, 3)
    story.run(5, last=9_950)

    assert fills(story) == [(BUY_9900, 3), (BUY_9900, 4)]
    assert order_at(story, BUY_9900).leaves == 3
    story.assert_agreed()


def test_a_fill_told_by_the_order_update_alone_waits_for_its_execution_a11(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    story.fault(fate.LOSE, Execution)
    story.trade(BUY_9900, 10)
    filled_at = story.now

    story.run(1, last=9_950)
    assert fills(story) == []
    assert len(story.placements(BUY_9900)) == 1, "the level has filled and waits"
    story.run(4, last=9_950)

    assert fills(story) == [(BUY_9900, 10)]
    assert SnapshotKind.EXECUTIONS in {ask.kind for ask in story.questions(filled_at)}
    story.assert_agreed()


def test_an_order_filled_while_the_stream_is_down_is_seen_and_not_placed_again_a11(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    story.take(StreamLost(at=story.now, symbol=None, reason="closed"))
    for kind in PUSHES:
        story.fault(fate.LOSE, kind, times=99)
    story.trade(BUY_9900, 10)
    story.run(5, last=9_950)
    assert fills(story) == []

    story.heal()
    story.take(StreamRestored(at=story.now, symbol=None))
    story.run(5, last=9_950)

    assert fills(story) == [(BUY_9900, 10)]
    assert len(story.placements(BUY_9900)) == 1
    story.assert_agreed()


def test_executions_replayed_after_they_were_asked_for_count_once_a11_ls_34(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    story.fault(fate.DELAY, Execution, number=20 * SECOND_US)
    story.trade(BUY_9900, 10)

    story.run(5, last=9_950)
    booked = story.session.snapshot()["state"]
    assert fills(story) == [(BUY_9900, 10)]
    story.run(20, last=9_950)

    assert fills(story) == [(BUY_9900, 10)]
    assert isinstance(booked, dict)
    after = story.session.snapshot()["state"]
    assert isinstance(after, dict)
    assert after["ledger"] == booked["ledger"]
    story.assert_agreed()


# -- closes that the position does not cover --------------------------------------------------


def test_a_close_that_the_exchange_cuts_to_the_position_covers_that_much(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    story.trade(BUY_9900, 10)
    story.run(5, last=9_950)
    close = next(order for order in story.session.live_orders() if not order.opens)
    before = (close.direction, close.leaves)

    story.push(story.happen(story.venue.deleverage(BTC, LONG, Steps(7), story.now)))
    story.run(20, last=9_950)

    assert before[0] is LONG
    covered = story.session.strategies[BTC].reserved.covered[0]
    assert covered <= story.leg(0) == 3
    assert covered == sum(order.leaves for order in story.session.live_orders() if not order.opens)
    assert story.told("unusual_execution") + story.told("foreign_execution") == 1
    story.assert_agreed()


# -- unknown outcomes -------------------------------------------------------------------------


def test_a_create_that_timed_out_and_landed_is_adopted_within_2_s_by_its_wire_id_a06_l05(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.fault(fate.LOSE_REPLY, PlaceOrder, price=BUY_9900)
    story.fault(fate.LOSE, OrderUpdate, price=BUY_9900)
    story.run(9)
    assert order_at(story, BUY_9900).state is OrderState.PENDING

    story.run(3)

    order = order_at(story, BUY_9900)
    assert order.state is OrderState.OPEN
    assert order.known_at is not None
    assert order.known_at - order.sent_at <= 12 * SECOND_US, "10 s until the shell gave up"
    assert len(story.placements(BUY_9900)) == 1
    story.assert_agreed()


def test_a_create_that_timed_out_and_filled_is_found_in_the_history_a06(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.fault(fate.LOSE_REPLY, PlaceOrder, price=BUY_9900)
    for kind in PUSHES:
        story.fault(fate.LOSE, kind, times=99)
    story.run(1)
    story.trade(BUY_9900, 10)
    story.run(1)
    story.heal()

    story.run(30, last=9_950)

    assert fills(story) == [(BUY_9900, 10)]
    assert len(story.placements(BUY_9900)) == 1
    story.assert_agreed()


def test_a_create_that_never_arrived_is_sent_once_more_with_the_same_wire_id_a07(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.fault(fate.LOSE, PlaceOrder, price=BUY_9900)

    story.run(30)

    first, second = story.placements(BUY_9900)
    assert first[1] == second[1]
    assert second[0] - first[0] >= 7 * SECOND_US
    assert story.told("order_did_not_land") == 1
    story.assert_agreed()


def test_that_a_create_did_not_arrive_is_known_7_s_after_it_was_sent_a07(
    story: "Story", fate: "type[Fate]"
) -> None:
    """The exchange's doubt comes at once; a create may arrive within 5 s, an answer lags 2 s."""
    story.fault(fate.REFUSE, PlaceOrder, price=BUY_9900, number=10016)

    story.run(30)

    first, second = story.placements(BUY_9900)
    assert first[1] == second[1]
    assert 7 * SECOND_US <= second[0] - first[0] <= 13 * SECOND_US
    story.assert_agreed()


def test_while_an_outcome_is_unknown_the_level_gets_no_second_order_a06_a07(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.fault(fate.LOSE, PlaceOrder, price=BUY_9900)
    story.tick()
    sent_at = story.placements(BUY_9900)[0][0]

    while story.now < sent_at + 10 * SECOND_US:
        story.tick()
        assert len(story.placements(BUY_9900)) == 1


def test_a_create_that_never_arrives_twice_gets_a_new_wire_id_after_two_lookups_a07(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.fault(fate.LOSE, PlaceOrder, price=BUY_9900, times=2)

    story.run(60)

    wire_ids = [wire_id for _, wire_id in story.placements(BUY_9900)]
    assert len(wire_ids) == 3
    assert wire_ids[0] == wire_ids[1] != wire_ids[2]
    assert story.told("order_did_not_land") == 2
    story.assert_agreed()


def test_no_second_order_and_no_new_id_while_listings_stay_away_a08(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.fault(fate.LOSE, PlaceOrder, price=BUY_9900)
    story.tick()
    story.run(5)
    from_now = story.now
    story.fault(fate.LOSE, AskSnapshot, times=10_000)
    story.run(60)
    assert len(story.placements(BUY_9900)) == 1
    assert len(story.questions(from_now)) > 3, "it goes on asking"
    story.heal()
    story.run(60)

    assert len({wire_id for _, wire_id in story.placements(BUY_9900)}) == 1
    story.assert_agreed()


@pytest.mark.parametrize("filled", [0, 4, 10])
def test_110072_means_that_the_order_probably_landed_and_it_is_looked_up_a08(
    story: "Story", fate: "type[Fate]", filled: int
) -> None:
    """The exchange has the order and says that its id was used: no new id is minted."""
    story.fault(fate.DENY, PlaceOrder, price=BUY_9900, number=110072)
    for kind in PUSHES:
        story.fault(fate.LOSE, kind, times=99)
    story.tick()
    story.quiet(25_000)
    if filled:
        story.trade(BUY_9900, filled)
    story.quiet(100_000)
    story.heal()

    story.run(90, last=9_950)

    assert len(story.placements(BUY_9900)) == 1
    assert sum(steps for _, steps in fills(story)) == filled
    story.assert_agreed()


def test_a_refusal_that_may_pass_is_repeated_with_the_same_wire_id_until_it_lands_ls_16(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.fault(fate.REFUSE, PlaceOrder, price=BUY_9900, times=3, number=10006)

    story.run(15)

    sent = story.placements(BUY_9900)
    assert seconds(sent[0][0], [at for at, _ in sent]) == [0, 1, 3, 7]
    assert len({wire_id for _, wire_id in sent}) == 1
    story.assert_agreed()


def test_a_wire_id_that_landed_is_never_sent_again_although_its_reply_was_lost_l05(
    story: "Story", fate: "type[Fate]"
) -> None:
    """Refused once, sent again, landed, and cancelled by another hand before any reply."""
    story.fault(fate.REFUSE, PlaceOrder, price=BUY_9900, number=10006)
    story.fault(fate.LOSE_REPLY, PlaceOrder, price=BUY_9900)
    story.fault(fate.LOSE, OrderUpdate, price=BUY_9900)
    story.run(3)
    assert len(story.placements(BUY_9900)) == 2

    withdraw(story, BUY_9900)
    story.run(30)

    first, again, fresh = (wire_id for _, wire_id in story.placements(BUY_9900))
    assert first == again != fresh
    story.assert_agreed()


def test_an_order_that_lands_after_it_was_settled_lives_again_and_is_no_stranger_a06(
    story: "Story", fate: "type[Fate]"
) -> None:
    """Later than the exchange promises; the level is not wanted meanwhile."""
    story.fault(fate.DELAY, PlaceOrder, price=BUY_9900, number=20 * SECOND_US)
    story.tick()

    story.run(15, last=9_900)
    assert story.told("order_did_not_land") == 1
    assert not [order for order in story.session.live_orders() if order.price == BUY_9900]
    story.run(15, last=9_905)

    assert story.told("order_landed_after_all") == 1
    assert story.told("order_adopted") == story.told("foreign_order") == 0
    assert len({wire_id for _, wire_id in story.placements(BUY_9900)}) == 1
    story.assert_agreed()


# -- the process dies -------------------------------------------------------------------------


def test_an_order_in_flight_when_the_process_died_is_looked_up_and_not_sent_again_a06(
    story: "Story",
) -> None:
    story.tick()
    assert order_at(story, BUY_9900).state is OrderState.PENDING

    story.restart()
    assert order_at(story, BUY_9900).state is OrderState.UNCERTAIN
    story.run(30)

    assert len(story.placements(BUY_9900)) == 1
    assert story.told("order_adopted") == 0, "it was remembered"
    story.assert_agreed()


def test_a_fill_while_there_was_no_process_is_booked_once_a11(story: "Story") -> None:
    story.run(1)
    story.trade(BUY_9900, 10)

    story.restart()
    story.run(30, last=9_950)

    assert fills(story) == [(BUY_9900, 10)]
    assert len(story.placements(BUY_9900)) == 1
    story.assert_agreed()


# -- orders that vanish -----------------------------------------------------------------------


def test_an_order_that_vanished_with_its_messages_is_settled_from_the_history(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    story.trade(BUY_9900, 4)
    story.quiet(SECOND_US)
    story.fault(fate.LOSE, OrderUpdate, price=BUY_9900)
    withdraw(story, BUY_9900)

    story.run(70, last=9_950)

    assert fills(story) == [(BUY_9900, 4)]
    assert story.told("order_vanished") == 0, "the history knew its end"
    assert BUY_9900 not in {order.price for order in story.session.live_orders()} or (
        len(story.placements(BUY_9900)) == 2
    )
    story.assert_agreed()


# -- cancels that do not succeed --------------------------------------------------------------


def test_a_cancel_of_an_order_that_is_gone_is_asked_once_and_the_history_tells_its_end_a13(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    story.fault(fate.LOSE, OrderUpdate, price=BUY_9900)
    withdraw(story, BUY_9900)

    leave_the_grid(story)
    asked_at = story.now
    story.run(5, last=9_000)

    assert len(story.cancels(BUY_9900)) == 1
    assert SnapshotKind.HISTORY in {ask.kind for ask in story.questions(asked_at)}
    assert fills(story) == []
    story.assert_agreed()


def test_a_cancel_of_an_order_that_is_said_to_be_gone_and_is_listed_is_asked_again_a13(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    story.fault(fate.REFUSE, CancelOrder, price=BUY_9900, number=110001)

    leave_the_grid(story)
    story.run(20, last=9_000)

    assert len(story.cancels(BUY_9900)) == 2
    assert story.listed(BUY_9900) == []
    story.assert_agreed()


def test_a_cancel_of_an_order_that_filled_unseen_books_the_fill_a13(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    for kind in PUSHES:
        story.fault(fate.LOSE, kind, times=99)
    story.trade(BUY_9900, 10)
    story.quiet(SECOND_US)
    story.heal()

    leave_the_grid(story)
    story.run(20, last=9_000)

    assert len(story.cancels(BUY_9900)) <= 2
    assert (BUY_9900, 10) in fills(story)
    story.assert_agreed()


def test_a_cancel_that_is_refused_is_asked_again_after_1_2_4_8_16_and_30_s_a14_l22(
    story: "Story", fate: "type[Fate]"
) -> None:
    story.run(1)
    story.fault(fate.REFUSE, CancelOrder, price=BUY_9900, times=7, number=10016)
    leave_the_grid(story)

    story.run(100, last=9_000)

    sent = story.cancels(BUY_9900)
    assert seconds(sent[0], sent) == [0, 1, 3, 7, 15, 31, 61, 91]
    story.assert_agreed()


@pytest.mark.parametrize("how", ["refused", "request lost", "reply lost"])
def test_a_cancel_that_fails_for_60_s_is_asked_for_at_most_6_times_in_any_60_s_a14(
    story: "Story", fate: "type[Fate]", how: str
) -> None:
    story.run(1)
    if how == "refused":
        story.fault(fate.REFUSE, CancelOrder, price=BUY_9900, times=99, number=10016)
    elif how == "request lost":
        story.fault(fate.LOSE, CancelOrder, price=BUY_9900, times=99)
    else:
        story.fault(fate.LOSE_REPLY, CancelOrder, price=BUY_9900, times=99)
        story.fault(fate.LOSE, OrderUpdate, price=BUY_9900, times=99)
    leave_the_grid(story)

    story.run(60, last=9_000)
    story.heal()
    story.run(60, last=9_000)

    sent = story.cancels(BUY_9900)
    assert all(
        later - first >= 60 * SECOND_US for first, later in zip(sent, sent[6:], strict=False)
    )
    assert all(later - first >= SECOND_US for first, later in pairwise(sent))
    assert story.listed(BUY_9900) == []
    story.assert_agreed()


def test_a_twin_is_cancelled_within_a_second_while_the_first_order_keeps_its_level_a17(
    story: "Story",
) -> None:
    story.run(1)
    (first,) = story.listed(BUY_9900)
    wire_id = f"{first.wire_id[:16]}-1"

    _, events = OtherHands(story.venue).order(
        BTC, wire_id, LONG, first.side, Ticks(BUY_9900), first.qty, story.now
    )
    story.push(story.happen(events))
    twin_at = story.now
    story.run(1)

    reasons = [
        (request.order_id != first.order_id, request.reason)
        for at, request in story.sent
        if at >= twin_at and isinstance(request, CancelOrder)
    ]
    assert reasons == [(True, CancelReason.DUPLICATE)]
    assert [order.order_id for order in story.listed(BUY_9900)] == [first.order_id]
    story.assert_agreed()


# -- laws -------------------------------------------------------------------------------------

FATES = st.tuples(
    st.sampled_from(
        [
            ("LOSE", PlaceOrder),
            ("LOSE", CancelOrder),
            ("LOSE", AskSnapshot),
            ("STALE", AskSnapshot),
            ("DENY", PlaceOrder),
            ("LOSE", OrderUpdate),
            ("LOSE", Execution),
            ("LOSE_REPLY", PlaceOrder),
            ("LOSE_REPLY", CancelOrder),
            ("DELAY", PlaceOrder),
            ("DELAY", CancelOrder),
            ("DELAY", PlaceAccepted),
            ("DELAY", OrderUpdate),
            ("DELAY", Execution),
            ("REPEAT", OrderUpdate),
            ("REPEAT", Execution),
            ("REFUSE", PlaceOrder),
            ("REFUSE", CancelOrder),
        ]
    ),
    st.sampled_from([None, 9_900, 9_801, 10_100]),
    st.integers(1, 4),
    st.sampled_from([50_000, 500_000, 3 * SECOND_US, 4_900_000]),
    st.sampled_from([10006, 10001, 110007, 110017, 10016, 110072]),
)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("fault"), FATES),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(st.just("run"), st.tuples(st.integers(1, 8), st.integers(9_750, 10_250))),
        st.tuples(
            st.just("trade"),
            st.tuples(st.sampled_from([9_801, 9_900, 10_100, 10_201]), st.integers(1, 12)),
        ),
    ),
    min_size=3,
    max_size=14,
)


def _number(kind_of_fate: str, code: int, delay: int) -> int:
    """The venue denies only with codes that leave the outcome open (A08)."""
    if kind_of_fate == "DENY":
        return 110072 if code % 2 else 10016
    return code if kind_of_fate == "REFUSE" else delay


@pytest.mark.untraced
@given(DEEDS)
@settings(max_examples=60)
def test_whatever_is_lost_late_repeated_or_refused_both_agree_when_it_is_over(
    make_story: "Callable[[], Story]", fate: "type[Fate]", deeds: list[tuple[str, Any]]
) -> None:
    story = make_story()
    for name, number in deeds:
        if name == "fault":
            (kind_of_fate, kind), price, times, delay, code = number
            story.fault(
                fate[kind_of_fate],
                kind,
                price=price,
                times=times,
                number=_number(kind_of_fate, code, delay),
            )
        elif name == "restart":
            story.restart()
        elif name == "run":
            story.run(number[0], last=number[1])
        else:
            story.trade(*number)

    story.heal()
    story.run(200, last=10_000)

    booked = sorted(
        (int(row.price), int(row.qty))
        for row in story.records.executions[BTC]
        if isinstance(row, Execution)
    )
    assert sorted(fills(story)) == booked, "every execution counts exactly once"
    levels = [(order.direction, order.side, order.price) for order in story.venue.open_orders(BTC)]
    assert len(levels) == len(set(levels)), "one order per level"
    story.assert_agreed()


def test_nothing_went_wrong_and_nothing_is_asked_but_what_is_due(story: "Story") -> None:
    """The stories' own control: without a fault there is neither doubt nor alarm."""
    story.run(30)

    assert [order.direction for order in story.session.live_orders()].count(SHORT) == 2
    assert story.questions(Instant(story.now - 29 * SECOND_US)) == []
    story.assert_agreed()

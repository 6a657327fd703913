"""The life of an order as a table, and the tracker that holds orders until they are terminal."""

import json
from dataclasses import asdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.saved import Saved
from gridcore.session.orders import (
    RECENT_LIMIT,
    TERMINAL,
    TRANSITIONS,
    ImpossibleTransition,
    OrderEvent,
    OrderState,
    OrderTracker,
    TrackedOrder,
    following,
)
from gridcore.sides import BUY, LONG, SHORT

S, E = OrderState, OrderEvent


def order(number: int, order_id: str = "", state: OrderState = S.PENDING) -> TrackedOrder:
    return TrackedOrder(
        order_id=order_id,
        direction=LONG if number % 2 else SHORT,
        side=BUY,
        price=1000 + number,
        symbol="BTCUSDT",
        strat_id="grid",
        client_order_id=f"{number:016x}",
        wire_id=f"{number:016x}-1",
        qty=10,
        leaves=10,
        state=state,
        opens=bool(number % 2),
        level=number,
        sent_at=Instant(number),
    )


def test_an_order_has_the_number_of_its_wire_id_unless_it_was_found_on_the_exchange() -> None:
    sent, found = order(1), order(2)
    sent.wire_id = found.wire_id = f"{1:016x}-zz"
    found.adopted = True

    assert sent.number == 35 * 36 + 35
    assert found.number is None


TABLE = [
    (S.PENDING, E.ACCEPTED, S.OPEN),
    (S.PENDING, E.REFUSED, S.REJECTED),
    (S.PENDING, E.OUTCOME_UNKNOWN, S.UNCERTAIN),
    (S.PENDING, E.RESTING, S.OPEN),
    (S.PENDING, E.PARTLY_FILLED, S.PARTIAL),
    (S.PENDING, E.FILLED, S.FILLED),
    (S.PENDING, E.CANCELLED, S.CANCELLED),
    (S.OPEN, E.ACCEPTED, S.OPEN),
    (S.OPEN, E.OUTCOME_UNKNOWN, S.OPEN),
    (S.OPEN, E.RESTING, S.OPEN),
    (S.OPEN, E.PARTLY_FILLED, S.PARTIAL),
    (S.OPEN, E.FILLED, S.FILLED),
    (S.OPEN, E.CANCEL_SENT, S.CANCEL_PENDING),
    (S.OPEN, E.CANCELLED, S.CANCELLED),
    (S.PARTIAL, E.ACCEPTED, S.PARTIAL),
    (S.PARTIAL, E.OUTCOME_UNKNOWN, S.PARTIAL),
    (S.PARTIAL, E.RESTING, S.PARTIAL),
    (S.PARTIAL, E.PARTLY_FILLED, S.PARTIAL),
    (S.PARTIAL, E.FILLED, S.FILLED),
    (S.PARTIAL, E.CANCEL_SENT, S.CANCEL_PENDING),
    (S.PARTIAL, E.CANCELLED, S.CANCELLED),
    (S.CANCEL_PENDING, E.ACCEPTED, S.CANCEL_PENDING),
    (S.CANCEL_PENDING, E.OUTCOME_UNKNOWN, S.CANCEL_PENDING),
    (S.CANCEL_PENDING, E.RESTING, S.CANCEL_PENDING),
    (S.CANCEL_PENDING, E.PARTLY_FILLED, S.CANCEL_PENDING),
    (S.CANCEL_PENDING, E.FILLED, S.FILLED),
    (S.CANCEL_PENDING, E.CANCEL_REFUSED, S.OPEN),
    (S.CANCEL_PENDING, E.CANCELLED, S.CANCELLED),
    (S.UNCERTAIN, E.ACCEPTED, S.OPEN),
    (S.UNCERTAIN, E.REFUSED, S.REJECTED),
    (S.UNCERTAIN, E.RESTING, S.OPEN),
    (S.UNCERTAIN, E.PARTLY_FILLED, S.PARTIAL),
    (S.UNCERTAIN, E.FILLED, S.FILLED),
    (S.UNCERTAIN, E.CANCELLED, S.CANCELLED),
    (S.UNCERTAIN, E.NOT_FOUND, S.REJECTED),
    (S.FILLED, E.ACCEPTED, S.FILLED),
    (S.FILLED, E.OUTCOME_UNKNOWN, S.FILLED),
    (S.FILLED, E.PARTLY_FILLED, S.FILLED),
    (S.FILLED, E.FILLED, S.FILLED),
    (S.FILLED, E.RESTING, S.FILLED),
    (S.FILLED, E.CANCEL_REFUSED, S.FILLED),
    (S.FILLED, E.CANCELLED, S.FILLED),
    (S.CANCELLED, E.ACCEPTED, S.CANCELLED),
    (S.CANCELLED, E.OUTCOME_UNKNOWN, S.CANCELLED),
    (S.CANCELLED, E.RESTING, S.CANCELLED),
    (S.CANCELLED, E.PARTLY_FILLED, S.CANCELLED),
    (S.CANCELLED, E.FILLED, S.FILLED),
    (S.CANCELLED, E.CANCEL_REFUSED, S.CANCELLED),
    (S.CANCELLED, E.CANCELLED, S.CANCELLED),
    (S.REJECTED, E.REFUSED, S.REJECTED),
]
PAIRS = {(state, event) for state, event, _ in TABLE}
MISSING = [pair for pair in product(OrderState, OrderEvent) if pair not in PAIRS]


@pytest.mark.parametrize(("state", "event", "after"), TABLE)
def test_every_row_of_the_table_leads_where_it_says(
    state: OrderState, event: OrderEvent, after: OrderState
) -> None:
    assert following(state, event) is after


@pytest.mark.parametrize(("state", "event"), MISSING)
def test_a_pair_without_a_row_raises_and_leaves_the_order_as_it_was(
    state: OrderState, event: OrderEvent
) -> None:
    tracker, placed = OrderTracker(), order(1, state=state)

    with pytest.raises(ImpossibleTransition, match=f"{event.name} in state {state.name}"):
        tracker.advance(placed, event)

    assert placed.state is state
    assert not any(count for row in tracker.taken for count in row)


def test_the_table_has_these_rows_and_no_others() -> None:
    assert {(state, event) for state, row in TRANSITIONS.items() for event in row} == PAIRS, (
        "a new row needs its expectation here"
    )
    assert (len(TABLE), len(PAIRS)) == (50, 50)


def test_the_terminal_states_are_filled_cancelled_and_rejected() -> None:
    assert {S.FILLED, S.CANCELLED, S.REJECTED} == TERMINAL


@given(st.sampled_from(sorted(TERMINAL)), st.lists(st.sampled_from(OrderEvent)))
def test_a_terminal_order_never_lives_again_and_changes_only_from_cancelled_to_filled(
    state: OrderState, events: list[OrderEvent]
) -> None:
    for event in events:
        if event not in TRANSITIONS[state]:
            continue
        after = following(state, event)
        assert after is state or (state, after) == (S.CANCELLED, S.FILLED)
        state = after


@pytest.mark.parametrize("state", sorted(set(OrderState) - TERMINAL))
def test_every_live_state_can_end_filled_and_cancelled(state: OrderState) -> None:
    assert following(state, E.FILLED) is S.FILLED
    assert following(state, E.CANCELLED) is S.CANCELLED


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ((E.ACCEPTED, E.RESTING, E.FILLED), S.FILLED),
        ((E.RESTING, E.ACCEPTED, E.PARTLY_FILLED, E.FILLED), S.FILLED),
        ((E.FILLED, E.ACCEPTED, E.FILLED), S.FILLED),
        ((E.ACCEPTED, E.CANCEL_SENT, E.PARTLY_FILLED, E.FILLED, E.CANCEL_REFUSED), S.FILLED),
        ((E.ACCEPTED, E.CANCEL_SENT, E.CANCELLED, E.FILLED), S.FILLED),
        ((E.OUTCOME_UNKNOWN, E.REFUSED), S.REJECTED),
        ((E.OUTCOME_UNKNOWN, E.PARTLY_FILLED, E.CANCEL_SENT, E.CANCEL_REFUSED), S.OPEN),
        ((E.REFUSED,), S.REJECTED),
        ((E.OUTCOME_UNKNOWN, E.NOT_FOUND), S.REJECTED),
        ((E.OUTCOME_UNKNOWN, E.RESTING, E.CANCEL_SENT, E.CANCELLED), S.CANCELLED),
        ((E.OUTCOME_UNKNOWN, E.CANCELLED, E.FILLED), S.FILLED),
    ],
)
def test_lives_that_happen(events: tuple[OrderEvent, ...], end: OrderState) -> None:
    state = S.PENDING
    for event in events:
        state = following(state, event)

    assert state is end


@pytest.mark.parametrize("event", [E.REFUSED, E.NOT_FOUND])
@pytest.mark.parametrize("state", [S.OPEN, S.PARTIAL, S.CANCEL_PENDING, S.FILLED, S.CANCELLED])
def test_an_order_known_to_the_exchange_cannot_turn_out_never_to_have_been(
    state: OrderState, event: OrderEvent
) -> None:
    with pytest.raises(ImpossibleTransition):
        following(state, event)


@pytest.mark.parametrize("state", [S.OPEN, S.PARTIAL, S.CANCEL_PENDING])
def test_an_unknown_outcome_takes_nothing_from_what_a_push_told_a06(state: OrderState) -> None:
    assert following(state, E.OUTCOME_UNKNOWN) is state


@pytest.mark.parametrize("state", sorted(set(OrderState) - {S.UNCERTAIN}))
def test_only_an_uncertain_order_can_be_settled_as_not_found_l30(state: OrderState) -> None:
    with pytest.raises(ImpossibleTransition):
        following(state, E.NOT_FOUND)


@pytest.mark.parametrize("state", OrderState)
def test_an_order_is_terminal_in_the_terminal_states_only(state: OrderState) -> None:
    assert order(1, state=state).terminal is (state in TERMINAL)


def test_an_order_is_found_by_its_wire_id_and_once_identified_by_its_order_id() -> None:
    tracker = OrderTracker()
    placed = order(1)
    tracker.add(placed)
    assert tracker.find("", placed.wire_id) is placed
    assert tracker.find("O1", "") is None

    tracker.identify(placed, "O1")

    assert tracker.find("O1", "") is placed
    assert placed.order_id == "O1"


def test_what_is_not_ours_is_not_found() -> None:
    tracker = OrderTracker()
    tracker.add(order(1, "O1"))

    assert tracker.find("O2", "manual-1") is None


def test_a_wire_id_is_never_used_twice_while_its_order_lives() -> None:
    tracker = OrderTracker()
    tracker.add(order(1))

    with pytest.raises(AssertionError, match="wire id used twice"):
        tracker.add(order(1))


def test_a_settled_order_is_not_live_but_still_recognised_in_late_messages() -> None:
    tracker = OrderTracker()
    first, second = order(1, "O1"), order(2, "O2")
    tracker.add(first)
    tracker.add(second)

    tracker.settle(first)

    assert list(tracker.live()) == [second]
    assert len(tracker) == 1
    assert tracker.find("O1", first.wire_id) is first


def test_a_settled_order_is_found_by_each_of_its_ids_alone() -> None:
    """Executions and history rows of an order may come without its wire id, long after its end."""
    tracker = OrderTracker()
    placed = order(1, "O1")
    tracker.add(placed)

    tracker.settle(placed)

    assert tracker.find("O1", "") is placed
    assert tracker.find("", placed.wire_id) is placed
    assert list(tracker.recent()) == [placed]


def test_an_order_identified_after_its_end_is_found_by_its_order_id() -> None:
    tracker = OrderTracker()
    placed = order(1)
    tracker.add(placed)
    placed.state = S.CANCELLED
    tracker.settle(placed)

    tracker.identify(placed, "O1")

    assert tracker.find("O1", "") is placed
    assert list(tracker.live()) == []


@pytest.mark.parametrize("settled", [False, True])
def test_a_second_order_that_carries_our_wire_id_is_not_ours_to_find(settled: bool) -> None:
    """Two orders, one orderLinkId: only the first is the one that we track (A08)."""
    tracker = OrderTracker()
    placed = order(1, "O1")
    tracker.add(placed)
    if settled:
        tracker.settle(placed)

    assert tracker.find("O2", placed.wire_id) is None
    assert tracker.find("O1", placed.wire_id) is placed
    assert tracker.find("", placed.wire_id) is placed


def test_an_order_sent_once_more_with_its_wire_id_replaces_its_refused_record() -> None:
    tracker = OrderTracker()
    refused, again = order(1, state=S.REJECTED), order(1)
    tracker.add(refused)
    tracker.settle(refused)

    tracker.add(again)

    assert tracker.find("", again.wire_id) is again
    assert list(tracker.recent()) == []
    assert (len(tracker), list(tracker.live())) == (1, [again])


def test_what_is_sent_once_more_is_not_found_by_the_order_id_of_its_earlier_record() -> None:
    tracker = OrderTracker()
    earlier, again = order(1, "O1", S.REJECTED), order(1)
    tracker.add(earlier)
    tracker.settle(earlier)
    tracker.add(again)

    tracker.identify(again, "O2")

    assert tracker.find("O1", "") is None
    assert tracker.find("O1", again.wire_id) is None
    assert tracker.find("O2", "") is again


def test_a_wire_id_is_live_from_its_approval_to_its_end() -> None:
    tracker = OrderTracker()
    placed = order(1)
    assert not tracker.is_live(placed.wire_id)

    tracker.add(placed)
    assert tracker.is_live(placed.wire_id)
    tracker.settle(placed)

    assert not tracker.is_live(placed.wire_id)


def test_live_orders_of_a_symbol_are_its_own() -> None:
    tracker = OrderTracker()
    mine, other = order(1), order(2)
    other.symbol = "ETHUSDT"
    tracker.add(mine)
    tracker.add(other)

    assert tracker.live_of("BTCUSDT") == [mine]
    assert tracker.live_of("DOGEUSDT") == []


def test_every_row_taken_is_counted_and_the_counts_are_no_memory() -> None:
    tracker = OrderTracker()
    placed = order(1)
    tracker.add(placed)

    for event in (E.ACCEPTED, E.RESTING, E.RESTING, E.FILLED):
        assert tracker.advance(placed, event) is placed.state

    taken = {
        (state, event): tracker.taken[state][event]
        for state, event in product(OrderState, OrderEvent)
        if tracker.taken[state][event]
    }
    assert taken == {
        (S.PENDING, E.ACCEPTED): 1,
        (S.OPEN, E.RESTING): 2,
        (S.OPEN, E.FILLED): 1,
    }
    assert set(tracker.snapshot()) == {"live", "recent"}


def test_live_orders_come_in_the_order_in_which_they_were_approved() -> None:
    tracker = OrderTracker()
    orders = [order(number) for number in (5, 1, 3)]
    for one in orders:
        tracker.add(one)

    assert list(tracker.live()) == orders


def test_the_memory_of_settled_orders_is_bounded() -> None:
    tracker = OrderTracker()
    for number in range(RECENT_LIMIT + 1):
        placed = order(number, f"O{number}", S.FILLED)
        tracker.add(placed)
        tracker.settle(placed)

    assert len(tracker) == 0
    assert tracker.find("O0", f"{0:016x}-1") is None
    assert tracker.find("O0", "") is None
    assert tracker.find("O1", f"{1:016x}-1") is not None
    assert len(list(tracker.recent())) == RECENT_LIMIT


NOTED = st.none() | st.integers(0, 2**53).map(Instant)


@given(data=st.data())
def test_an_order_restored_has_every_field_it_had(data: st.DataObject) -> None:
    saved = order(1, data.draw(st.sampled_from(["", "O1"])), data.draw(st.sampled_from(OrderState)))
    for name in ("filled", "leaves", "executed", "told", "cancel_attempts", "unlisted"):
        setattr(saved, name, data.draw(st.integers(0, 10)))
    for name in ("unrecorded", "resends"):
        setattr(saved, name, data.draw(st.integers(0, 10)))
    for name in ("ended_at", "known_at", "rested_from", "due", "cancel_sent_at"):
        setattr(saved, name, data.draw(NOTED))
    for name in ("unlisted_at", "unrecorded_at"):
        setattr(saved, name, data.draw(NOTED))
    saved.cancelling = data.draw(st.booleans())

    restored = TrackedOrder.restored(Saved(json.loads(json.dumps(saved.snapshot()))))

    assert asdict(restored) == asdict(saved)


@given(
    st.lists(st.tuples(st.sampled_from(OrderState), st.integers(0, 10), st.booleans()), max_size=20)
)
def test_restore_is_the_inverse_of_snapshot(rows: list[tuple[OrderState, int, bool]]) -> None:
    tracker, restored = OrderTracker(), OrderTracker()
    restored.add(order(999))
    for number, (state, leaves, known) in enumerate(rows):
        placed = order(number, f"O{number}" if known else "", state)
        placed.leaves = leaves
        placed.filled = 10 - leaves
        placed.cancelling = state is S.CANCEL_PENDING
        tracker.add(placed)
        if placed.terminal:
            tracker.settle(placed)

    restored.restore(Saved(json.loads(json.dumps(tracker.snapshot()))))

    assert restored.snapshot() == tracker.snapshot()
    assert len(restored) == len(tracker)
    for number, (_, _, known) in enumerate(rows):
        for order_id, wire_id in ((f"O{number}", ""), ("", f"{number:016x}-1")):
            found, expected = restored.find(order_id, wire_id), tracker.find(order_id, wire_id)
            assert (found and found.snapshot()) == (expected and expected.snapshot()), known

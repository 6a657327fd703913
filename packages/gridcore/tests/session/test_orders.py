"""The life of an order as a table, and the tracker that holds orders until they are terminal."""

import json
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
    advance,
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


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(OrderState)


@pytest.mark.parametrize(("state", "event"), list(product(OrderState, OrderEvent)))
def test_a_pair_in_the_table_gives_its_state_and_a_missing_one_raises(
    state: OrderState, event: OrderEvent
) -> None:
    if event in TRANSITIONS[state]:
        assert advance(state, event) is TRANSITIONS[state][event]
    else:
        with pytest.raises(ImpossibleTransition, match=f"{event.name} in state {state.name}"):
            advance(state, event)


@given(st.sampled_from(sorted(TERMINAL)), st.lists(st.sampled_from(OrderEvent)))
def test_a_terminal_order_never_lives_again_and_changes_only_from_cancelled_to_filled(
    state: OrderState, events: list[OrderEvent]
) -> None:
    for event in events:
        if event not in TRANSITIONS[state]:
            continue
        following = advance(state, event)
        assert following is state or (state, following) == (S.CANCELLED, S.FILLED)
        state = following


@pytest.mark.parametrize("state", sorted(set(OrderState) - TERMINAL))
def test_every_live_state_can_end_filled_and_cancelled(state: OrderState) -> None:
    assert advance(state, E.FILLED) is S.FILLED
    assert advance(state, E.CANCELLED) is S.CANCELLED


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
    ],
)
def test_lives_that_happen(events: tuple[OrderEvent, ...], end: OrderState) -> None:
    state = S.PENDING
    for event in events:
        state = advance(state, event)

    assert state is end


@pytest.mark.parametrize("event", [E.REFUSED, E.OUTCOME_UNKNOWN])
def test_an_order_known_to_rest_cannot_turn_out_never_to_have_been(event: OrderEvent) -> None:
    with pytest.raises(ImpossibleTransition):
        advance(S.OPEN, event)


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
    assert tracker.find("O1", f"{1:016x}-1") is not None


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

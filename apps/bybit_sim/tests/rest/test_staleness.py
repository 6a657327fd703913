"""Orders as they were a moment ago."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bybit_sim.exchange.words import State
from bybit_sim.rest.staleness import as_it_was, was_open
from gridcore.clock import Instant

THEN = Instant(2_000_000)


def test_an_order_was_open_between_its_creation_and_its_end(an_order: Any) -> None:
    open_still = an_order(1, created_at=1_000_000, updated_at=1_000_000)
    ended_since = an_order(1, created_at=1_000_000, updated_at=2_000_001, state=State.CANCELLED)
    ended_before = an_order(1, created_at=1_000_000, updated_at=2_000_000, state=State.CANCELLED)
    not_yet = an_order(1, created_at=2_000_001, updated_at=2_000_001)

    assert [was_open(record, THEN) for record in (open_still, ended_since)] == [True, True]
    assert [was_open(record, THEN) for record in (ended_before, not_yet)] == [False, False]


def test_an_order_without_later_fills_is_shown_as_it_is(an_order: Any, an_execution: Any) -> None:
    record = an_order(1, state=State.PARTIALLY_FILLED)
    earlier = an_execution(1, at=2_000_000)

    assert as_it_was(record, [earlier], THEN) is record


def test_a_cancel_since_then_is_taken_back(an_order: Any) -> None:
    record = an_order(
        1,
        state=State.CANCELLED,
        leaves=Decimal(0),
        cum_qty=Decimal("0.004"),
        cancel_type="CancelByUser",
        reject_reason="EC_PerCancelRequest",
        updated_at=Instant(3_000_000),
    )

    then = as_it_was(record, [], THEN)

    assert then.state is State.PARTIALLY_FILLED
    assert (then.leaves, then.cum_qty) == (Decimal("0.006"), Decimal("0.004"))
    assert (then.cancel_type, then.reject_reason) == ("UNKNOWN", "EC_NoError")
    assert then.updated_at == THEN


@given(st.lists(st.integers(0, 4_000_000), max_size=10))
def test_later_fills_are_taken_back_exactly(
    an_order: Any, an_execution: Any, at: list[int]
) -> None:
    each = Decimal("0.001")
    order = an_order(1)
    executions = [
        an_execution(n, order=order, at=when, qty=each, value=each * 50, fee=each / 10)
        for n, when in enumerate(sorted(at, reverse=True))
    ]
    stranger = an_execution(99, order=an_order(99), at=4_000_001)
    now = an_order(
        1,
        state=State.FILLED,
        leaves=order.qty - each * len(at),
        cum_qty=each * len(at),
        cum_value=each * 50 * len(at),
        cum_fee=each / 10 * len(at),
    )

    then = as_it_was(now, [stranger, *executions], THEN)

    early = sum(when <= THEN for when in at)
    assert then.cum_qty == each * early
    assert then.leaves == order.qty - each * early
    assert then.cum_value == each * 50 * early
    assert then.cum_fee == each / 10 * early
    assert then.state is (State.PARTIALLY_FILLED if early else State.NEW)

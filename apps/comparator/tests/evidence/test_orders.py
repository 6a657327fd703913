from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from comparator.evidence.orders import OrderLife, lives_of
from comparator.loading.owners import Owners
from grid_db.records import OrderState
from grid_db.types import from_microseconds
from gridcore.clock import SECOND_US, Instant
from gridcore.intents import client_order_id, encode_wire_id
from gridcore.sides import BUY, LONG

NOON = 1_767_268_800_000_000
IDENTITY = client_order_id("grid", "BTCUSDT", BUY, "99.8", LONG)
MINTED = NOON - 50_000


def state(seconds: float, status: str, leaves: str = "2", **changes: Any) -> OrderState:
    at = from_microseconds(NOON + round(seconds * SECOND_US))
    fields: dict[str, Any] = {
        "run_id": "run-1",
        "account_id": "account-1",
        "strat_id": "told",
        "symbol": "BTCUSDT",
        "position_idx": 1,
        "order_id": "o-1",
        "order_link_id": encode_wire_id(IDENTITY, MINTED),
        "exchange_ts": at,
        "local_ts": at,
        "status": status,
        "side": BUY,
        "price": Decimal("99.8"),
        "qty": Decimal(2),
        "leaves_qty": Decimal(leaves),
        "cum_exec_qty": Decimal(2) - Decimal(leaves),
        "avg_price": None,
        "reduce_only": False,
        "reject_reason": "EC_NoError",
        "cancel_type": "UNKNOWN",
    }
    return OrderState(**(fields | changes))


def cancelled(seconds: float, reason: str, cancel_type: str = "UNKNOWN") -> OrderState:
    changes = {"reject_reason": reason, "cancel_type": cancel_type, "cum_exec_qty": Decimal(0)}
    return state(seconds, "Cancelled", "0", **changes)


@pytest.fixture
def live(make_strategy_setup: Callable[..., Any]) -> Callable[..., OrderLife]:
    """The life of one order, from its states in any order."""
    owners = Owners([make_strategy_setup("BTCUSDT", "grid")])

    def make(*states: OrderState) -> OrderLife:
        [life] = lives_of(states, owners)
        return life

    return make


def at(seconds: float) -> Instant:
    return Instant(NOON + round(seconds * SECOND_US))


def test_a_life_goes_from_placing_to_its_end(live: Callable[..., OrderLife]) -> None:
    """Of two states of one time the later one has ended or has less left."""
    life = live(
        state(3, "Filled", "0"),
        state(3, "PartiallyFilled", "0.5"),
        state(1, "New"),
        state(3, "PartiallyFilled", "1"),
    )

    assert [step.status for step in life.steps] == [
        *("New", "PartiallyFilled", "PartiallyFilled", "Filled")
    ]
    assert [step.leaves for step in life.steps] == [2, 1, Decimal("0.5"), 0]
    assert (life.placed_at, life.ended_at, life.minted_at) == (at(1), at(3), MINTED)
    assert (life.client_order_id, life.strat_id, life.direction) == (IDENTITY, "grid", LONG)
    assert not life.is_rejected


def test_an_order_rests_from_its_placing_to_its_end_both_included(
    live: Callable[..., OrderLife],
) -> None:
    ended, resting = live(state(1, "New"), state(3, "Filled", "0")), live(state(1, "New"))

    assert [ended.rests_at(at(second)) for second in (0, 1, 2, 3, 4)] == [
        *(False, True, True, True, False)
    ]
    assert resting.rests_at(at(1000))
    assert resting.ended_at is None


@pytest.mark.parametrize(
    ("states", "rejected", "reason"),
    [
        ([state(1, "New")], False, None),
        ([state(1, "New"), state(2, "Filled", "0")], False, None),
        ([state(1, "New"), cancelled(2, "EC_PerCancelRequest", "CancelByUser")], False, None),
        ([cancelled(1, "EC_PostOnlyWillTakeLiquidity")], True, "EC_PostOnlyWillTakeLiquidity"),
        ([state(1, "Rejected", "0", reject_reason="EC_Others")], True, "EC_Others"),
        ([state(1, "New"), cancelled(1, "EC_Others")], True, "EC_Others"),
        (
            [state(1, "New"), cancelled(2, "EC_NoError", "CancelByReduceOnly")],
            False,
            "CancelByReduceOnly",
        ),
    ],
)
def test_what_the_exchange_refused_is_told_with_its_reason(
    live: Callable[..., OrderLife], states: list[OrderState], rejected: bool, reason: str | None
) -> None:
    life = live(*states)

    assert (life.is_rejected, life.cancel_reason) == (rejected, reason)


def test_an_order_that_was_partly_filled_was_not_rejected(live: Callable[..., OrderLife]) -> None:
    """Though the rest of it was cancelled in the same moment."""
    end = state(1, "Cancelled", "0", reject_reason="EC_Others", cum_exec_qty=Decimal(1))

    assert not live(end).is_rejected


def test_an_order_of_another_hand_is_of_no_strategy(live: Callable[..., OrderLife]) -> None:
    """The recorder's own word does not count where set-ups are known."""
    life = live(state(1, "New", order_link_id="by-hand"))

    assert (life.strat_id, life.client_order_id, life.minted_at) == (None, "by-hand", None)


def test_without_set_ups_the_recorders_word_counts() -> None:
    [life] = lives_of([state(1, "New", order_link_id=None)], None)

    assert (life.strat_id, life.client_order_id) == ("told", "o-1")


def test_orders_come_as_they_were_placed() -> None:
    states = [state(2, "New", order_id="b"), state(1, "New", order_id="c")]
    states += [state(0, "New", order_id="a"), state(9, "Filled", "0", order_id="a")]

    assert [life.order_id for life in lives_of(states, None)] == ["a", "c", "b"]

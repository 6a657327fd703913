"""Order rows (bybit.md A.4, A.7)."""

from collections.abc import Callable
from typing import Any

import pytest

from bybit_adapter.normalizer.numbers import Scale
from bybit_adapter.normalizer.orders import order
from bybit_adapter.normalizer.words import BadElement, Reason
from gridcore.clock import Instant
from gridcore.events import OrderStatus, OrderUpdate
from gridcore.instrument import Steps
from gridcore.sides import BUY, LONG, SELL, SHORT

Make = Callable[..., dict[str, Any]]
AT = Instant(1_762_199_126_022_000)


def read(row: dict[str, Any], scale: Scale) -> OrderUpdate:
    update = order(row, "BTCUSDT", scale, AT)
    assert isinstance(update, OrderUpdate)
    return update


def test_a_resting_order(order_row: Make, scale: Scale) -> None:
    assert read(order_row(), scale) == OrderUpdate(
        symbol="BTCUSDT",
        at=Instant(1_762_199_125_472_000),
        order_id="5cf98598-39a7-459e-97bf-76ca765ee020",
        wire_id="0123456789abcdef-k3x",
        direction=LONG,
        side=BUY,
        price=541234,
        qty=Steps(10),
        leaves=Steps(10),
        filled=Steps(0),
        status=OrderStatus.NEW,
        reduce_only=False,
    )


@pytest.mark.parametrize(
    ("spelled", "status"),
    [
        ("PartiallyFilled", OrderStatus.PARTIALLY_FILLED),
        ("Filled", OrderStatus.FILLED),
        ("Cancelled", OrderStatus.CANCELLED),
        ("PartiallyFilledCanceled", OrderStatus.CANCELLED),
        ("Rejected", OrderStatus.REJECTED),
    ],
)
def test_statuses(spelled: str, status: OrderStatus, order_row: Make, scale: Scale) -> None:
    assert read(order_row(orderStatus=spelled), scale).status is status


@pytest.mark.parametrize("spelled", ["Active", "new", "", "Created"])
def test_a_status_that_nobody_knows_is_bad(spelled: str, order_row: Make, scale: Scale) -> None:
    """V3's "Active" does not exist (bybit.md A.7)."""
    with pytest.raises(BadElement, match="orderStatus"):
        order(order_row(orderStatus=spelled), "BTCUSDT", scale, AT)


@pytest.mark.parametrize("spelled", ["Untriggered", "Triggered", "Deactivated"])
def test_conditional_orders_are_none_of_ours(spelled: str, order_row: Make, scale: Scale) -> None:
    row = order_row(orderStatus=spelled)

    assert order(row, "BTCUSDT", scale, AT) is Reason.CONDITIONAL


@pytest.mark.parametrize("kind", ["Market", "UNKNOWN"])
def test_only_limit_orders_rest(kind: str, order_row: Make, scale: Scale) -> None:
    assert order(order_row(orderType=kind), "BTCUSDT", scale, AT) is Reason.NO_LIMIT_ORDER


def test_a_partial_fill_then_a_cancel_keeps_what_was_filled(order_row: Make, scale: Scale) -> None:
    row = order_row(orderStatus="Cancelled", leavesQty="0", cumExecQty="0.004")

    update = read(row, scale)

    assert (update.leaves, update.filled) == (0, 4)


@pytest.mark.parametrize(
    ("changes", "leaves", "filled"),
    [
        ({"orderStatus": "PartiallyFilled", "leavesQty": "0.006", "cumExecQty": ""}, 6, 4),
        ({"orderStatus": "PartiallyFilled", "leavesQty": "", "cumExecQty": "0.004"}, 6, 4),
        ({"orderStatus": "PartiallyFilled", "leavesQty": "", "cumExecQty": "0.010"}, 0, 10),
        ({"orderStatus": "Filled", "leavesQty": "", "cumExecQty": ""}, 0, 10),
        ({"orderStatus": "Cancelled", "leavesQty": "0", "cumExecQty": ""}, 0, 0),
        ({"orderStatus": "New", "leavesQty": "0.020", "cumExecQty": ""}, 20, 0),
    ],
)
def test_a_missing_quantity_follows_from_the_others(
    changes: dict[str, Any], leaves: int, filled: int, order_row: Make, scale: Scale
) -> None:
    update = read(order_row(**changes), scale)

    assert (update.leaves, update.filled) == (leaves, filled)


@pytest.mark.parametrize(
    "changes",
    [
        {"leavesQty": "", "cumExecQty": ""},
        {"leavesQty": "", "cumExecQty": "0.011"},
        {"qty": ""},
        {"price": "0"},
        {"price": ""},
        {"side": ""},
        {"orderId": ""},
        {"reduceOnly": "maybe"},
        {"qty": "0.0105"},
    ],
)
def test_an_order_without_what_it_needs_is_bad(
    changes: dict[str, Any], order_row: Make, scale: Scale
) -> None:
    with pytest.raises(BadElement):
        order(order_row(**changes), "BTCUSDT", scale, AT)


def test_without_position_idx_the_direction_follows_from_the_purpose(
    order_row: Make, scale: Scale
) -> None:
    row = order_row(positionIdx=None, reduceOnly="true")

    update = read(row, scale)

    assert update.direction is SHORT
    assert update.reduce_only


def test_the_text_false_does_not_reduce(order_row: Make, scale: Scale) -> None:
    update = read(order_row(positionIdx=None, side="Sell", reduceOnly="false"), scale)

    assert (update.direction, update.side, update.reduce_only) == (SHORT, SELL, False)


@pytest.mark.parametrize("stamp", ["", "0", "x", None, "253402300799000"])
def test_a_time_that_cannot_be_is_the_frames_l77(
    stamp: str | None, order_row: Make, scale: Scale
) -> None:
    assert read(order_row(updatedTime=stamp), scale).at == AT


@pytest.mark.parametrize(
    ("cancel_type", "reject_reason", "reason"),
    [
        ("UNKNOWN", "EC_NoError", ""),
        ("", "", ""),
        ("UNKNOWN", "EC_PostOnlyWillTakeLiquidity", "EC_PostOnlyWillTakeLiquidity"),
        ("CancelByReduceOnly", "EC_NoError", "CancelByReduceOnly"),
        ("CancelByUser", "EC_PerCancelRequest", "EC_PerCancelRequest"),
        ("CancelByUser", "EC_NoError", "CancelByUser"),
        ("CancelByAdmin", "EC_PerCancelRequest", "CancelByAdmin"),
    ],
)
def test_the_reason_is_the_exchanges_cause_before_its_answer(
    cancel_type: str, reject_reason: str, reason: str, order_row: Make, scale: Scale
) -> None:
    row = order_row(orderStatus="Cancelled", cancelType=cancel_type, rejectReason=reject_reason)

    assert read(row, scale).reason == reason

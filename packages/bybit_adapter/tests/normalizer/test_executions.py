"""Execution rows, routed by execType (bybit.md A.4, A.7)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.normalizer.executions import closed_pnl, execution
from bybit_adapter.normalizer.numbers import Scale
from bybit_adapter.normalizer.words import BadElement
from gridcore.clock import Instant
from gridcore.events import ExecType, Execution, FundingPaid
from gridcore.instrument import Steps
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

Make = Callable[..., dict[str, Any]]
AT = Instant(1_762_199_126_022_000)


def read(row: dict[str, Any], scale: Scale) -> Execution:
    event = execution(row, "BTCUSDT", scale, AT)
    assert isinstance(event, Execution)
    return event


def test_a_fill(execution_row: Make, scale: Scale) -> None:
    assert read(execution_row(), scale) == Execution(
        symbol="BTCUSDT",
        at=Instant(1_762_199_125_353_000),
        sequence=140612148849382,
        exec_id="0ab1bdf7-4219-438b-b30a-32ec863018f7",
        order_id="9aac161b-8ed6-450d-9cab-c5cc67c21784",
        wire_id="0123456789abcdef-k3y",
        direction=LONG,
        side=SELL,
        price=542001,
        qty=Steps(4),
        leaves=Steps(6),
        closed=Steps(4),
        fee=Decimal("0.04336008"),
        kind=ExecType.TRADE,
        is_maker=True,
    )


@pytest.mark.parametrize(
    ("side", "closed", "direction"),
    [("Buy", "", LONG), ("Buy", "0.004", SHORT), ("Sell", "0", SHORT), ("Sell", "0.004", LONG)],
)
def test_the_direction_follows_from_what_it_closed(
    side: str, closed: str, direction: DirectionType, execution_row: Make, scale: Scale
) -> None:
    """Rows have no positionIdx; an opening's closedSize is "" or "0"."""
    row = execution_row(side=side, closedSize=closed, closedPnl="", execPnl="0")

    assert read(row, scale).direction is direction


def test_a_close_is_never_taken_for_an_opening_of_the_other_leg(
    execution_row: Make, scale: Scale
) -> None:
    """An execution counts once: read wrongly, no listing would mend it."""
    silent = execution_row(closedPnl="", execPnl="0")
    del silent["closedSize"]
    profitable = execution_row(closedSize="", closedPnl="", execPnl="0.7")

    for row in (silent, profitable):
        with pytest.raises(BadElement, match="closedSize"):
            execution(row, "BTCUSDT", scale, AT)


def test_position_idx_wins_where_a_row_has_it(execution_row: Make, scale: Scale) -> None:
    assert read(execution_row(positionIdx=2), scale).direction is SHORT


@pytest.mark.parametrize("kind", [ExecType.ADL, ExecType.BUST, ExecType.SETTLE, ExecType.DELIVERY])
@pytest.mark.parametrize(("side", "direction"), [(SELL, LONG), (BUY, SHORT)])
def test_what_the_exchange_does_itself_closes(
    kind: ExecType, side: SideType, direction: DirectionType, execution_row: Make, scale: Scale
) -> None:
    event = read(execution_row(execType=kind.value, side=side.value, closedSize=""), scale)

    assert (event.kind, event.direction, event.closed) == (kind, direction, 4)


def test_what_a_takeover_says_that_it_closed_counts(execution_row: Make, scale: Scale) -> None:
    assert read(execution_row(execType="AdlTrade", closedSize="0.003"), scale).closed == 3


@pytest.mark.parametrize("kind", ["BlockTrade", "MovePosition", "CorporateAction", "novel"])
def test_an_unknown_kind_is_delivered_as_unknown(
    kind: str, execution_row: Make, scale: Scale
) -> None:
    assert read(execution_row(execType=kind), scale).kind is ExecType.UNKNOWN


@pytest.mark.parametrize(
    "name",
    ["execType", "execId", "orderId", "execPrice", "execQty", "execFee", "leavesQty", "side"],
)
def test_an_amount_is_never_invented(name: str, execution_row: Make, scale: Scale) -> None:
    """Nothing left would mean filled, no fee would falsify the books (adr 0021)."""
    for value in ("", None):
        with pytest.raises(BadElement, match=name):
            execution(execution_row(**{name: value}), "BTCUSDT", scale, AT)


@pytest.mark.parametrize(("name", "value"), [("execPrice", "0"), ("execQty", "0"), ("seq", "x")])
def test_impossible_values_are_refused(
    name: str, value: str, execution_row: Make, scale: Scale
) -> None:
    with pytest.raises(BadElement, match=name):
        execution(execution_row(**{name: value}), "BTCUSDT", scale, AT)


def test_a_rebate_is_a_negative_fee(execution_row: Make, scale: Scale) -> None:
    assert read(execution_row(execFee="-0.01"), scale).fee == Decimal("-0.01")


@pytest.mark.parametrize("stamp", ["0", "", "x", None])
def test_a_time_that_cannot_be_is_the_frames_l77(
    stamp: str | None, execution_row: Make, scale: Scale
) -> None:
    assert read(execution_row(execTime=stamp), scale).at == AT


@pytest.mark.parametrize(
    ("value", "maker"), [("true", True), (False, False), ("", False), (7, False)]
)
def test_who_does_not_say_maker_took(
    value: object, maker: bool, execution_row: Make, scale: Scale
) -> None:
    assert read(execution_row(isMaker=value), scale).is_maker is maker


@pytest.mark.parametrize(
    ("side", "fee", "fee_rate", "direction", "rate"),
    [
        ("Buy", "0.1085", "0.0001", LONG, "0.0001"),
        ("Buy", "-0.1085", "-0.0001", LONG, "-0.0001"),
        ("Sell", "-0.1085", "0.0001", SHORT, "0.0001"),
        ("Sell", "-0.1085", "-0.0001", SHORT, "0.0001"),
        ("Sell", "0.1085", "0.0001", SHORT, "-0.0001"),
        ("Buy", "0", "0.0001", LONG, "0.0001"),
    ],
)
def test_funding_changes_the_wallet_and_longs_pay_a_positive_rate_ls44(
    side: str,
    fee: str,
    fee_rate: str,
    direction: DirectionType,
    rate: str,
    execution_row: Make,
    scale: Scale,
) -> None:
    row = execution_row(
        execType="Funding", side=side, execFee=fee, feeRate=fee_rate, execQty="0.020", orderId=""
    )

    event = execution(row, "BTCUSDT", scale, AT)

    assert event == FundingPaid(
        symbol="BTCUSDT",
        at=Instant(1_762_199_125_353_000),
        exec_id="0ab1bdf7-4219-438b-b30a-32ec863018f7",
        direction=direction,
        qty=Steps(20),
        rate=Decimal(rate),
        price=Decimal("54200.10"),
        amount=-Decimal(fee),
    )


@pytest.mark.parametrize("name", ["execFee", "feeRate", "execPrice", "side", "execId"])
def test_funding_without_its_amounts_is_bad(name: str, execution_row: Make, scale: Scale) -> None:
    with pytest.raises(BadElement, match=name):
        execution(execution_row(execType="Funding", **{name: ""}), "BTCUSDT", scale, AT)


@pytest.mark.parametrize(
    ("row", "profit"),
    [
        ({"closedPnl": "1", "execPnl": "2"}, "1"),
        ({"closedPnl": "0", "execPnl": "0.5"}, "0"),
        ({"closedPnl": "", "execPnl": "0.5"}, "0.5"),
        ({"closedPnl": None, "execPnl": "-3"}, "-3"),
        ({"execPnl": "0.5"}, "0.5"),
    ],
)
def test_the_profit_is_closed_pnl_else_exec_pnl(row: dict[str, Any], profit: str) -> None:
    assert closed_pnl(row) == Decimal(profit)


def test_a_profit_that_nobody_states_is_unknown() -> None:
    assert closed_pnl({"closedPnl": ""}) is None

"""Orders and executions as rows: complete field sets (bybit.md A.4, B.4)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bybit_sim.exchange.rows import (
    execution_push_row,
    execution_row,
    fast_execution_row,
    order_push_row,
    order_row,
)
from bybit_sim.exchange.words import ExecutionRecord, Lifetime, OrderRecord, OrderType, State
from gridcore.clock import Instant
from gridcore.sides import BUY

ORDER_FIELDS = (
    "orderId orderLinkId parentOrderLinkId blockTradeId symbol price qty side isLeverage "
    "positionIdx orderStatus createType cancelType rejectReason avgPrice leavesQty leavesValue "
    "cumExecQty cumExecValue cumExecFee timeInForce orderType stopOrderType orderIv triggerPrice "
    "takeProfit stopLoss tpslMode tpLimitPrice slLimitPrice tpTriggerBy slTriggerBy "
    "triggerDirection triggerBy lastPriceOnCreated reduceOnly closeOnTrigger placeType smpType "
    "smpGroup smpOrderId createdTime updatedTime slippageToleranceType slippageTolerance "
    "cumFeeDetail extraFees rpiTakerAccess rpiMatchedQty"
)
EXECUTION_FIELDS = (
    "symbol orderId orderLinkId side orderPrice orderQty leavesQty createType orderType "
    "stopOrderType execFee execId execPrice execQty execType execValue execTime feeCurrency "
    "isMaker feeRate markPrice indexPrice underlyingPrice tradeIv markIv blockTradeId closedSize "
    "seq extraFees"
)
FAST_FIELDS = (
    "category symbol execId execPrice execQty orderId isMaker orderLinkId side execTime seq"
)
NOT_TEXT = {
    "positionIdx": int,
    "triggerDirection": int,
    "reduceOnly": bool,
    "closeOnTrigger": bool,
    "smpGroup": int,
    "cumFeeDetail": dict,
    "rpiTakerAccess": bool,
    "isMaker": bool,
    "seq": int,
}


@pytest.fixture
def order() -> OrderRecord:
    return OrderRecord(
        order_id="id-1",
        order_link_id="link-1",
        symbol="BTCUSDT",
        side=BUY,
        position_idx=1,
        order_type=OrderType.LIMIT,
        lifetime=Lifetime.POST_ONLY,
        price=Decimal("54123.40"),
        qty=Decimal("0.010"),
        leaves=Decimal("0.004"),
        state=State.PARTIALLY_FILLED,
        reduce_only=False,
        close_on_trigger=False,
        created_at=Instant(1_767_261_600_123_456),
        updated_at=Instant(1_767_261_601_000_000),
        last_price_on_created=Decimal("54200.00"),
        cum_qty=Decimal("0.006"),
        cum_value=Decimal("324.7399"),
        cum_fee=Decimal("0.06494808"),
    )


@pytest.fixture
def execution(order: OrderRecord) -> ExecutionRecord:
    return ExecutionRecord(
        exec_id="x-1",
        exec_type="Trade",
        order=order,
        symbol="BTCUSDT",
        side=BUY,
        position_idx=1,
        price=Decimal("54123.40"),
        qty=Decimal("0.006"),
        leaves=Decimal("0.004"),
        closed_size=Decimal("0.000"),
        value=Decimal("324.74040"),
        fee=Decimal("-0.03247404"),
        fee_rate=Decimal("-0.0001"),
        pnl=Decimal(0),
        is_maker=True,
        mark=Decimal("54120.05"),
        index=None,
        at=Instant(1_767_261_601_000_999),
        seq=77,
    )


def check_types(row: dict[str, object]) -> None:
    for name, value in row.items():
        assert type(value) is NOT_TEXT.get(name, str), name


def test_an_order_has_every_field_and_numbers_are_texts(order: OrderRecord) -> None:
    row = order_row(order)

    assert list(row) == ORDER_FIELDS.split()
    check_types(row)
    assert (row["price"], row["qty"], row["leavesQty"], row["leavesValue"]) == (
        "54123.40",
        "0.010",
        "0.004",
        "216.4936",
    )
    assert (row["avgPrice"], row["cumExecQty"], row["cumExecValue"]) == (
        "54123.31666667",
        "0.006",
        "324.7399",
    )
    assert (row["createdTime"], row["updatedTime"]) == ("1767261600123", "1767261601000")
    assert row["cumFeeDetail"] == {"USDT": "0.06494808"}


def test_the_stream_adds_category_closed_profit_and_fee_currency(order: OrderRecord) -> None:
    row = order_push_row(replace(order, closed_pnl=Decimal("-1.50")))

    assert set(row) == set(ORDER_FIELDS.split()) | {"category", "closedPnl", "feeCurrency"}
    assert (row["category"], row["closedPnl"], row["feeCurrency"]) == ("linear", "-1.5", "USDT")


@pytest.mark.parametrize("state", [State.CANCELLED, State.REJECTED])
def test_an_ended_order_leaves_nothing(order: OrderRecord, state: State) -> None:
    row = order_row(replace(order, state=state))

    assert (row["leavesQty"], row["leavesValue"]) == ("0.000", "0")


def test_an_order_without_a_fill_has_no_average_and_no_fee_detail(order: OrderRecord) -> None:
    row = order_row(replace(order, cum_qty=Decimal(0), last_price_on_created=None))

    assert (row["avgPrice"], row["cumFeeDetail"], row["lastPriceOnCreated"]) == ("", {}, "")


def test_an_execution_has_every_field_and_a_rebate_is_below_zero(
    execution: ExecutionRecord,
) -> None:
    row = execution_row(execution)

    assert list(row) == EXECUTION_FIELDS.split()
    check_types(row)
    assert (row["execFee"], row["feeRate"], row["markPrice"], row["indexPrice"]) == (
        "-0.03247404",
        "-0.0001",
        "54120.05",
        "",
    )
    assert (row["orderPrice"], row["orderQty"], row["orderType"], row["execTime"]) == (
        "54123.40",
        "0.010",
        "Limit",
        "1767261601000",
    )


def test_the_execution_stream_adds_category_and_profit(execution: ExecutionRecord) -> None:
    row = execution_push_row(replace(execution, pnl=Decimal("2.50")))

    extra = {"category", "isLeverage", "marketUnit", "execPnl"}
    assert set(row) == set(EXECUTION_FIELDS.split()) | extra
    assert (row["category"], row["execPnl"]) == ("linear", "2.5")


def test_funding_has_no_order_and_an_unknown_type(execution: ExecutionRecord) -> None:
    row = execution_row(replace(execution, exec_type="Funding", order=None))

    assert (row["orderId"], row["orderLinkId"], row["orderType"], row["orderQty"]) == (
        "",
        "",
        "UNKNOWN",
        "0",
    )


@pytest.mark.parametrize(("is_maker", "link"), [(True, ""), (False, "link-1")])
def test_the_fast_stream_hides_the_link_id_of_maker_fills(
    execution: ExecutionRecord, is_maker: bool, link: str
) -> None:
    row = fast_execution_row(replace(execution, is_maker=is_maker))

    assert list(row) == FAST_FIELDS.split()
    assert row["orderLinkId"] == link

"""Orders and executions as rows of the protocol (bybit.md A.4, A.5, B.4).

It writes what records say; it refuses to know books and money.
"""

from decimal import Decimal

from bybit_sim.exchange.texts import decimal_text, ms_text, plain, rounded
from bybit_sim.exchange.words import ExecutionRecord, OrderRecord, Row, State

USDT = "USDT"
CATEGORY = "linear"
FUNDING = "Funding"


def order_row(order: OrderRecord) -> Row:
    """One order as order/realtime and order/history list it."""
    ended = order.state in (State.CANCELLED, State.REJECTED)
    leaves = Decimal(0) * order.leaves if ended else order.leaves
    fee = plain(order.cum_fee)
    last = order.last_price_on_created
    return {
        "orderId": order.order_id,
        "orderLinkId": order.order_link_id,
        "parentOrderLinkId": "",
        "blockTradeId": "",
        "symbol": order.symbol,
        "price": decimal_text(order.price),
        "qty": decimal_text(order.qty),
        "side": order.side.value,
        "isLeverage": "",
        "positionIdx": order.position_idx,
        "orderStatus": order.state.value,
        "createType": order.create_type,
        "cancelType": order.cancel_type,
        "rejectReason": order.reject_reason,
        "avgPrice": rounded(order.cum_value / order.cum_qty) if order.cum_qty else "",
        "leavesQty": decimal_text(leaves),
        "leavesValue": plain(leaves * order.price),
        "cumExecQty": decimal_text(order.cum_qty),
        "cumExecValue": plain(order.cum_value),
        "cumExecFee": fee,
        "timeInForce": order.lifetime.value,
        "orderType": order.order_type.value,
        "stopOrderType": "",
        "orderIv": "",
        "triggerPrice": "",
        "takeProfit": "",
        "stopLoss": "",
        "tpslMode": "",
        "tpLimitPrice": "",
        "slLimitPrice": "",
        "tpTriggerBy": "",
        "slTriggerBy": "",
        "triggerDirection": 0,
        "triggerBy": "",
        "lastPriceOnCreated": "" if last is None else decimal_text(last),
        "reduceOnly": order.reduce_only,
        "closeOnTrigger": order.close_on_trigger,
        "placeType": "",
        "smpType": "None",
        "smpGroup": 0,
        "smpOrderId": "",
        "createdTime": ms_text(order.created_at),
        "updatedTime": ms_text(order.updated_at),
        "slippageToleranceType": "UNKNOWN",
        "slippageTolerance": "",
        "cumFeeDetail": {USDT: fee} if order.cum_qty else {},
        "extraFees": "",
        "rpiTakerAccess": False,
        "rpiMatchedQty": "",
    }


def order_push_row(order: OrderRecord) -> Row:
    """One order as the `order` stream tells it."""
    return {
        "category": CATEGORY,
        **order_row(order),
        "closedPnl": plain(order.closed_pnl),
        "feeCurrency": USDT,
    }


def execution_row(execution: ExecutionRecord) -> Row:
    """One execution as execution/list shows it; funding has no order (bybit.md A.4)."""
    order = execution.order
    funding = execution.exec_type == FUNDING
    order_type = "UNKNOWN" if order is None or funding else order.order_type.value
    return {
        "symbol": execution.symbol,
        "orderId": "" if order is None else order.order_id,
        "orderLinkId": "" if order is None else order.order_link_id,
        "side": execution.side.value,
        "orderPrice": "0" if order is None else decimal_text(order.price),
        "orderQty": "0" if order is None else decimal_text(order.qty),
        "leavesQty": decimal_text(execution.leaves),
        "createType": "" if order is None else order.create_type,
        "orderType": order_type,
        "stopOrderType": "UNKNOWN",
        "execFee": plain(execution.fee),
        "execId": execution.exec_id,
        "execPrice": decimal_text(execution.price),
        "execQty": decimal_text(execution.qty),
        "execType": execution.exec_type,
        "execValue": plain(execution.value),
        "execTime": ms_text(execution.at),
        "feeCurrency": USDT,
        "isMaker": execution.is_maker,
        "feeRate": plain(execution.fee_rate),
        "markPrice": "" if execution.mark is None else decimal_text(execution.mark),
        "indexPrice": "" if execution.index is None else decimal_text(execution.index),
        "underlyingPrice": "",
        "tradeIv": "",
        "markIv": "",
        "blockTradeId": "",
        "closedSize": decimal_text(execution.closed_size),
        "seq": execution.seq,
        "extraFees": "",
    }


def execution_push_row(execution: ExecutionRecord) -> Row:
    """One execution as the `execution` stream tells it."""
    return {
        "category": CATEGORY,
        **execution_row(execution),
        "isLeverage": "0",
        "marketUnit": "",
        "execPnl": plain(execution.pnl),
    }


def fast_execution_row(execution: ExecutionRecord) -> Row:
    """One trade as `execution.fast` tells it: the link id is missing on maker fills (B.4)."""
    order = execution.order
    assert order is not None, "only trades go to the fast stream, and they have an order"
    return {
        "category": CATEGORY,
        "symbol": execution.symbol,
        "execId": execution.exec_id,
        "execPrice": decimal_text(execution.price),
        "execQty": decimal_text(execution.qty),
        "orderId": order.order_id,
        "isMaker": execution.is_maker,
        "orderLinkId": "" if execution.is_maker else order.order_link_id,
        "side": execution.side.value,
        "execTime": ms_text(execution.at),
        "seq": execution.seq,
    }

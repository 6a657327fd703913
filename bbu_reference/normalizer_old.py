"""What the old normalizer made of a frame (spec live.md 1.3), so that a recording is excused by a
rule only if it is what the old code must have given."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from bbu_reference.framework import RAISES
from bbu_reference.normalizer_model import DIGITS, MS, Fields

OLD_LATEST = 253_402_300_800_000
"""The year 10000 in ms, which the old times could not hold."""


def old(kind: str, message: Any, received_at: int) -> Any:
    """The recorded outputs as the old code must have made them, or RAISES."""
    try:
        if kind == "ticker":
            return [_old_ticker(message, received_at)]
        return [
            output
            for row in message.get("data", [])
            if (output := OLD[kind](row, message, received_at)) is not None
        ]
    except (AttributeError, TypeError, ValueError, InvalidOperation):
        return RAISES


def _old_ticker(message: Fields, received_at: int) -> Fields:
    data = message.get("data", {})
    return {
        "symbol": data.get("symbol") or _old_suffix(message),
        "exchange_ts": _old_ms(message.get("ts", received_at // MS)),
        "last_price": _old_number(data, "lastPrice"),
        "mark_price": _old_number(data, "markPrice"),
        "bid1_price": _old_number(data, "bid1Price"),
        "ask1_price": _old_number(data, "ask1Price"),
        "funding_rate": _old_number(data, "fundingRate"),
    }


def _old_trade(row: Fields, message: Fields, received_at: int) -> Fields:
    return {
        "symbol": row.get("s", _old_suffix(message)),
        "exchange_ts": _old_ms(row.get("T", message.get("ts", received_at // MS))),
        "trade_id": row.get("i", ""),
        "side": row.get("S", ""),
        "price": _old_number(row, "p"),
        "size": _old_number(row, "v"),
    }


def _old_execution(row: Fields, _: Fields, received_at: int) -> Fields | None:
    if row.get("category") != "linear" or row.get("execType") != "Trade":
        return None
    return {
        "symbol": row.get("symbol", ""),
        "exchange_ts": _old_text_ms(row, "execTime", received_at),
        "kind": "Trade",
        "exec_id": row.get("execId", ""),
        "order_id": row.get("orderId", ""),
        "order_link_id": row.get("orderLinkId", ""),
        "side": row.get("side", ""),
        "price": _old_number(row, "execPrice"),
        "qty": _old_number(row, "execQty"),
        "fee": _old_number(row, "execFee"),
        "closed_pnl": Decimal(row.get("closedPnl") or row.get("execPnl", "0")),
        "closed_size": _old_number(row, "closedSize"),
        "leaves_qty": _old_number(row, "leavesQty"),
    }


def _old_order(row: Fields, _: Fields, received_at: int) -> Fields | None:
    if row.get("category") != "linear" or row.get("orderType") != "Limit":
        return None
    return {
        "symbol": row.get("symbol", ""),
        "exchange_ts": _old_text_ms(row, "updatedTime", received_at),
        "order_id": row.get("orderId", ""),
        "order_link_id": row.get("orderLinkId", ""),
        "status": row.get("orderStatus", ""),
        "side": row.get("side", ""),
        "price": _old_number(row, "price"),
        "qty": _old_number(row, "qty"),
        "leaves_qty": _old_number(row, "leavesQty"),
        "reduce_only": bool(row.get("reduceOnly", False)),
    }


OLD: dict[str, Callable[[Any, Any, int], Fields | None]] = {
    "public_trade": _old_trade,
    "execution": _old_execution,
    "order": _old_order,
}


def _old_suffix(message: Fields) -> str:
    topic = str(message.get("topic", ""))
    return topic.rsplit(".", maxsplit=1)[-1] if "." in topic else ""


def _old_number(row: Fields, name: str) -> Decimal:
    return Decimal(row.get(name, "0"))


def _old_ms(value: Any) -> int:
    if not isinstance(value, (int, float)):
        raise TypeError(value)
    if value >= OLD_LATEST:
        raise ValueError(value)
    return int(value * MS)


def _old_text_ms(row: Fields, name: str, received_at: int) -> int:
    value = row.get(name, "0")
    try:
        return _old_ms(int(value))
    except ValueError:
        if isinstance(value, str) and DIGITS.fullmatch(value):
            raise
        return received_at // MS * MS

"""What a frame of the exchange should become, and what the old normalizer made of it.

Both are computed from the frame alone, without gridcore and bybit_adapter (spec live.md 1.3,
bybit.md A.4, B.3, B.4). An output is a list of fields; None where the frame says nothing.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from bbu_reference.framework import RAISES, Rule

MS = 1_000
EARLIEST, LATEST = 1_262_304_000_000, 4_102_444_800_000
"""2010 and 2100 in ms: a time outside is a parsing fault."""
OLD_LATEST = 253_402_300_800_000
"""The year 10000 in ms, which the old times could not hold."""
SYMBOL = re.compile(r"[A-Z0-9]{2,20}")
PLAIN_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
DIGITS = re.compile(r"\d{1,20}", re.ASCII)
UNREADABLE = "unreadable"
ROUTED = {"Trade", "AdlTrade", "BustTrade", "Settle", "Delivery"}
TAKEOVERS = ROUTED - {"Trade"}
OPEN = {"New", "PartiallyFilled"}
ENDED = {"Filled", "Cancelled", "Rejected"}
CONDITIONAL = {"Untriggered", "Triggered", "Deactivated"}

ABSENT_IS_ABSENT = Rule(
    name="absent_is_absent",
    reason="A number that was absent became 0; it is unknown, and an event that cannot do without "
    "it is not made.",
    adr="0021",
)
PLAUSIBLE_TIME = Rule(
    name="plausible_time",
    reason="A missing time became 1970 or the machine's time in whole ms, an impossible one was "
    "taken over; it is the frame's time, else the time of receipt.",
    adr="0021",
)
ONE_BAD_ELEMENT = Rule(
    name="one_bad_element",
    reason="One element that could not be read lost the whole frame; it loses itself.",
    adr="0021",
)
ROUTED_TYPES = Rule(
    name="routed_types",
    reason="Executions by the exchange, and of unknown kinds, were dropped; each goes where its "
    "kind belongs.",
    adr="0021",
)
CLOSED_SETS = Rule(
    name="closed_sets",
    reason="A symbol, side, status or frame type outside its closed set passed; it is no event.",
    adr="0021",
)
CONDITIONAL_ORDERS = Rule(
    name="conditional_orders",
    reason="Conditional orders, which rest nowhere, passed as orders; they are set aside.",
)
FLAG_TEXT = Rule(
    name="flag_text",
    reason='The text "false" was read as true.',
)
NO_STREAM = Rule(
    name="no_stream",
    reason="A frame whose topic names no stream was read all the same; it is kept unread.",
)

Fields = dict[str, Any]
Right = tuple[list[Fields], list[Rule]]


class _Bad(Exception):
    """The element cannot be read, for the reason that the rule states."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.name)
        self.rule = rule


# -- what is right -----------------------------------------------------------------------------


def right(kind: str, message: Any, received_at: int) -> Right:
    """(outputs, the rules under which they may differ from the recording)."""
    head, _, suffix = _topic(message).partition(".")
    if head != HEADS[kind]:
        return [], [NO_STREAM, ABSENT_IS_ABSENT, ONE_BAD_ELEMENT]
    if kind == "ticker":
        return _right_ticker(message, suffix, received_at)
    rows = message.get("data")
    if not isinstance(rows, list):
        return [], [ONE_BAD_ELEMENT]
    frame_at = _time(message.get("ts" if kind == "public_trade" else "creationTime"))
    outputs, rules = [], [ONE_BAD_ELEMENT]
    for row in rows:
        found: list[Rule] = []
        try:
            output = RIGHT[kind](row, suffix, found, (frame_at or received_at))
        except _Bad as bad:
            rules.append(bad.rule)
            continue
        rules += found
        if output is not None:
            outputs.append(output)
    return outputs, rules


def _right_ticker(message: Fields, suffix: str, received_at: int) -> Right:
    data, rules = message.get("data"), [ABSENT_IS_ABSENT, ONE_BAD_ELEMENT, PLAUSIBLE_TIME]
    if not isinstance(data, dict):
        return [], rules
    if message.get("type") not in ("snapshot", "delta"):
        return [], [*rules, CLOSED_SETS]
    symbol = data.get("symbol") or suffix
    if not _is_symbol(symbol):
        return [], [*rules, CLOSED_SETS]
    prices = {
        name: _quote(data.get(key))
        for name, key in (
            ("last_price", "lastPrice"),
            ("mark_price", "markPrice"),
            ("bid1_price", "bid1Price"),
            ("ask1_price", "ask1Price"),
        )
    }
    if prices["last_price"] is None:
        return [], rules
    at = _time(message.get("ts")) or received_at
    rate = _number_or_none(data.get("fundingRate"))
    return [{"symbol": symbol, "exchange_ts": at, **prices, "funding_rate": rate}], rules


def _right_trade(row: Any, suffix: str, rules: list[Rule], frame_at: int) -> Fields:
    row = _object(row)
    rules.append(PLAUSIBLE_TIME)
    side = row.get("S") or None
    if side not in ("Buy", "Sell", None):
        raise _Bad(CLOSED_SETS)
    return {
        "symbol": _symbol(row.get("s") or suffix),
        "exchange_ts": _time(row.get("T")) or frame_at,
        "trade_id": row.get("i") or None,
        "side": side,
        "price": _above_zero(row.get("p")),
        "size": _above_zero(row.get("v")),
    }


def _right_execution(row: Any, _: str, rules: list[Rule], frame_at: int) -> Fields | None:
    row = _object(row)
    if row.get("category") != "linear":
        return None
    kind = row.get("execType") or "Unknown"
    if kind == "Funding":
        return None  # funding is no execution of an order: it is a payment
    rules.append(PLAUSIBLE_TIME)
    if kind != "Trade":
        rules.append(ROUTED_TYPES)
    qty = _above_zero(row.get("execQty"))
    closed = _size(row.get("closedSize"), absent=Decimal(0))
    return {
        "symbol": _symbol(row.get("symbol")),
        "exchange_ts": _time(row.get("execTime")) or frame_at,
        "kind": kind if kind in ROUTED else "Unknown",
        "exec_id": _name(row.get("execId")),
        "order_id": _name(row.get("orderId")),
        "order_link_id": row.get("orderLinkId") or "",
        "side": _side(row.get("side")),
        "price": _above_zero(row.get("execPrice")),
        "qty": qty,
        "fee": _number(row.get("execFee")),
        "closed_pnl": right_closed_pnl(row, rules),
        "closed_size": qty if kind in TAKEOVERS and not closed else closed,
        "leaves_qty": _size(row.get("leavesQty")),
    }


def right_closed_pnl(row: Fields, rules: list[Rule]) -> Any:
    """closedPnl, else execPnl, else unknown."""
    for name in ("closedPnl", "execPnl"):
        if row.get(name) not in (None, ""):
            try:
                return _number(row[name])
            except _Bad:
                return UNREADABLE
    rules.append(ABSENT_IS_ABSENT)
    return None


def _right_order(row: Any, _: str, rules: list[Rule], frame_at: int) -> Fields | None:
    row = _object(row)
    if row.get("category") != "linear" or row.get("orderType") != "Limit":
        return None
    rules += [PLAUSIBLE_TIME, FLAG_TEXT]
    status = row.get("orderStatus")
    if status in CONDITIONAL:
        rules.append(CONDITIONAL_ORDERS)
        return None
    if status not in OPEN | ENDED:
        raise _Bad(CLOSED_SETS if status else ABSENT_IS_ABSENT)
    return {
        "symbol": _symbol(row.get("symbol")),
        "exchange_ts": _time(row.get("updatedTime")) or frame_at,
        "order_id": _name(row.get("orderId")),
        "order_link_id": row.get("orderLinkId") or "",
        "status": status,
        "side": _side(row.get("side")),
        "price": _above_zero(row.get("price")),
        "qty": _size(row.get("qty")),
        "leaves_qty": _size(row.get("leavesQty"), absent=Decimal(0) if status in ENDED else None),
        "reduce_only": _flag(row.get("reduceOnly")),
    }


RIGHT: dict[str, Callable[[Any, str, list[Rule], int], Fields | None]] = {
    "public_trade": _right_trade,
    "execution": _right_execution,
    "order": _right_order,
}
HEADS = {
    "ticker": "tickers",
    "public_trade": "publicTrade",
    "execution": "execution",
    "order": "order",
}


def _topic(message: Any) -> str:
    topic = message.get("topic") if isinstance(message, dict) else None
    return topic if isinstance(topic, str) else ""


def _object(row: Any) -> Fields:
    if not isinstance(row, dict):
        raise _Bad(ONE_BAD_ELEMENT)
    return row


def _is_symbol(value: Any) -> bool:
    return isinstance(value, str) and SYMBOL.fullmatch(value) is not None


def _symbol(value: Any) -> str:
    if not _is_symbol(value):
        raise _Bad(CLOSED_SETS if value else ABSENT_IS_ABSENT)
    return str(value)


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _Bad(ABSENT_IS_ABSENT)
    return value


def _side(value: Any) -> str:
    if value not in ("Buy", "Sell"):
        raise _Bad(CLOSED_SETS if value else ABSENT_IS_ABSENT)
    return str(value)


def _flag(value: Any) -> bool:
    flags = {None: False, "": False, "true": True, "false": False, 0: False, 1: True}
    if value not in flags:
        raise _Bad(CLOSED_SETS)
    return flags[value]


def _number(value: Any) -> Decimal:
    if value is None or value == "":
        raise _Bad(ABSENT_IS_ABSENT)
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        raise _Bad(ONE_BAD_ELEMENT)
    if not PLAIN_NUMBER.fullmatch(str(value)):
        raise _Bad(ONE_BAD_ELEMENT)
    return Decimal(str(value))


def _number_or_none(value: Any) -> Decimal | None:
    try:
        return _number(value)
    except _Bad:
        return None


def _quote(value: Any) -> Decimal | None:
    number = _number_or_none(value)
    return number if number is not None and number > 0 else None


def _above_zero(value: Any) -> Decimal:
    number = _number(value)
    if number <= 0:
        raise _Bad(ABSENT_IS_ABSENT)
    return number


def _size(value: Any, absent: Decimal | None = None) -> Decimal:
    if absent is not None and value in (None, ""):
        return absent
    number = _number(value)
    if number < 0:
        raise _Bad(ONE_BAD_ELEMENT)
    return number


def _time(value: Any) -> int | None:
    """A time in us; None when it cannot be read or cannot be."""
    if isinstance(value, str) and DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value * MS) if EARLIEST <= value < LATEST else None


# -- what the old one did ----------------------------------------------------------------------


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
        "symbol": row.get("s") or _old_suffix(message),
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
        "closed_pnl": Decimal(row.get("closedPnl") or row.get("execPnl") or "0"),
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
    return topic.split(".")[-1] if "." in topic else ""


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

"""What a frame of the exchange should become, and the rules by which that differs from old.

Computed from the frame alone, without gridcore and bybit_adapter (bybit.md A.4, B.3, B.4). An
output is a dict of fields, None where the frame says nothing; times are in us.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from types import NoneType
from typing import Any

from bbu_reference.framework import Rule

MS = 1_000
EARLIEST, LATEST = 1_262_304_000_000, 4_102_444_800_000
"""2010 and 2100 in ms: a time outside is a parsing fault."""
FARTHEST = 30
"""No number of a market is farther from 1 than this power of ten."""
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
    reason="An impossible symbol, side, status, frame type or size was passed on; it is no event.",
    adr="0021",
)
CONDITIONAL_ORDERS = Rule(
    name="conditional_orders",
    reason="Conditional orders, which rest nowhere, passed as orders; they are set aside.",
    adr="0021",
)
FLAG_TEXT = Rule(
    name="flag_text",
    reason='The text "false" was read as true.',
)
NO_STREAM = Rule(
    name="no_stream",
    reason="A frame whose topic names no stream was read all the same; it is kept unread.",
    adr="0021",
)

Fields = dict[str, Any]
Right = tuple[list[Fields], list[Rule]]


class _Bad(Exception):
    """The element cannot be read, for the reason that the rule states."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.name)
        self.rule = rule


def right(kind: str, message: Any, received_at: int) -> Right:
    """(outputs, the rules under which they may differ from the recording)."""
    head, _, suffix = _topic(message).partition(".")
    if head != HEADS[kind]:
        return [], [NO_STREAM]
    if kind == "ticker":
        return _right_ticker(message, suffix, received_at)
    rows = message.get("data")
    if not isinstance(rows, list):
        return [], []
    frame_at = _time(message.get("ts" if kind == "public_trade" else "creationTime"))
    outputs: list[Fields] = []
    rules: list[Rule] = []
    for row in rows:
        try:
            output = RIGHT[kind](row, suffix, rules, frame_at or received_at)
        except _Bad as bad:
            rules.append(bad.rule)
            continue
        if output is not None:
            outputs.append(output)
    return outputs, rules


def _right_ticker(message: Fields, suffix: str, received_at: int) -> Right:
    data = message.get("data")
    rules: list[Rule] = []
    if not isinstance(data, dict):
        return [], []
    if message.get("type") not in ("snapshot", "delta"):
        return [], [CLOSED_SETS]
    symbol = _given(data.get("symbol"), suffix)
    if not _is_symbol(symbol):
        return [], [CLOSED_SETS]
    prices = {
        name: _quote(data.get(key))
        for name, key in (
            ("last_price", "lastPrice"),
            ("mark_price", "markPrice"),
            ("bid1_price", "bid1Price"),
            ("ask1_price", "ask1Price"),
        )
    }
    rate = _number_or_none(data.get("fundingRate"))
    if rate is None or None in prices.values():
        rules.append(ABSENT_IS_ABSENT)
    if prices["last_price"] is None:
        return [], rules
    at = _time_or(received_at, message.get("ts"), rules)
    return [{"symbol": symbol, "exchange_ts": at, **prices, "funding_rate": rate}], rules


def _right_trade(row: Any, suffix: str, rules: list[Rule], frame_at: int) -> Fields:
    row = _object(row)
    if "s" in row and not row["s"]:
        rules.append(ABSENT_IS_ABSENT)
    side = _text_or_none(row.get("S"), rules)
    if side not in ("Buy", "Sell", None):
        raise _Bad(CLOSED_SETS)
    return {
        "symbol": _symbol(_given(row.get("s"), suffix)),
        "exchange_ts": _time_or(frame_at, row.get("T"), rules),
        "trade_id": _text_or_none(row.get("i"), rules),
        "side": side,
        "price": _above_zero(row.get("p")),
        "size": _above_zero(row.get("v")),
    }


def _right_execution(row: Any, _: str, rules: list[Rule], frame_at: int) -> Fields | None:
    row = _object(row)
    if row.get("category") != "linear":
        return None
    kind = _text(row.get("execType"))
    if not kind:
        raise _Bad(ABSENT_IS_ABSENT)
    if kind == "Funding":
        return None  # funding is no execution of an order: it is a payment
    if kind != "Trade":
        rules.append(ROUTED_TYPES)
    qty = _above_zero(row.get("execQty"))
    closed = _size(row.get("closedSize"), absent=Decimal(0))
    if kind == "Trade" and not _says_what_it_closed(row):
        raise _Bad(ABSENT_IS_ABSENT)
    return {
        "symbol": _symbol(row.get("symbol")),
        "exchange_ts": _time_or(frame_at, row.get("execTime"), rules),
        "kind": kind if kind in ROUTED else "Unknown",
        "exec_id": _name(row.get("execId")),
        "order_id": _name(row.get("orderId")),
        "order_link_id": _text(row.get("orderLinkId")),
        "side": _side(row.get("side")),
        "price": _above_zero(row.get("execPrice")),
        "qty": qty,
        "fee": _number(row.get("execFee")),
        "closed_pnl": right_closed_pnl(row, rules),
        "closed_size": qty if kind in TAKEOVERS and not closed else closed,
        "leaves_qty": _size(row.get("leavesQty")),
    }


def _says_what_it_closed(row: Fields) -> bool:
    """Without the field, or with a profit and no size, a close would pass for an opening."""
    if row.get("closedSize") not in (None, ""):
        return True
    profit = right_closed_pnl(row, [])
    return "closedSize" in row and (profit is None or profit == 0)


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
    if row.get("category") != "linear" or _text(row.get("orderType")) != "Limit":
        return None
    status = _text(row.get("orderStatus"))
    if status in CONDITIONAL:
        rules.append(CONDITIONAL_ORDERS)
        return None
    if status not in OPEN | ENDED:
        raise _Bad(CLOSED_SETS if status else ABSENT_IS_ABSENT)
    return {
        "symbol": _symbol(row.get("symbol")),
        "exchange_ts": _time_or(frame_at, row.get("updatedTime"), rules),
        "order_id": _name(row.get("orderId")),
        "order_link_id": _text(row.get("orderLinkId")),
        "status": status,
        "side": _side(row.get("side")),
        "price": _above_zero(row.get("price")),
        "qty": _size(row.get("qty")),
        "leaves_qty": _size(row.get("leavesQty"), absent=Decimal(0) if status in ENDED else None),
        "reduce_only": _flag(row.get("reduceOnly"), rules),
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


def _given(value: Any, otherwise: str) -> Any:
    return otherwise if value is None or value == "" else value


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


def _text_or_none(value: Any, rules: list[Rule]) -> Any:
    if value in (None, ""):
        rules.append(ABSENT_IS_ABSENT)
        return None
    return _text(value)


def _text(value: Any) -> str:
    """A text, "" for none."""
    if value is not None and not isinstance(value, str):
        raise _Bad(CLOSED_SETS)
    return value or ""


def _flag(value: Any, rules: list[Rule]) -> bool:
    if value == "false":
        rules.append(FLAG_TEXT)
    flags = {None: False, "": False, "true": True, "false": False, 0: False, 1: True}
    if not isinstance(value, (str, int, NoneType)) or value not in flags:
        raise _Bad(CLOSED_SETS)
    return flags[value]


def _number(value: Any) -> Decimal:
    if value is None or value == "":
        raise _Bad(ABSENT_IS_ABSENT)
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        raise _Bad(ONE_BAD_ELEMENT)
    if not PLAIN_NUMBER.fullmatch(str(value)):
        raise _Bad(ONE_BAD_ELEMENT)
    number = Decimal(str(value))
    if number and abs(number.adjusted()) > FARTHEST:
        raise _Bad(ONE_BAD_ELEMENT)
    return number


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
        raise _Bad(CLOSED_SETS)
    return number


def _time_or(fallback: int, value: Any, rules: list[Rule]) -> int:
    at = _time(value)
    if at is None:
        rules.append(PLAUSIBLE_TIME)
        return fallback
    return at


def _time(value: Any) -> int | None:
    """A time in us; None when it cannot be read or cannot be."""
    if isinstance(value, str) and DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value * MS) if EARLIEST <= value < LATEST else None

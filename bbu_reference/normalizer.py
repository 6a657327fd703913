"""normalizer.json: frames of the exchange, and the fields of the events that they become.

Tags of tenant and run are not compared: events of the kernel carry none.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from bbu_reference.framework import FileReport, Raises, Rule
from bbu_reference.normalizer_model import (
    HEADS,
    ONE_BAD_ELEMENT,
    SYMBOL,
    UNREADABLE,
    Fields,
    right,
    right_closed_pnl,
)
from bbu_reference.normalizer_old import old
from bybit_adapter.normalizer.executions import closed_pnl
from bybit_adapter.normalizer.frame import Normalizer
from bybit_adapter.normalizer.words import BadElement, DeadLetter, Received, Row
from gridcore.clock import Instant
from gridcore.events import Execution, FundingPaid, OrderUpdate, PublicTrade, Ticker
from gridcore.instrument import Instrument, Price

STRATA = {"clean", "holes", "malformed", "timestamps", "closed_pnl"}
RECEIVED_AT = Instant(1_748_736_000_123_456)
"""The frozen clock of the recordings."""
FINE = Decimal("0.00000001")
"""Tick and step of every symbol: the recorded numbers are on no real instrument's."""


class AnySymbol(dict[str, Instrument]):
    """An instrument for whatever is spelled like a symbol."""

    def get(self, key: str, default: Any = None) -> Any:
        """The instrument of a symbol."""
        if not SYMBOL.fullmatch(key):
            return default
        return self.setdefault(
            key,
            Instrument(
                symbol=key,
                tick_size=FINE,
                qty_step=FINE,
                min_qty=FINE,
                max_qty=1 / FINE,
                min_notional=Decimal(0),
            ),
        )


def check(document: dict[str, Any], report: FileReport) -> None:
    """Judge every frame; where the old normalizer erred, by the rules of the model."""
    report.judge_each(document["cases"], lambda case: _check_case(case, report))


def _check_case(case: dict[str, Any], report: FileReport) -> None:
    stratum, kind, message = case["s"], case["kind"], case["msg"]
    if stratum not in STRATA or kind not in HEADS:
        report.fail(stratum, case["id"], f"unknown kind {stratum!r} of {kind!r}")
        return
    recorded = _recorded(case)
    wanted, rules = right(kind, message, RECEIVED_AT)
    report.settle(
        stratum,
        case["id"],
        ours=our_events(kind, message),
        recorded=recorded,
        rules=_recognised(rules, recorded, old(kind, message, RECEIVED_AT), wanted),
        right=wanted,
    )
    if stratum == "closed_pnl":
        _check_profit(case, report)


def _check_profit(case: dict[str, Any], report: FileReport) -> None:
    """The realised profit of each element, alone: these elements have nothing else."""
    for row, output in zip(case["msg"]["data"], case["out"], strict=True):
        rules: list[Rule] = []
        wanted = right_closed_pnl(row, rules)
        report.settle(
            "closed_pnl",
            f"{case['id']} profit",
            ours=_profit(row),
            recorded=Decimal(output["closed_pnl"]),
            rules=rules,
            right=wanted,
        )


def _recognised(rules: list[Rule], recorded: Any, made: Any, wanted: Any) -> list[Rule]:
    """The rules that explain a recording which differs: only one that the old code made so."""
    if recorded == wanted or recorded != made:
        return []
    if isinstance(recorded, Raises):
        return [ONE_BAD_ELEMENT]
    return list({rule.name: rule for rule in rules}.values())


# -- the recording -------------------------------------------------------------------------------


def _recorded(case: dict[str, Any]) -> Any:
    if case["err"] is not None:
        return Raises(case["err"])
    outputs = [case["out"]] if case["kind"] == "ticker" else case["out"]
    return [_recorded_fields(case["kind"], output) for output in outputs]


def _recorded_fields(kind: str, output: Fields) -> Fields:
    fields = {
        name: Decimal(value) if name in NUMBERS and isinstance(value, str) else value
        for name, value in output.items()
        if name not in ("event_type", "local_ts", "user_id", "account_id", "run_id")
    }
    if output["event_type"] != EVENT_TYPES[kind] or output["local_ts"] != RECEIVED_AT:
        raise ValueError(f"expected a recorded {kind}, found {output['event_type']!r}")
    if kind == "execution":
        fields["kind"] = "Trade"
    return fields


EVENT_TYPES = {
    "ticker": "ticker",
    "public_trade": "public_trade",
    "execution": "execution",
    "order": "order_update",
}
NUMBERS = {
    *("last_price", "mark_price", "bid1_price", "ask1_price", "funding_rate"),
    *("price", "size", "qty", "fee", "closed_pnl", "closed_size", "leaves_qty"),
}


# -- ours ----------------------------------------------------------------------------------------


def our_events(kind: str, message: Any) -> list[Fields]:
    """The events that the adapter makes of a frame of one kind, as fields."""
    dead: list[DeadLetter] = []
    normalizer = Normalizer(AnySymbol(), dead.append)
    if kind == "ticker" and isinstance(message, dict) and message.get("type") == "delta":
        # The old one was given what pybit had merged; a snapshot of nothing comes before.
        data = message.get("data")
        symbol = data.get("symbol") if isinstance(data, dict) else None
        before = {"topic": message.get("topic"), "type": "snapshot", "data": {"symbol": symbol}}
        normalizer.frame(before, RECEIVED_AT)
    received = normalizer.frame(message, RECEIVED_AT)
    return [fields for one in received if (fields := _fields(one)) is not None]


def _fields(received: Received) -> Fields | None:
    event = received.event
    if isinstance(event, FundingPaid):
        return None
    if isinstance(event, Ticker):
        return {
            "symbol": event.symbol,
            "exchange_ts": event.at,
            "last_price": _quote(event.last),
            "mark_price": event.mark,
            "bid1_price": _quote(event.bid),
            "ask1_price": _quote(event.ask),
            "funding_rate": event.funding_rate,
        }
    if isinstance(event, PublicTrade):
        return {
            "symbol": event.symbol,
            "exchange_ts": event.at,
            "trade_id": event.trade_id,
            "side": None if event.side is None else event.side.value,
            "price": _quote(event.price),
            "size": _coins(event.qty),
        }
    if isinstance(event, Execution):
        raw = received.raw
        assert isinstance(raw, dict)
        return {
            "symbol": event.symbol,
            "exchange_ts": event.at,
            "kind": event.kind.value,
            "exec_id": event.exec_id,
            "order_id": event.order_id,
            "order_link_id": event.wire_id,
            "side": event.side.value,
            "price": _quote(event.price),
            "qty": _coins(event.qty),
            "fee": event.fee,
            "closed_pnl": _profit(raw),
            "closed_size": _coins(event.closed),
            "leaves_qty": _coins(event.leaves),
        }
    assert isinstance(event, OrderUpdate), event
    return {
        "symbol": event.symbol,
        "exchange_ts": event.at,
        "order_id": event.order_id,
        "order_link_id": event.wire_id,
        "status": event.status.value,
        "side": event.side.value,
        "price": _quote(event.price),
        "qty": _coins(event.qty),
        "leaves_qty": _coins(event.leaves),
        "reduce_only": event.reduce_only,
    }


def _profit(row: Row) -> Any:
    try:
        return closed_pnl(row)
    except BadElement:
        return UNREADABLE


def _quote(price: Price | None) -> Fraction | None:
    return None if price is None else Fraction(price) * Fraction(FINE)


def _coins(steps: int) -> Fraction:
    return Fraction(steps) * Fraction(FINE)

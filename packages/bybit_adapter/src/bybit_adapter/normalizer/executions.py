"""Execution rows become Execution or, for funding, FundingPaid, routed by execType (A.7).

It refuses to invent amounts: a row without price, quantity, fee or what is left is bad, and the
exchange is asked for it again.
"""

from decimal import Decimal

from bybit_adapter.normalizer.legs import direction_of, side_of
from bybit_adapter.normalizer.numbers import (
    Scale,
    moment,
    number,
    positive,
    required_number,
    required_text,
    text,
    whole,
)
from bybit_adapter.normalizer.words import BadElement, Row
from gridcore.clock import Instant
from gridcore.events import ExecType, Execution, FundingPaid
from gridcore.instrument import Steps
from gridcore.sides import LONG, DirectionType

TAKEOVERS = frozenset({ExecType.ADL, ExecType.BUST, ExecType.SETTLE, ExecType.DELIVERY})
"""The exchange closes a position itself: never an opening."""
_KINDS = {kind.value: kind for kind in ExecType}


def execution(row: Row, symbol: str, scale: Scale, frame_at: Instant) -> Execution | FundingPaid:
    """One execution; an execType that nobody knows is ExecType.UNKNOWN, for the quarantine.

    An execution counts once, by its id: what is read wrongly here is never mended by a listing. So
    its kind and what it closed must be there.
    """
    kind = _KINDS.get(required_text(row, "execType"), ExecType.UNKNOWN)
    qty = scale.required_size(row, "execQty")
    if not qty:
        raise BadElement("execQty: expected a size above 0, found 0")
    if kind is ExecType.FUNDING:
        return _funding(row, symbol, scale, qty, frame_at)
    closed = _closed(row, scale, kind, qty)
    side = side_of(row)
    return Execution(
        symbol=symbol,
        at=moment(row.get("execTime")) or frame_at,
        sequence=whole(row, "seq") or 0,
        exec_id=required_text(row, "execId"),
        order_id=required_text(row, "orderId"),
        wire_id=text(row, "orderLinkId"),
        direction=direction_of(row, side, closes=closed > 0),
        side=side,
        price=scale.required_price(row, "execPrice"),
        qty=qty,
        leaves=scale.required_size(row, "leavesQty"),
        closed=closed,
        fee=required_number(row, "execFee"),
        kind=kind,
        is_maker=row.get("isMaker") in (True, "true"),
    )


def _closed(row: Row, scale: Scale, kind: ExecType, qty: Steps) -> Steps:
    """What reduced the position; "" is how some openings say 0, but no trade lacks the field.

    A close that is taken for an opening would move the other leg.
    """
    closed = scale.size(row, "closedSize")
    if kind in TAKEOVERS:
        return closed or qty
    silent = closed is None and ("closedSize" not in row or bool(closed_pnl(row)))
    if kind is ExecType.TRADE and silent:
        raise BadElement("closedSize: expected the part that reduced the position, found none")
    return closed or Steps(0)


def _funding(row: Row, symbol: str, scale: Scale, qty: Steps, frame_at: Instant) -> FundingPaid:
    """Funding of one leg: the side is the position's, execFee > 0 was paid.

    Whichever way round Bybit signs feeRate of a short, a rate is positive when longs pay.
    """
    paid = required_number(row, "execFee")
    direction = direction_of(row, side_of(row), closes=False)
    return FundingPaid(
        symbol=symbol,
        at=moment(row.get("execTime")) or frame_at,
        exec_id=required_text(row, "execId"),
        direction=direction,
        qty=qty,
        rate=rate_of(required_number(row, "feeRate"), paid, direction),
        price=_settled_at(row),
        amount=-paid,
    )


def _settled_at(row: Row) -> Decimal:
    price = positive(row, "execPrice")
    if price is None:
        raise BadElement("execPrice: expected the price that funding was settled at, found none")
    return price


def rate_of(rate: Decimal, paid: Decimal, direction: DirectionType) -> Decimal:
    """The funding rate with the sign that fits who paid."""
    if not paid:
        return rate
    return abs(rate) if (direction is LONG) is (paid > 0) else -abs(rate)


def closed_pnl(row: Row) -> Decimal | None:
    """Realised profit of an execution row: closedPnl, else execPnl; None when it has neither.

    Events do not carry it: our own books compute it. Recorders keep what the exchange says.
    """
    value = number(row, "closedPnl")
    return number(row, "execPnl") if value is None else value

"""Position rows become PositionUpdate: hedge mode, one row for each direction (bybit.md A.5, B.4).

The stream says entryPrice where listings say avgPrice.
"""

from bybit_adapter.normalizer.legs import LONG_INDEX, SHORT_INDEX, SIDES, index_of
from bybit_adapter.normalizer.numbers import Scale, moment, number, positive, text
from bybit_adapter.normalizer.words import BadElement, Reason, Row
from gridcore.clock import Instant
from gridcore.events import NO_LIQUIDATION, Liquidation, PositionUpdate
from gridcore.sides import BUY, LONG, SHORT, DirectionType


def position(row: Row, symbol: str, scale: Scale, frame_at: Instant) -> PositionUpdate | Reason:
    """One leg; a row of one-way mode that has no side belongs to no direction."""
    direction = _direction(row)
    if direction is None:
        return Reason.ONE_WAY
    size = scale.required_size(row, "size")
    entry = positive(row, "entryPrice") or positive(row, "avgPrice")
    if size and entry is None:
        raise BadElement("entryPrice: expected the price of an open position, found none")
    return PositionUpdate(
        symbol=symbol,
        at=moment(row.get("updatedTime")) or frame_at,
        direction=direction,
        size=size,
        entry=entry if size else None,
        liquidation=_liquidation(row) if size else NO_LIQUIDATION,
        mark=positive(row, "markPrice"),
    )


def _direction(row: Row) -> DirectionType | None:
    index = index_of(row)
    if index == LONG_INDEX:
        return LONG
    if index == SHORT_INDEX:
        return SHORT
    spelled = text(row, "side")
    if not spelled:
        return None
    side = SIDES.get(spelled)
    if side is None:
        raise BadElement(f"side: expected Buy, Sell or nothing, found {spelled[:20]!r}")
    return LONG if side is BUY else SHORT


def _liquidation(row: Row) -> Liquidation:
    """A price, none at all (""), or None: a row that lacks it, or says 0, tells nothing."""
    if row.get("liqPrice") == "":
        return NO_LIQUIDATION
    price = number(row, "liqPrice")
    return price if price is not None and price > 0 else None

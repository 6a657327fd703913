"""Sides and directions of rows: positionIdx where a row has it, else side and what it closes."""

from bybit_adapter.normalizer.numbers import shown, whole
from bybit_adapter.normalizer.words import BadElement, Row
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

SIDES: dict[object, SideType] = {"Buy": BUY, "Sell": SELL}
ONE_WAY, LONG_INDEX, SHORT_INDEX = 0, 1, 2
"""positionIdx (bybit.md A.4)."""


def side_of(row: Row) -> SideType:
    """The side of a row that must have one."""
    value = row.get("side")
    side = SIDES.get(value) if isinstance(value, str) else None
    if side is None:
        raise BadElement(f"side: expected Buy or Sell, found {shown(value)}")
    return side


def index_of(row: Row) -> int | None:
    """positionIdx, None where it is absent."""
    index = whole(row, "positionIdx")
    if index is not None and index not in (ONE_WAY, LONG_INDEX, SHORT_INDEX):
        raise BadElement(f"positionIdx: expected 0, 1 or 2, found {index}")
    return index


def direction_of(row: Row, side: SideType, *, closes: bool) -> DirectionType:
    """The direction of an order or execution: a buy opens a long, or closes a short."""
    index = index_of(row)
    if index == LONG_INDEX:
        return LONG
    if index == SHORT_INDEX:
        return SHORT
    return LONG if (side is BUY) is not closes else SHORT

"""Sides and directions: which (direction, side) opens a position and which closes it."""

from enum import StrEnum


class SideType(StrEnum):
    """Side of an order, as the exchange spells it."""

    BUY = "Buy"
    SELL = "Sell"


class DirectionType(StrEnum):
    """Which of the two positions of a symbol in hedge mode an order belongs to."""

    LONG = "long"
    SHORT = "short"


class GridSideType(StrEnum):
    """Tag of a grid level. WAIT: filled most recently, nothing is placed there."""

    BUY = "Buy"
    SELL = "Sell"
    WAIT = "Wait"


BUY = SideType.BUY
SELL = SideType.SELL
LONG = DirectionType.LONG
SHORT = DirectionType.SHORT


def opens(direction: DirectionType, side: SideType) -> bool:
    """Whether an order of this direction and side enlarges its position (LS-22: all four cells)."""
    return (direction is LONG) is (side is BUY)


def closes(direction: DirectionType, side: SideType) -> bool:
    """Whether an order of this direction and side reduces its position; it is reduce-only."""
    return (direction is LONG) is not (side is BUY)


def opening_side(direction: DirectionType) -> SideType:
    """The side that opens: Buy for long, Sell for short."""
    return BUY if direction is LONG else SELL


def closing_side(direction: DirectionType) -> SideType:
    """The side that closes: Sell for long, Buy for short."""
    return SELL if direction is LONG else BUY


def opposite(direction: DirectionType) -> DirectionType:
    """The other direction of the same symbol."""
    return SHORT if direction is LONG else LONG

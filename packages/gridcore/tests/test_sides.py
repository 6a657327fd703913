"""Which orders open and which close."""

import pytest

from gridcore.sides import (
    BUY,
    LONG,
    SELL,
    SHORT,
    DirectionType,
    GridSideType,
    SideType,
    closes,
    closing_side,
    opening_side,
    opens,
    opposite,
)


@pytest.mark.parametrize(
    ("direction", "side", "opening"),
    [(LONG, BUY, True), (LONG, SELL, False), (SHORT, BUY, False), (SHORT, SELL, True)],
)
def test_every_cell_of_direction_and_side_opens_or_closes(
    direction: DirectionType, side: SideType, opening: bool
) -> None:
    """LS-22: reduce-only was False for all closes for months; all four cells are stated."""
    assert opens(direction, side) is opening
    assert closes(direction, side) is not opening


@pytest.mark.parametrize("direction", DirectionType)
def test_opening_and_closing_sides_are_those_that_open_and_close(direction: DirectionType) -> None:
    assert opens(direction, opening_side(direction))
    assert closes(direction, closing_side(direction))


def test_the_opposite_of_a_direction_is_the_other_one() -> None:
    assert opposite(LONG) is SHORT
    assert opposite(SHORT) is LONG


def test_words_are_those_of_the_exchange() -> None:
    assert [side.value for side in SideType] == ["Buy", "Sell"]
    assert [tag.value for tag in GridSideType] == ["Buy", "Sell", "Wait"]
    assert [direction.value for direction in DirectionType] == ["long", "short"]

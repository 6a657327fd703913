"""Sides and directions of rows."""

import pytest

from bybit_adapter.normalizer.legs import direction_of, index_of, side_of
from bybit_adapter.normalizer.words import BadElement
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType, closes


@pytest.mark.parametrize("value", [None, "", "buy", "None", 1, [], {}])
def test_a_side_is_buy_or_sell(value: object) -> None:
    with pytest.raises(BadElement, match="side: expected Buy or Sell"):
        side_of({"side": value})


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize(("index", "direction"), [(1, LONG), ("1", LONG), (2, SHORT)])
def test_position_idx_decides(side: SideType, index: object, direction: DirectionType) -> None:
    assert direction_of({"positionIdx": index}, side, closes=True) is direction


@pytest.mark.parametrize("row", [{}, {"positionIdx": 0}, {"positionIdx": ""}])
@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("direction", [LONG, SHORT])
def test_without_it_side_and_purpose_decide(
    row: dict[str, object], side: SideType, direction: DirectionType
) -> None:
    """All four cells of hedge mode (live.md 4.8)."""
    assert direction_of(row, side, closes=closes(direction, side)) is direction


@pytest.mark.parametrize("value", [3, -1, "x", True])
def test_another_index_is_refused(value: object) -> None:
    with pytest.raises(BadElement, match="positionIdx"):
        index_of({"positionIdx": value})

"""Position rows of stream and listing (bybit.md A.5, B.4)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.normalizer.numbers import Scale
from bybit_adapter.normalizer.positions import position
from bybit_adapter.normalizer.words import BadElement, Reason
from gridcore.clock import Instant
from gridcore.events import NO_LIQUIDATION, PositionUpdate
from gridcore.instrument import Steps
from gridcore.sides import LONG, SHORT, DirectionType

Make = Callable[..., dict[str, Any]]
AT = Instant(1_762_199_126_022_000)


def read(row: dict[str, Any], scale: Scale) -> PositionUpdate:
    update = position(row, "BTCUSDT", scale, AT)
    assert isinstance(update, PositionUpdate)
    return update


def test_a_long_without_liquidation_price(position_row: Make, scale: Scale) -> None:
    """The scope of a profit (L80) is left to who reads the raw row: the event carries none."""
    assert read(position_row(), scale) == PositionUpdate(
        symbol="BTCUSDT",
        at=Instant(1_762_199_125_472_000),
        direction=LONG,
        size=Steps(20),
        entry=Decimal("54000.5"),
        liquidation=NO_LIQUIDATION,
        mark=Decimal("54100.02"),
    )


def test_a_listing_says_avg_price(position_row: Make, scale: Scale) -> None:
    assert read(position_row(entryPrice=None, avgPrice="53999.1"), scale).entry == Decimal(
        "53999.1"
    )


@pytest.mark.parametrize("price", ["51764.83003276", 51764.83003276])
def test_a_liquidation_price(price: object, position_row: Make, scale: Scale) -> None:
    assert read(position_row(liqPrice=price), scale).liquidation == Decimal("51764.83003276")


@pytest.mark.parametrize("price", [None, "0", "0.00"])
def test_a_row_that_lacks_the_liquidation_price_leaves_it_unknown(
    price: str | None, position_row: Make, scale: Scale
) -> None:
    assert read(position_row(liqPrice=price), scale).liquidation is None


@pytest.mark.parametrize("entry", ["0", "", None])
def test_a_flat_leg_is_a_state_ls33(entry: str | None, position_row: Make, scale: Scale) -> None:
    row = position_row(positionIdx=2, side="", size="0", entryPrice=entry, liqPrice=None)

    update = read(row, scale)

    assert (update.direction, update.size, update.entry) == (SHORT, 0, None)
    assert update.liquidation is NO_LIQUIDATION


@pytest.mark.parametrize(("side", "direction"), [("Buy", LONG), ("Sell", SHORT)])
def test_without_an_index_the_side_is_the_direction(
    side: str, direction: DirectionType, position_row: Make, scale: Scale
) -> None:
    assert read(position_row(positionIdx=0, side=side), scale).direction is direction


def test_a_flat_row_of_one_way_mode_belongs_to_no_direction(
    position_row: Make, scale: Scale
) -> None:
    row = position_row(positionIdx=0, side="", size="0")

    assert position(row, "BTCUSDT", scale, AT) is Reason.ONE_WAY


@pytest.mark.parametrize(
    "changes",
    [
        {"size": ""},
        {"size": "0.0205"},
        {"entryPrice": ""},
        {"entryPrice": "abc"},
        {"markPrice": "abc"},
        {"liqPrice": "abc"},
        {"positionIdx": 7},
        {"positionIdx": None, "side": "None"},
    ],
)
def test_a_row_that_cannot_be_read_is_bad(
    changes: dict[str, Any], position_row: Make, scale: Scale
) -> None:
    with pytest.raises(BadElement):
        position(position_row(**changes), "BTCUSDT", scale, AT)


@pytest.mark.parametrize("mark", ["", "0", None])
def test_a_mark_of_zero_is_no_mark_ls29(mark: str | None, position_row: Make, scale: Scale) -> None:
    assert read(position_row(markPrice=mark), scale).mark is None


def test_a_time_that_cannot_be_is_the_frames_l77(position_row: Make, scale: Scale) -> None:
    assert read(position_row(updatedTime=""), scale).at == AT

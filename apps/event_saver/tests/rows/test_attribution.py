"""Owners of orders and executions, the surest way first, and the way is told."""

from decimal import Decimal

import pytest

from event_saver.rows.attribution import ORDERS_MAX, Owner, Owners, StrategyName
from grid_db.words import Attribution
from gridcore.intents import client_order_id, encode_wire_id
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

GRID = StrategyName(strat_id="grid-1", symbol="BTCUSDT", salt="grid-1")
OLD = StrategyName(strat_id="old", symbol="BTCUSDT", salt=None)


def wire_id(side: SideType, direction: DirectionType, salt: str | None = "grid-1") -> str:
    return encode_wire_id(client_order_id(salt, "BTCUSDT", side, "99800.0", direction), 7)


def of_order(owners: Owners, *, wire: str = "", index: int | None = None) -> Owner:
    return owners.of_order(
        symbol="BTCUSDT",
        order_id="order-1",
        wire_id=wire,
        side=BUY,
        price=Decimal("99800.00"),
        position_idx=index,
    )


def of_execution(
    owners: Owners,
    *,
    wire: str = "",
    side: SideType = BUY,
    closed: str | None = None,
    index: int | None = None,
    symbol: str = "BTCUSDT",
) -> Owner:
    return owners.of_execution(
        symbol=symbol,
        order_id="order-1",
        wire_id=wire,
        side=side,
        order_price=Decimal("99800"),
        closed=None if closed is None else Decimal(closed),
        position_idx=index,
    )


def owner(strat_id: str | None, index: int | None, found_by: Attribution) -> Owner:
    return Owner(strat_id=strat_id, position_idx=index, found_by=found_by)


def test_a_row_that_says_its_position_is_believed() -> None:
    assert of_execution(Owners([]), index=2, closed="0") == owner(None, 2, Attribution.ROW)


def test_an_execution_belongs_where_its_order_belongs() -> None:
    owners = Owners([GRID])
    assert of_order(owners, wire=wire_id(BUY, SHORT), index=2) == owner(
        "grid-1", 2, Attribution.ROW
    )

    assert of_execution(owners, closed="0") == owner("grid-1", 2, Attribution.ORDER)


@pytest.mark.parametrize(("direction", "index"), [(LONG, 1), (SHORT, 2)])
def test_a_wire_id_names_strategy_and_position(direction: DirectionType, index: int) -> None:
    found = of_execution(Owners([GRID]), wire=wire_id(BUY, direction))

    assert found == owner("grid-1", index, Attribution.WIRE_ID)


def test_unsalted_wire_ids_of_old_recordings_are_known_too() -> None:
    found = of_execution(Owners([OLD]), wire=wire_id(BUY, LONG, None))

    assert found == owner("old", 1, Attribution.WIRE_ID)


def test_the_strategy_of_the_wire_id_is_kept_when_the_row_says_the_position() -> None:
    found = of_execution(Owners([GRID]), wire=wire_id(BUY, LONG), index=1)

    assert found == owner("grid-1", 1, Attribution.ROW)


def test_an_order_without_position_index_is_known_by_its_wire_id() -> None:
    owners = Owners([GRID])

    assert of_order(owners, wire=wire_id(BUY, LONG)) == owner("grid-1", 1, Attribution.WIRE_ID)
    assert of_execution(owners) == owner("grid-1", 1, Attribution.ORDER)


@pytest.mark.parametrize(
    ("side", "closed", "index"), [(BUY, "0", 1), (BUY, "0.1", 2), (SELL, "0", 2), (SELL, "0.1", 1)]
)
def test_closed_size_tells_the_position_of_a_strangers_fill(
    side: SideType, closed: str, index: int
) -> None:
    found = of_execution(Owners([GRID]), side=side, closed=closed, wire="by hand")

    assert found == owner(None, index, Attribution.CLOSED_SIZE)


def test_without_anything_to_go_by_nobody_is_the_owner() -> None:
    assert of_execution(Owners([GRID])) == owner(None, None, Attribution.NONE)
    assert of_order(Owners([GRID])) == owner(None, None, Attribution.NONE)


def test_a_strategy_of_another_symbol_is_not_asked() -> None:
    found = of_execution(Owners([GRID]), wire=wire_id(BUY, LONG), symbol="ETHUSDT", closed="0")

    assert found.strat_id is None


def test_memory_of_orders_has_a_limit() -> None:
    owners = Owners([])
    of_order(owners, index=1)
    for number in range(ORDERS_MAX):
        owners.of_order(
            symbol="BTCUSDT",
            order_id=f"other-{number}",
            wire_id="",
            side=BUY,
            price=None,
            position_idx=1,
        )

    assert of_execution(owners).found_by is Attribution.NONE

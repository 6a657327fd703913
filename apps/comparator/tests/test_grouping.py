"""Executions into fills (C-2): partial fills, unknown amounts, and how a direction is known."""

from collections.abc import Callable
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from comparator.fills import DirectionFound, Source
from comparator.grouping import (
    Trade,
    client_order_id_of,
    direction_of,
    group_trades,
    without_link,
)
from gridcore.clock import Instant
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

MakeTrade = Callable[..., Trade]
IDENTITY = "0f1e2d3c4b5a6978"
LINK = f"{IDENTITY}-lx2k9"


@pytest.fixture(scope="module")
def make_trade() -> MakeTrade:
    def make(number: int = 0, *, price: str = "100", qty: str = "2", **others: Any) -> Trade:
        fields: dict[str, Any] = {
            "at": Instant(number),
            "exec_id": f"x{number}",
            "order_id": "order",
            "order_link_id": LINK,
            "symbol": "BTCUSDT",
            "strat_id": "grid",
            "side": BUY,
            "direction": None,
            "closed_size": None,
            "price": Decimal(price),
            "qty": Decimal(qty),
            "fee": Decimal("0.01"),
            "realised": Decimal(0),
            "is_maker": True,
        }
        return Trade(**(fields | others))

    return make


def test_partial_fills_of_an_order_become_one_fill(make_trade: MakeTrade) -> None:
    parts = [
        make_trade(1, price="100", qty="1", realised=Decimal("0.5")),
        make_trade(2, price="101", qty="2", realised=None, fee=None),
        make_trade(3, price="101", qty="3", fee=Decimal("-0.002")),
    ]

    for order in permutations(parts):
        (fill,) = group_trades(order, Source.LIVE).rows()
        assert (fill.client_order_id, fill.executions) == (IDENTITY, 3)
        assert (fill.first_at, fill.at) == (1, 3)
        assert (fill.notional, fill.qty) == (Decimal(605), Decimal(6))
        assert fill.price == Decimal(605) / 6
        assert (fill.fee, fill.realised) == (Decimal("0.008"), Decimal("0.5"))


def test_one_level_that_fills_twice_is_two_fills_of_one_id(make_trade: MakeTrade) -> None:
    first = make_trade(1, order_id="1", order_link_id=f"{IDENTITY}-lx2k9")
    second = make_trade(2, order_id="2", order_link_id=f"{IDENTITY}-lx2kb")

    found = group_trades([second, first], Source.LIVE).rows()

    assert [(fill.order_id, fill.occurrence) for fill in found] == [("1", 0), ("2", 1)]


@pytest.mark.parametrize(
    ("link", "identity"),
    [
        (LINK, IDENTITY),
        (IDENTITY, IDENTITY),
        (f"{IDENTITY}-1746700000000", IDENTITY),
        ("web-order-17", "web-order-17"),
        ("", "order"),
        (None, "order"),
    ],
)
def test_the_identity_is_decoded_or_the_link_or_the_order(link: str | None, identity: str) -> None:
    assert client_order_id_of(link, "order") == identity


def test_fills_without_a_link_are_counted(make_trade: MakeTrade) -> None:
    table = group_trades(
        [make_trade(), make_trade(order_id="manual", order_link_id=None)], Source.LIVE
    )

    assert without_link(table) == 1


def test_executions_of_another_symbol_or_side_are_never_summed(make_trade: MakeTrade) -> None:
    table = group_trades(
        [make_trade(1), make_trade(2, symbol="ETHUSDT"), make_trade(3, side=SELL)], Source.LIVE
    )

    assert [(fill.symbol, fill.side, fill.qty) for fill in table.rows()] == [
        ("BTCUSDT", BUY, Decimal(2)),
        ("ETHUSDT", BUY, Decimal(2)),
        ("BTCUSDT", SELL, Decimal(2)),
    ]


def test_a_recorded_direction_counts_before_all_else(make_trade: MakeTrade) -> None:
    (fill,) = group_trades(
        [make_trade(1), make_trade(2, direction=SHORT, realised=Decimal(5))], Source.LIVE
    ).rows()

    assert (fill.direction, fill.direction_found) == (SHORT, DirectionFound.RECORDED)


@pytest.mark.parametrize(
    ("side", "closed", "direction"), [(BUY, "1", SHORT), (SELL, "1", LONG), (BUY, "0", LONG)]
)
def test_a_close_that_breaks_even_is_a_close_when_its_size_is_recorded(
    make_trade: MakeTrade, side: SideType, closed: str, direction: DirectionType
) -> None:
    (fill,) = group_trades(
        [make_trade(side=side, closed_size=Decimal(closed), realised=Decimal(0))], Source.LIVE
    ).rows()

    assert (fill.direction, fill.direction_found) == (direction, DirectionFound.CLOSED_SIZE)


@pytest.mark.parametrize(
    ("side", "profit", "direction"),
    [(BUY, "0.1", SHORT), (SELL, "-0.1", LONG), (BUY, "0", LONG), (SELL, None, SHORT)],
)
def test_without_a_size_the_profit_decides_and_the_fill_says_so(
    make_trade: MakeTrade, side: SideType, profit: str | None, direction: DirectionType
) -> None:
    realised = None if profit is None else Decimal(profit)

    (fill,) = group_trades([make_trade(side=side, realised=realised)], Source.LIVE).rows()

    assert (fill.direction, fill.direction_found) == (direction, DirectionFound.INFERRED)


@pytest.mark.parametrize(
    ("known", "is_maker"),
    [([True, True], True), ([True, False], False), ([True, None], None), ([None, False], False)],
)
def test_a_fill_is_a_makers_when_all_of_it_is(
    make_trade: MakeTrade, known: list[bool | None], is_maker: bool | None
) -> None:
    trades = [make_trade(number, is_maker=one) for number, one in enumerate(known)]

    assert group_trades(trades, Source.LIVE).row(0).is_maker is is_maker


def test_the_strategy_is_that_of_any_execution_that_knows_it(make_trade: MakeTrade) -> None:
    trades = [make_trade(1, strat_id=None), make_trade(2, strat_id="grid")]

    assert group_trades(trades, Source.BACKTEST).row(0).strat_id == "grid"
    assert group_trades(trades[:1], Source.LIVE).row(0).strat_id is None


@pytest.mark.parametrize(
    ("side", "closes", "direction"),
    [(BUY, False, LONG), (BUY, True, SHORT), (SELL, False, SHORT), (SELL, True, LONG)],
)
def test_all_four_cells_of_side_and_closing(
    side: SideType, closes: bool, direction: DirectionType
) -> None:
    assert direction_of(side, closes=closes) is direction


def test_nothing_becomes_an_empty_table() -> None:
    assert len(group_trades([], Source.LIVE)) == 0

"""The table of fills: ordered, numbered, exact, and the same whatever order rows are read in."""

from collections.abc import Callable
from decimal import Decimal
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparator.exact import ExactColumn
from comparator.fills import DirectionFound, Fill, FillColumns, FillTable, Source
from gridcore.sides import BUY, LONG, SELL, SHORT

Make = Callable[..., Any]


def test_a_table_is_ordered_by_time_id_and_side_and_numbered_within_an_id(
    make_fill: Make,
) -> None:
    rows = [
        make_fill("b", 2),
        make_fill("a", 2, side=SELL),
        make_fill("a", 2),
        make_fill("b", 1),
        make_fill("a", 3),
    ]

    found = FillTable.of(rows, Source.LIVE).rows()

    assert [(one.client_order_id, one.occurrence, one.side) for one in found] == [
        ("b", 0, BUY),
        ("a", 0, BUY),
        ("a", 1, SELL),
        ("b", 1, BUY),
        ("a", 2, BUY),
    ]


def test_every_field_of_a_row_comes_back(make_fill: Make) -> None:
    row = make_fill(
        "manual-order",
        7.000001,
        price="94125.5",
        qty="0.013",
        symbol="ETHUSDT",
        strat_id=None,
        side=SELL,
        direction=LONG,
        direction_found=DirectionFound.CLOSED_SIZE,
        fee=Decimal("-0.00012345"),
        realised=Decimal("-3.5"),
        order_id="0b5f-ü",
        executions=3,
        is_maker=None,
    )

    table = FillTable.of([row], Source.LIVE)

    assert table.rows() == [row]
    assert table.row(0) == row
    assert (row.price, len(table)) == (Decimal("94125.5"), 1)


@pytest.mark.parametrize("is_maker", [True, False, None])
def test_maker_taker_and_unknown_stay_apart(make_fill: Make, is_maker: bool | None) -> None:
    assert FillTable.of([make_fill(is_maker=is_maker)], Source.LIVE).row(0).is_maker is is_maker


def test_the_order_of_reading_does_not_matter_even_where_time_id_and_side_are_equal(
    make_fill: Make,
) -> None:
    rows = [
        make_fill(price="100"),
        make_fill(price="101"),
        make_fill(price="100", symbol="ETHUSDT"),
        make_fill(price="100", is_maker=None),
    ]

    tables = {tuple(FillTable.of(order, Source.LIVE).rows()) for order in permutations(rows)}

    assert len(tables) == 1


@given(st.permutations(range(12)))
def test_any_order_of_reading_gives_the_same_table(make_fill: Make, order: list[int]) -> None:
    rows = [make_fill("ab"[row % 2], row // 3, order_id=f"{row}") for row in range(12)]

    found = FillTable.of([rows[place] for place in order], Source.LIVE)

    assert found.rows() == FillTable.of(rows, Source.LIVE).rows()


def test_a_mean_price_that_no_decimal_gives_is_kept_as_notional_and_quantity(
    make_fill: Make,
) -> None:
    row = make_fill(notional=Decimal("200.1"), qty="0.3")

    table = FillTable.of([make_fill(at=1, price="0.5"), row], Source.LIVE)

    assert table.row(0).notional == Decimal("200.1")
    assert table.row(0).price == Decimal(667)
    thirds = FillTable.of([make_fill(notional=Decimal(1), qty="3")], Source.LIVE)
    assert thirds.prices(np.array([0])).decimals() == [Decimal(1) / 3]


@given(st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 10**5)), min_size=1, max_size=8))
def test_prices_of_many_rows_are_those_of_each(
    make_fill: Make, rows: list[tuple[int, int]]
) -> None:
    fills = [
        make_fill(str(at), at, notional=Decimal(notional).scaleb(-3), qty=str(qty))
        for at, (notional, qty) in enumerate(rows)
    ]
    table = FillTable.of(fills, Source.LIVE)

    assert table.prices(np.arange(len(fills))).decimals() == [fill.price for fill in fills]


def test_a_selection_keeps_order_and_numbers(live: Make) -> None:
    table = live(("a", 0), ("b", 1), ("a", 2), ("a", 3))

    by_mask = table.select(np.array([False, True, True, False]))
    by_rows = table.select(np.array([3, 0]))

    assert by_mask.identities(np.arange(2)) == [("b", 0), ("a", 1)]
    assert by_rows.identities(np.arange(2)) == [("a", 0), ("a", 2)]


def test_symbols_are_told_and_taken_apart(live: Make, make_fill: Make) -> None:
    table = live(make_fill("a", symbol="SOLUSDT"), make_fill("b"), make_fill("c"))

    assert table.symbols() == ["BTCUSDT", "SOLUSDT"]
    assert [row.client_order_id for row in table.of_symbol("BTCUSDT").rows()] == ["b", "c"]
    assert len(table.of_symbol("ETHUSDT")) == 0


def test_tables_are_joined_and_numbered_anew(live: Make, make_fill: Make) -> None:
    first = live(("a", 0), ("a", 9))
    second = live(make_fill("a", 5, fee=Decimal("0.000001"), order_id="a-longer-order-id"))

    joined = FillTable.concatenate([first, second], Source.LIVE)

    assert [(row.at, row.occurrence) for row in joined.rows()] == [
        (0, 0),
        (5_000_000, 1),
        (9_000_000, 2),
    ]
    assert joined.row(1).fee == Decimal("0.000001")
    assert joined.row(1).order_id == "a-longer-order-id"


def test_an_empty_table_is_a_table(live: Make) -> None:
    empty = FillTable.concatenate([], Source.LIVE)

    assert len(empty) == len(live()) == 0
    assert empty.rows() == []
    assert empty.symbols() == []
    assert empty.columns.qty.total() == 0


def test_fills_of_the_other_source_are_refused(live: Make, make_fill: Make) -> None:
    with pytest.raises(ValueError, match="expected backtest fills, found a live one"):
        FillTable.of([make_fill()], Source.BACKTEST)
    with pytest.raises(ValueError, match="expected backtest fills, found live ones"):
        FillTable.concatenate([live()], Source.BACKTEST)


@pytest.mark.parametrize("qty", ["0", "-1"])
def test_a_fill_of_nothing_is_refused(make_fill: Make, qty: str) -> None:
    with pytest.raises(ValueError, match=r"quantities above 0, found .* of order 'a'"):
        FillTable.of([make_fill(qty=qty)], Source.LIVE)


def test_an_empty_strategy_name_is_refused(make_fill: Make) -> None:
    with pytest.raises(ValueError, match="expected a strategy's name or None"):
        FillTable.of([make_fill(strat_id="")], Source.LIVE)


def test_a_table_can_be_made_of_columns(live: Make) -> None:
    columns = live(("a", 1), ("a", 2)).columns

    table = FillTable.of_columns(columns.take(np.array([1, 0])), Source.BACKTEST)

    assert [(row.at, row.occurrence, row.source) for row in table.rows()] == [
        (1_000_000, 0, Source.BACKTEST),
        (2_000_000, 1, Source.BACKTEST),
    ]


def test_columns_of_different_lengths_are_refused(live: Make) -> None:
    columns = live(("a", 1), ("a", 2)).columns
    fields = {name: getattr(columns, name) for name in FillColumns.__dataclass_fields__}
    fields["fee"] = ExactColumn.of([Decimal(1)], "fee")

    with pytest.raises(ValueError, match=r"expected columns of one length, found \[1, 2\]"):
        FillTable.of_columns(FillColumns(**fields), Source.LIVE)


def test_directions_stay_what_they_were(make_fill: Make) -> None:
    rows = [make_fill("a", direction=SHORT), make_fill("b", direction=LONG, side=SELL)]

    found = FillTable.of(rows, Source.LIVE).rows()

    assert [(isinstance(one, Fill), one.direction) for one in found] == [
        (True, SHORT),
        (True, LONG),
    ]

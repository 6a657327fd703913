"""Fills level by level."""

from decimal import Decimal

from apps.comparator.tests.told import MakeComparison, MakeFill
from comparator.report.levels import level_rows
from gridcore.sides import BUY, SHORT


def test_a_level_counts_both_sides_and_what_is_matched(
    compare: MakeComparison, make_fill: MakeFill
) -> None:
    found = compare(
        [("a", 10), ("a", 700)], [("a", 10), make_fill("b", 5, price="99", realised=Decimal(3))]
    )

    first, second = level_rows(found.certified)

    assert (first.price, first.live, first.backtest, first.matched) == (Decimal(100), 2, 1, 1)
    assert (first.diverging, first.qty_delta, first.side) == (1, Decimal(-2), BUY)
    assert (second.price, second.qty_delta, second.pnl_delta) == (
        Decimal(99),
        Decimal(2),
        Decimal(3),
    )


def test_levels_that_diverge_come_first_then_by_price(
    compare: MakeComparison, make_fill: MakeFill
) -> None:
    pairs = [make_fill(name, 10, price=price) for name, price in (("a", "99"), ("b", "101"))]

    found = compare([*pairs, make_fill("c", 20, price="50", direction=SHORT)], pairs)

    assert [int(row.price) for row in level_rows(found.certified)] == [50, 101, 99]


def test_no_fills_have_no_levels(compare: MakeComparison) -> None:
    assert level_rows(compare([], []).certified) == []

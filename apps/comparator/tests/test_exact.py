"""Columns of exact decimals: nothing is rounded, what does not fit is refused."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparator.exact import INT64_MAX, ExactColumn, decimal_of

MONEY = st.decimals(
    min_value=-(10**8), max_value=10**8, allow_nan=False, allow_infinity=False, places=8
)
HUGE = st.integers(-INT64_MAX, INT64_MAX)


def column_of(units: list[int], places: int) -> ExactColumn:
    return ExactColumn(np.array(units, dtype=np.int64), places)


@given(st.lists(MONEY))
def test_a_column_gives_back_what_it_took(values: list[Decimal]) -> None:
    column = ExactColumn.of(values, "fee")

    assert column.decimals() == values
    assert column.total() == sum(values, Decimal(0))


def test_the_finest_number_decides_the_scale() -> None:
    column = ExactColumn.of([Decimal("1.5"), Decimal("0.00000001"), Decimal(7)], "fee")

    assert column.places == 8
    assert column.units.tolist() == [150_000_000, 1, 700_000_000]


def test_digits_that_are_all_zero_do_not_count_against_the_limit() -> None:
    """As a database of numeric(38, 18) gives them back."""
    column = ExactColumn.of([Decimal("94125.500000000000000000")], "price")

    assert column.value(0) == Decimal("94125.5")


def test_what_does_not_fit_is_refused_with_the_column_and_the_number() -> None:
    with pytest.raises(ValueError, match=r"realised: expected numbers that fit 64 bits.*12345678"):
        ExactColumn.of([Decimal("12345678901.123456789")], "realised")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="qty: expected finite numbers"):
        ExactColumn.of([Decimal(value)], "qty")


@given(st.lists(st.tuples(HUGE, HUGE), min_size=1), st.integers(0, 12), st.integers(0, 12))
def test_differences_are_exact_whatever_the_scales(
    rows: list[tuple[int, int]], places: int, other_places: int
) -> None:
    mine = column_of([first for first, _ in rows], places)
    theirs = column_of([second for _, second in rows], other_places)

    found = mine.minus(theirs).decimals()

    scale, other_scale = 10 ** (12 - places), 10 ** (12 - other_places)
    assert found == [decimal_of(a * int(scale) - b * int(other_scale), 12) for a, b in rows]


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9))))
def test_products_are_exact(rows: list[tuple[int, int]]) -> None:
    price = column_of([first for first, _ in rows], 2)
    qty = column_of([second for _, second in rows], 3)

    assert price.times(qty, "notional").decimals() == [decimal_of(a * b, 5) for a, b in rows]


def test_a_product_beyond_the_limit_is_refused() -> None:
    column = column_of([INT64_MAX], 0)

    with pytest.raises(ValueError, match="notional: expected numbers that fit"):
        column.times(column, "notional")


def test_a_product_with_spare_zeros_beyond_the_limit_fits() -> None:
    price, qty = column_of([94_125_5 * 10**8], 9), column_of([2 * 10**6], 6)

    assert price.times(qty, "notional").value(0) == Decimal("188251")


def test_columns_of_several_scales_are_joined() -> None:
    joined = ExactColumn.concatenate(
        [ExactColumn.of([Decimal("1.5")], "fee"), ExactColumn.of([Decimal("0.25")], "fee")], "fee"
    )

    assert joined.decimals() == [Decimal("1.5"), Decimal("0.25")]
    assert joined.units.dtype == np.int64


def test_columns_that_need_too_fine_a_common_scale_are_refused() -> None:
    with pytest.raises(ValueError, match="fee: expected numbers that fit"):
        ExactColumn.concatenate([column_of([INT64_MAX], 0), column_of([1], 9)], "fee")


def test_a_coarser_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 3 places or more"):
        column_of([1], 3).at_places(2)


def test_rows_magnitudes_and_running_totals() -> None:
    column = ExactColumn.of([Decimal(3), Decimal(-5), Decimal(1)], "pnl")

    assert column.magnitudes().decimals() == [3, 5, 1]
    assert column.running_totals() == [3, -2, -1]
    assert column.take(np.array([2, 0])).decimals() == [1, 3]
    assert len(column) == 3


def test_an_empty_column_comes_to_nothing() -> None:
    column = ExactColumn.of([], "fee")

    assert column.total() == 0
    assert column.minus(column).decimals() == []
    assert ExactColumn.concatenate([], "fee").decimals() == []

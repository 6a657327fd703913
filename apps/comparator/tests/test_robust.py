"""Figures of deltas: exact, with one median, and the correlation of what varies."""

import math
import statistics
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from comparator.exact import ExactColumn
from comparator.robust import (
    Robust,
    Spread,
    correlation_of,
    deviation_of,
    median_of,
    robust_of,
    robust_rows,
    spread_of,
)

SIZES = st.lists(st.decimals(min_value=0, max_value=10**6, places=4), min_size=1, max_size=40)


def column(*values: str | Decimal) -> ExactColumn:
    return ExactColumn.of([Decimal(value) for value in values], "deltas")


@given(SIZES)
def test_mean_median_and_maximum_are_those_of_the_textbook(values: list[Decimal]) -> None:
    found = spread_of(column(*values))

    assert found.count == len(values)
    assert found.mean == sum(values, Decimal(0)) / len(values)
    assert found.median == statistics.median(values) == median_of(column(*values))
    assert found.maximum == max(values)


@given(SIZES)
def test_the_deviation_is_that_of_the_population(values: list[Decimal]) -> None:
    expected = statistics.pstdev([float(value) for value in values])

    assert math.isclose(deviation_of(column(*values)), expected, rel_tol=1e-9, abs_tol=1e-6)


@given(SIZES, st.integers(1, 1000))
def test_adding_a_constant_moves_the_median_and_leaves_the_deviation(
    values: list[Decimal], more: int
) -> None:
    near, far = column(*values), column(*(value + more for value in values))

    assert median_of(far) == median_of(near) + more
    assert deviation_of(far) == deviation_of(near)


def test_the_middle_two_are_averaged_everywhere() -> None:
    found = robust_of(column("0.1", "0.2", "0.5", "0.9"))

    assert found.median == Decimal("0.35")
    assert found.spike_intensity == Decimal("0.55")


@pytest.mark.parametrize(("count", "place"), [(1, 0), (2, 1), (19, 18), (20, 19), (40, 38)])
def test_the_percentile_is_the_delta_at_its_place(count: int, place: int) -> None:
    values = [Decimal(number) for number in range(count)]

    assert robust_of(column(*values)).p95 == place


def test_spikes_are_counted_beyond_the_bounds_not_at_them() -> None:
    """0.30 is none; three times the median of 0.1 is 0.30 too."""
    found = robust_of(column("0.1", "0.1", "0.1", "0.30", "0.300001"))

    assert (found.spike_count_30c, found.spike_count_relative_3) == (1, 1)


def test_half_units_of_the_median_count() -> None:
    """The median is 0.15, three times that 0.45."""
    assert robust_of(column("0.1", "0.1", "0.2", "0.5")).spike_count_relative_3 == 1
    assert robust_of(column("0.1", "0.1", "0.2", "0.45")).spike_count_relative_3 == 0


def test_a_median_of_nothing_has_no_multiples() -> None:
    assert robust_of(column("0", "0", "0", "7")).spike_count_relative_3 == 0


def test_no_deltas_give_zeros() -> None:
    nothing = column()

    zero = Decimal(0)
    assert spread_of(nothing) == Spread(count=0, mean=zero, median=zero, maximum=zero)
    assert robust_of(nothing) == Robust(
        median=zero,
        p95=zero,
        std=zero,
        spike_intensity=zero,
        spike_count_30c=0,
        spike_count_relative_3=0,
    )
    assert median_of(nothing) == deviation_of(nothing) == 0


def test_the_rows_of_a_family_have_their_names_in_order() -> None:
    assert [name for name, _ in robust_rows("pnl", robust_of(column()))] == [
        "pnl_median_abs_delta",
        "pnl_p95_abs_delta",
        "pnl_std_abs_delta",
        "pnl_spike_intensity",
        "pnl_spike_count_30c",
        "pnl_spike_count_relative_3",
    ]


@given(st.lists(st.tuples(st.integers(-999, 999), st.integers(-999, 999)), min_size=3))
def test_correlation_is_that_of_the_textbook(rows: list[tuple[int, int]]) -> None:
    first, second = [one for one, _ in rows], [other for _, other in rows]
    assume(len(set(first)) > 1 and len(set(second)) > 1)

    assert math.isclose(
        correlation_of(first, second), statistics.correlation(first, second), abs_tol=1e-9
    )


def test_correlation_survives_a_large_offset() -> None:
    small = [Decimal(step).scaleb(-8) for step in (1, 5, 2)]
    large = [value + 10**12 for value in small]

    assert math.isclose(correlation_of(small, large), 1)


@pytest.mark.parametrize(
    ("first", "second"), [([], []), ([1], [2]), ([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [7, 7, 7])]
)
def test_without_two_points_or_variance_there_is_no_correlation(
    first: Sequence[int], second: Sequence[int]
) -> None:
    assert correlation_of(first, second) == 0

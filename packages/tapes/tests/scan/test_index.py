"""The index of one column."""

import numpy as np
import pytest

from tapes.compiled import Integers
from tapes.scan.index import NO_HIGH, NO_LOW, ScanIndex


@pytest.mark.parametrize("width", [np.int32, np.int64])
def test_an_index_answers_for_columns_of_both_widths(width: type) -> None:
    index = ScanIndex.build(np.array([5, 3, 9, 4], width))

    assert index.first_outside(0, 4, NO_LOW, 9) == 2
    assert index.first_outside(0, 4, 3, NO_HIGH) == 1
    assert index.stats(0, 4) == (3, 9, 5, 6)
    assert index.stats(0, 4).max_drop == 5
    assert len(index) == 4
    assert index.magnitude == 9


def test_the_values_of_an_index_are_the_column_itself(long_walk: Integers) -> None:
    assert np.shares_memory(ScanIndex.build(long_walk).values, long_walk)


def test_magnitude_bounds_negative_values_too() -> None:
    assert ScanIndex.build(np.array([-7, 5], np.int64)).magnitude == 7


def test_an_empty_column_has_nothing_outside() -> None:
    index = ScanIndex.build(np.array([], np.int32))

    assert index.first_outside(0, 0, 0, 0) == 0
    assert index.magnitude == 0


@pytest.mark.parametrize(("start", "stop"), [(1, 1), (-1, 2), (0, 5), (3, 2)])
def test_statistics_of_no_rows_are_refused(start: int, stop: int) -> None:
    index = ScanIndex.build(np.array([1, 2, 3, 4], np.int32))

    with pytest.raises(ValueError, match=r"expected rows within 0\.\.4"):
        index.stats(start, stop)


def test_fractions_cannot_be_indexed() -> None:
    with pytest.raises(TypeError, match="float64"):
        ScanIndex.build(np.array([1.5]))


def test_the_index_is_a_quarter_byte_per_row(long_walk: Integers) -> None:
    index = ScanIndex.build(long_walk)

    assert index.nodes.nbytes < 0.26 * len(long_walk)

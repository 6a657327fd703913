"""Scanning with the index gives what scanning row by row gives."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tapes.compiled import Integers, read_only
from tapes.scan.ask import first_outside, quiet_end, range_stats, widest_level
from tapes.scan.index import NO_HIGH, NO_LOW, ScanIndex
from tapes.scan.layout import SPANS

Variant = Callable[[Callable[..., Any]], Callable[..., Any]]
Naive = Callable[[Sequence[int]], tuple[int, int, int, int]]


def naive_first(values: Integers, start: int, stop: int, low: int, high: int) -> int:
    for row in range(start, stop):
        if values[row] <= low or values[row] >= high:
            return row
    return stop


def small_column(seed: int, rows: int) -> Integers:
    return read_only(np.random.default_rng(seed).integers(0, 1000, rows).astype(np.int32))


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 50),
    rows=st.integers(1, 700),
    bounds=st.tuples(st.integers(0, 700), st.integers(0, 700)),
    low=st.integers(-5, 1005),
    high=st.integers(-5, 1005),
)
@example(seed=0, rows=256, bounds=(128, 256), low=-1, high=1001)
def test_the_first_row_outside_a_band_equals_a_naive_scan(
    variant: Variant, seed: int, rows: int, bounds: tuple[int, int], low: int, high: int
) -> None:
    index = ScanIndex.build(small_column(seed, rows))
    start, stop = min(bounds[0], rows), min(bounds[1], rows)

    found = variant(first_outside)(index.values, index.nodes, start, stop, low, high)

    assert found == naive_first(index.values, start, stop, low, high)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_far_bounds_are_found_through_every_level(
    variant: Variant, long_walk: Integers, data: st.DataObject
) -> None:
    index = ScanIndex.build(long_walk)
    start = data.draw(st.integers(0, len(long_walk) - 1))
    stop = data.draw(st.integers(start, len(long_walk)))
    width = data.draw(st.integers(1, 3000))
    here = int(long_walk[start])

    found = variant(first_outside)(
        index.values, index.nodes, start, stop, here - width, here + width
    )

    part = long_walk[start:stop]
    outside = np.flatnonzero((part <= here - width) | (part >= here + width))
    assert found == (start + int(outside[0]) if len(outside) else stop)


def test_an_open_band_is_never_left(variant: Variant, long_walk: Integers) -> None:
    index = ScanIndex.build(long_walk)
    ask = variant(first_outside)

    assert ask(index.values, index.nodes, 5, len(index) - 3, NO_LOW, NO_HIGH) == len(index) - 3
    assert ask(index.values, index.nodes, 9, 9, 0, 0) == 9


@pytest.mark.parametrize(
    ("row", "level"), [(0, 2), (SPANS[1], 1), (SPANS[0], 0), (SPANS[2] + SPANS[1], 1)]
)
def test_the_widest_quiet_node_is_skipped_at_once(
    variant: Variant, long_walk: Integers, row: int, level: int
) -> None:
    index = ScanIndex.build(long_walk)

    end = variant(quiet_end)(index.nodes, row, len(index), NO_LOW, NO_HIGH)

    assert end == row + SPANS[level]
    assert variant(quiet_end)(index.nodes, row, len(index), NO_LOW, 0) == row


@pytest.mark.parametrize(
    ("row", "stop", "level"),
    [(0, SPANS[2], 2), (0, SPANS[2] - 1, 1), (0, SPANS[0], 0), (0, 5, -1), (3, SPANS[2], -1)],
)
def test_only_whole_nodes_count(variant: Variant, row: int, stop: int, level: int) -> None:
    assert variant(widest_level)(row, stop, 2 * SPANS[2]) == level


@settings(deadline=None, max_examples=150)
@given(seed=st.integers(0, 50), rows=st.integers(1, 700), data=st.data())
def test_statistics_of_any_range_equal_the_naive_answer(
    variant: Variant, naive_stats: Naive, seed: int, rows: int, data: st.DataObject
) -> None:
    index = ScanIndex.build(small_column(seed, rows))
    start = data.draw(st.integers(0, rows - 1))
    stop = data.draw(st.integers(start + 1, rows))

    found = variant(range_stats)(index.values, index.nodes, start, stop)

    assert found == naive_stats(index.values[start:stop].tolist())


@pytest.mark.untraced
@pytest.mark.parametrize("start", [0, 1, SPANS[0], SPANS[1], SPANS[2], SPANS[2] - 1])
@pytest.mark.parametrize("left_out", [0, 1, 77, SPANS[1]])
def test_statistics_of_long_ranges_equal_the_naive_answer(
    naive_stats: Naive, long_walk: Integers, start: int, left_out: int
) -> None:
    index = ScanIndex.build(long_walk)
    stop = len(long_walk) - left_out

    assert index.stats(start, stop) == naive_stats(long_walk[start:stop].tolist())

"""Many rows at once give the record that row by row gives."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.compiled import Integers, read_only
from tapes.scan.bulk import add_ranges, add_rows, date_trough
from tapes.scan.index import ScanIndex
from tapes.scan.layout import SPANS
from tapes.scan.track import PEAK_TIME, TRACK_FIELDS, TROUGH, TROUGH_TIME, add_point, start_record

Variant = Callable[[Callable[..., Any]], Callable[..., Any]]


def fresh(equity: int) -> Integers:
    record = np.zeros(TRACK_FIELDS, np.int64)
    start_record(record, 0, equity)
    return record


def row_by_row(index: ScanIndex, times: Integers, rows: range, base: int, slope: int) -> Any:
    def feed(record: Integers) -> Integers:
        for row in rows:
            add_point(record, times[row], base + slope * int(index.values[row]))
        return record

    return feed


@settings(deadline=None, max_examples=120)
@given(
    seed=st.integers(0, 60),
    rows=st.integers(1, 900),
    slope=st.integers(-3, 3),
    start_equity=st.integers(-60, 60),
    drift=st.integers(-1, 1),
    data=st.data(),
)
def test_a_segment_in_bulk_equals_its_points(
    variant: Variant,
    seed: int,
    rows: int,
    slope: int,
    start_equity: int,
    drift: int,
    data: st.DataObject,
) -> None:
    random = np.random.default_rng(seed)
    walk = np.cumsum(random.integers(-2 + drift, 3 + drift, rows)).astype(np.int32)
    index = ScanIndex.build(walk)
    times = read_only(np.cumsum(random.integers(0, 5, rows)))
    start = data.draw(st.integers(0, rows - 1))
    stop = data.draw(st.integers(start + 1, rows))
    bulk = fresh(start_equity)

    variant(add_rows)(index.values, index.nodes, times, start, stop, 7, slope, bulk)

    naive = row_by_row(index, times, range(start, stop), 7, slope)(fresh(start_equity))
    assert bulk.tolist() == naive.tolist()


@pytest.mark.untraced
@pytest.mark.parametrize("slope", [1, -1])
def test_a_long_segment_in_bulk_equals_its_points(long_walk: Integers, slope: int) -> None:
    index = ScanIndex.build(long_walk)
    times = read_only(np.arange(len(long_walk), dtype=np.int64) * 3)
    first = slope * int(long_walk[0])
    bulk = fresh(first)

    add_rows(index.values, index.nodes, times, 3, len(long_walk), 0, slope, bulk)

    naive = row_by_row(index, times, range(3, len(long_walk)), 0, slope)(fresh(first))
    assert bulk.tolist() == naive.tolist()


def test_a_peak_that_is_only_reached_again_in_a_later_block_counts(variant: Variant) -> None:
    values = np.full(3 * SPANS[0], 50, np.int32)
    values[[0, 200]] = 90
    index = ScanIndex.build(values)
    times = read_only(np.arange(len(values), dtype=np.int64))
    bulk = fresh(90)

    variant(add_rows)(index.values, index.nodes, times, 0, len(values), 0, 1, bulk)

    naive = row_by_row(index, times, range(len(values)), 0, 1)(fresh(90))
    assert bulk.tolist() == naive.tolist()
    assert bulk[PEAK_TIME] == 200


def test_ranges_follow_one_another_and_empty_ones_are_passed_over(variant: Variant) -> None:
    index = ScanIndex.build(np.array([5, 3, 9, 4], np.int32))
    times = read_only(np.array([1, 2, 3, 4], np.int64))
    record = fresh(0)
    numbers = [
        np.array(column, np.int64) for column in ([0, 2, 2], [2, 2, 4], [0, 9, 10], [1, 5, -1])
    ]

    variant(add_ranges)(index.values, index.nodes, times, *numbers, record)

    expected = fresh(0)
    for time_us, equity in ((1, 5), (2, 3), (3, 1), (4, 6)):
        add_point(expected, time_us, equity)
    assert record.tolist() == expected.tolist()


def test_the_trough_is_dated_by_the_first_row_that_reaches_it(variant: Variant) -> None:
    values = np.full(2 * SPANS[0], 50, np.int32)
    values[[200, 210]] = 40
    index = ScanIndex.build(values)
    times = read_only(np.arange(len(values), dtype=np.int64) * 10)
    record = fresh(1000)
    record[TROUGH] = 2 * 40 + 1

    variant(date_trough)(index.values, index.nodes, times, 128, 256, 1, 2, record)

    assert record[TROUGH_TIME] == 2000
    variant(date_trough)(index.values, index.nodes, times, 5, 5, 1, 2, record)
    assert record[TROUGH_TIME] == 2000

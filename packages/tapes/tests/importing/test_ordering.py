"""Rows of one file in time order."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.importing.counters import Fault, ImportCounters
from tapes.importing.ordering import time_order


def test_a_file_in_order_is_left_alone() -> None:
    counters = ImportCounters()

    assert time_order(np.array([1, 1, 2], np.int64), "a", counters) == slice(None)
    assert counters.met() == ()


def test_a_newest_first_file_is_turned_round_rows_of_equal_time_included() -> None:
    counters = ImportCounters()

    order = time_order(np.array([9, 5, 5, 1], np.int64), "a", counters)

    assert np.arange(4)[order].tolist() == [3, 2, 1, 0]
    assert counters.files_newest_first == 1
    assert counters.count(Fault.TIME_DECREASED) == 0


def test_a_straggler_is_moved_into_its_place_and_counted() -> None:
    counters = ImportCounters()

    order = time_order(np.array([1, 2, 9, 3, 10], np.int64), "a.csv", counters)

    assert np.arange(5)[order].tolist() == [0, 1, 3, 2, 4]
    assert counters.count(Fault.TIME_DECREASED) == 1
    assert str(counters.examples(Fault.TIME_DECREASED)[0]).startswith("a.csv:5: time 3 us")


@settings(deadline=None, max_examples=100)
@given(times=st.lists(st.integers(0, 20), max_size=40))
def test_the_result_is_in_order_and_loses_nothing(times: list[int]) -> None:
    column = np.array(times, np.int64)

    ordered = column[time_order(column, "a", ImportCounters())]

    assert ordered.tolist() == sorted(times)

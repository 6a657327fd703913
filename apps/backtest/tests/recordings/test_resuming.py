"""Where a tape and its recording differ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.recordings.resuming import (
    Count,
    RowsMissing,
    check_has_all,
    first_difference,
    rows_between,
)

TIMES = st.lists(st.integers(0, 1000), max_size=40).map(sorted)


def column(times: list[int]) -> np.ndarray:
    return np.array(times, np.int64)


def counting(times: list[int]) -> Count:
    return lambda since, until: sum(since <= time < until for time in times)


@given(TIMES, st.lists(st.integers(0, 1000), max_size=5), st.integers(0, 1000))
def test_the_first_row_that_came_late_is_found(
    times: list[int], late: list[int], until: int
) -> None:
    found = first_difference(column(times), 0, until, counting(times + late))

    assert found == min((time for time in late if time < until), default=None)


def test_few_questions_find_it_in_a_month() -> None:
    month_us = 30 * 86_400 * 1_000_000
    asked = []

    def count(since: int, until: int) -> int:
        asked.append((since, until))
        return int(since <= 1_234_567_890_123 < until)

    assert first_difference(column([]), 0, month_us, count) == 1_234_567_890_123
    assert len(asked) <= 43


def test_a_tape_with_more_rows_than_the_recording_is_of_another_one() -> None:
    with pytest.raises(RowsMissing) as missing:
        first_difference(column([1, 2, 3]), 0, 10, counting([1, 2]))

    assert (missing.value.tape, missing.value.recorded) == (3, 2)


def test_rows_before_the_recording_began_are_not_missed() -> None:
    assert first_difference(column([1, 2, 30]), 10, 100, counting([30])) is None


def test_having_all_is_told_from_having_some() -> None:
    assert check_has_all(column([5]), 0, 10, counting([5]))
    assert not check_has_all(column([5]), 0, 10, counting([5, 6]))


def test_the_end_of_a_span_is_excluded_and_an_empty_span_has_no_rows() -> None:
    assert rows_between(column([1, 2, 2, 3]), 2, 3) == 2
    assert rows_between(column([1, 2, 3]), 3, 1) == 0

"""Finding rows by time."""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.scan.search import first_at_or_after, first_key_at_or_after

Variant = Callable[[Callable[..., Any]], Callable[..., Any]]


@settings(deadline=None)
@given(
    times=st.lists(st.integers(0, 60), max_size=80).map(sorted),
    time_us=st.integers(-1, 61),
    start=st.integers(0, 90),
)
def test_the_first_row_at_or_after_a_time_equals_bisection(
    variant: Variant, times: list[int], time_us: int, start: int
) -> None:
    found = variant(first_at_or_after)(np.array(times, np.int64), time_us, start)

    begin = min(start, len(times))
    assert found == bisect_left(times, time_us, lo=begin)


@settings(deadline=None)
@given(
    keys=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 30)), max_size=60, unique=True).map(
        sorted
    ),
    key=st.tuples(st.integers(-1, 9), st.integers(-1, 31)),
    start=st.integers(0, 60),
)
def test_the_first_row_at_or_after_a_key_equals_bisection(
    variant: Variant, keys: list[tuple[int, int]], key: tuple[int, int], start: int
) -> None:
    times = np.array([time_us for time_us, _ in keys], np.int64)
    seqs = np.array([seq for _, seq in keys], np.int64)

    found = variant(first_key_at_or_after)(times, seqs, key[0], key[1], start)

    begin = min(start, len(keys))
    assert found == bisect_left(keys, key, lo=begin)

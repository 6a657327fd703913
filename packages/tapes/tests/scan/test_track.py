"""One more point of equity changes the record as the definitions say."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.compiled import Integers
from tapes.scan.track import (
    DEEP_PEAK,
    DEEP_TROUGH,
    LAST,
    LAST_TIME,
    LONGEST_US,
    LOW,
    NOT_RECOVERED,
    PEAK,
    PEAK_TIME,
    TRACK_FIELDS,
    TROUGH,
    TROUGH_TIME,
    WORST_PEAK,
    WORST_PEAK_TIME,
    WORST_RECOVERED,
    WORST_TROUGH,
    WORST_TROUGH_TIME,
    add_point,
    note_fall,
    ratio_greater,
    start_record,
)

Variant = Callable[[Callable[..., Any]], Callable[..., Any]]
big = st.integers(0, 2**62)


@settings(deadline=None, max_examples=200)
@given(above=big, below=st.integers(1, 2**62), other=big, other_below=st.integers(1, 2**62))
def test_ratios_are_compared_exactly_beyond_64_bit_products(
    variant: Variant, above: int, below: int, other: int, other_below: int
) -> None:
    expected = Fraction(above, below) > Fraction(other, other_below)

    assert variant(ratio_greater)(above, below, other, other_below) == expected


def test_equal_ratios_are_not_greater(variant: Variant) -> None:
    assert not variant(ratio_greater)(2, 4, 1, 2)
    assert not variant(ratio_greater)(0, 4, 0, 2)
    assert variant(ratio_greater)(2**62, 2**62 - 1, 1, 1)


def record_of(variant: Variant, points: list[tuple[int, int]]) -> Integers:
    record = np.zeros(TRACK_FIELDS, np.int64)
    variant(start_record)(record, *points[0])
    for time_us, equity in points[1:]:
        variant(add_point)(record, time_us, equity)
    return record


def test_a_story_of_two_falls(variant: Variant) -> None:
    points = [(0, 100), (10, 90), (20, 95), (30, 100), (40, 200), (50, 170), (60, 150), (70, 199)]

    record = record_of(variant, points)

    assert (record[PEAK], record[PEAK_TIME]) == (200, 40)
    assert (record[TROUGH], record[TROUGH_TIME]) == (150, 60)
    assert (record[LOW], record[LAST], record[LAST_TIME]) == (90, 199, 70)
    # Only the first fall is over: from 100 at 0 to 90 at 10, recovered at 30.
    assert (record[WORST_PEAK], record[WORST_PEAK_TIME]) == (100, 0)
    assert (record[WORST_TROUGH], record[WORST_TROUGH_TIME]) == (90, 10)
    assert (record[WORST_RECOVERED], record[LONGEST_US]) == (30, 30)
    variant(note_fall)(record, NOT_RECOVERED)
    assert (record[WORST_PEAK], record[WORST_TROUGH]) == (200, 150)
    assert record[WORST_RECOVERED] == NOT_RECOVERED
    assert (record[DEEP_PEAK], record[DEEP_TROUGH]) == (200, 150)


def test_a_small_fall_may_be_the_deepest_in_proportion(variant: Variant) -> None:
    points = [(0, 10), (1, 5), (2, 1000), (3, 990), (4, 1000)]

    record = record_of(variant, points)

    assert (record[WORST_PEAK], record[WORST_TROUGH]) == (1000, 990)
    assert (record[DEEP_PEAK], record[DEEP_TROUGH]) == (10, 5)


def test_time_under_the_peak_counts_from_the_last_moment_at_it(variant: Variant) -> None:
    record = record_of(variant, [(0, 10), (50, 10), (60, 9), (100, 10)])

    assert record[LONGEST_US] == 50


def test_equity_below_zero_has_no_ratio(variant: Variant) -> None:
    record = record_of(variant, [(0, -5), (1, -9), (2, -5)])

    assert (record[WORST_PEAK], record[WORST_TROUGH]) == (-5, -9)
    assert record[DEEP_PEAK] == record[DEEP_TROUGH]

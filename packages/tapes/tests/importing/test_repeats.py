"""Rows recorded twice."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.importing.repeats import (
    DUPLICATE,
    ONCE,
    OVERLAP,
    REPEATED,
    mark_equal_rows,
    mark_groups,
    mark_repeats,
)

Variant = Callable[[Callable[..., Any]], Callable[..., Any]]


def marks(rows: list[tuple[int, int, int, int]]) -> list[int]:
    """Marks of rows (time, price, id, file)."""
    table = np.array(rows, np.int64).T
    ones = np.ones(len(rows), np.int64)
    found = mark_repeats(table[0], table[1], ones, ones, table[2].astype(np.uint64), table[3])
    return [int(mark) for mark in found]


def test_an_id_seen_before_is_the_same_trade() -> None:
    rows = [(1, 10, 7, 0), (1, 10, 7, 0), (1, 10, 8, 0), (1, 10, 7, 1), (2, 10, 7, 0)]

    assert marks(rows) == [ONCE, DUPLICATE, ONCE, OVERLAP, ONCE]


def test_equal_rows_without_an_id_are_kept_within_a_file() -> None:
    assert marks([(1, 10, 0, 0), (1, 10, 0, 0), (1, 11, 0, 0)]) == [ONCE, REPEATED, ONCE]


def test_of_overlapping_files_the_one_with_the_most_is_kept() -> None:
    rows = [(1, 10, 0, 0), (1, 10, 0, 1), (1, 10, 0, 1), (5, 1, 0, 1), (6, 1, 0, 0)]

    assert marks(rows) == [OVERLAP, ONCE, REPEATED, ONCE, ONCE]


@settings(deadline=None, max_examples=100)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)),
        min_size=1,
        max_size=30,
    ).map(lambda rows: sorted(rows, key=lambda row: (row[0], row[3]))),
)
def test_what_is_kept_is_the_greatest_count_of_any_file(
    variant: Variant, rows: list[tuple[int, int, int, int]]
) -> None:
    table = np.array(rows, np.int64).T
    ones = np.ones(len(rows), np.int64)
    found = np.zeros(len(rows), np.int8)

    with np.errstate(over="ignore"):
        variant(mark_groups)(
            table[0], table[1], ones, ones, table[2].astype(np.uint64), table[3], found
        )

    kept = Counter(
        row[:3] for row, mark in zip(rows, found, strict=True) if mark in (ONCE, REPEATED)
    )
    for key in {row[:3] for row in rows}:
        per_file = Counter(row[3] for row in rows if row[:3] == key)
        assert kept[key] == (1 if key[2] else max(per_file.values()))


def test_equal_rows_are_marked_in_the_order_of_files(variant: Variant) -> None:
    found = np.zeros(3, np.int8)

    variant(mark_equal_rows)(
        np.array([0, 1, 2]), np.zeros(3, np.uint64), np.array([0, 0, 1]), found
    )

    assert found.tolist() == [ONCE, REPEATED, OVERLAP]

"""The places of nodes."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.scan.layout import SPANS, TOP_LEVEL, level_count, level_start, node_count

Variant = Callable[[Callable[..., Any]], Callable[..., Any]]


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        (0, (0, 0, 0)),
        (1, (1, 1, 1)),
        (SPANS[0], (1, 1, 1)),
        (SPANS[0] + 1, (2, 1, 1)),
        (SPANS[1] + 1, (65, 2, 1)),
        (SPANS[2] + 1, (4097, 65, 2)),
    ],
)
def test_every_level_covers_all_rows(
    variant: Variant, rows: int, counts: tuple[int, int, int]
) -> None:
    assert tuple(variant(level_count)(level, rows) for level in range(3)) == counts
    assert variant(node_count)(rows) == sum(counts)


@settings(deadline=None)
@given(rows=st.integers(0, 10**8))
def test_levels_follow_one_another(rows: int) -> None:
    for level in range(TOP_LEVEL):
        assert level_start(level + 1, rows) == level_start(level, rows) + level_count(level, rows)

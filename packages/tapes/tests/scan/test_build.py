"""Nodes hold smallest, greatest, largest fall and largest rise; exactly, on every level."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.compiled import Integers, read_only
from tapes.scan.build import fill_blocks, fill_level, fill_nodes, join_nodes, join_rows
from tapes.scan.layout import BLOCK_ROWS, NODE_FIELDS, SPANS, level_count, level_start, node_count

Variant = Callable[[Callable[..., Any]], Callable[..., Any]]
Naive = Callable[[Sequence[int]], tuple[int, int, int, int]]

values_of = st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=40)


@settings(deadline=None, max_examples=60)
@given(values=values_of)
def test_a_node_of_rows_equals_the_naive_answer(
    variant: Variant, naive_stats: Naive, values: list[int]
) -> None:
    node = np.zeros(NODE_FIELDS, np.int64)

    variant(join_rows)(np.array(values, np.int64), node)

    assert node.tolist() == [*naive_stats(values)]


@settings(deadline=None, max_examples=60)
@given(parts=st.lists(values_of, min_size=1, max_size=6))
def test_a_node_of_nodes_equals_the_node_of_all_their_rows(
    variant: Variant, naive_stats: Naive, parts: list[list[int]]
) -> None:
    nodes = np.array([naive_stats(part) for part in parts], np.int64)
    node = np.zeros(NODE_FIELDS, np.int64)

    variant(join_nodes)(nodes, node)

    assert node.tolist() == [*naive_stats([value for part in parts for value in part])]


@pytest.mark.parametrize("width", [np.int32, np.int64])
def test_blocks_of_any_width_equal_the_naive_answer(
    variant: Variant, naive_stats: Naive, width: type
) -> None:
    random = np.random.default_rng(3)
    values: Integers = random.integers(-(2**31), 2**31 - 1, 5 * BLOCK_ROWS + 9).astype(width)
    nodes = np.zeros((5, NODE_FIELDS), np.int64)

    variant(fill_blocks)(read_only(values), nodes)

    for number in range(5):
        block = values[number * BLOCK_ROWS : (number + 1) * BLOCK_ROWS].tolist()
        assert tuple(nodes[number]) == naive_stats(block)


def test_a_level_joins_the_level_below(variant: Variant, naive_stats: Naive) -> None:
    below = np.array([naive_stats([value, 70 - value]) for value in range(70)], np.int64)
    level = np.zeros((2, NODE_FIELDS), np.int64)

    variant(fill_level)(below, level)

    rows = [value for number in range(70) for value in (number, 70 - number)]
    assert tuple(level[0]) == naive_stats(rows[:128])
    assert tuple(level[1]) == naive_stats(rows[128:])


@pytest.mark.untraced
def test_all_levels_of_a_long_column_are_right(
    variant: Variant, naive_stats: Naive, long_walk: Integers
) -> None:
    rows = len(long_walk)
    nodes = np.zeros((node_count(rows), NODE_FIELDS), np.int64)

    variant(fill_nodes)(long_walk, nodes)

    for level in range(3):
        for number in (0, level_count(level, rows) // 2, level_count(level, rows) - 1):
            part = long_walk[number * SPANS[level] : (number + 1) * SPANS[level]].tolist()
            assert tuple(nodes[level_start(level, rows) + number]) == naive_stats(part)

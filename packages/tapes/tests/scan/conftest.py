"""Columns for the scan: long enough for every level, and naive answers to compare with."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tapes.compiled import Integers, read_only
from tapes.scan.layout import SPANS

NaiveStats = tuple[int, int, int, int]


@pytest.fixture(scope="session")
def long_walk() -> Integers:
    """A random walk over two top nodes and a bit, so that every level and every rest occurs."""
    random = np.random.default_rng(11)
    steps = random.integers(-3, 4, 2 * SPANS[2] + SPANS[1] + 77)
    return read_only((1_000_000 + np.cumsum(steps)).astype(np.int32))


@pytest.fixture(scope="session")
def naive_stats() -> Callable[[Sequence[int]], NaiveStats]:
    """Smallest, greatest, largest fall, largest rise, pair by pair."""

    def compute(values: Sequence[int]) -> NaiveStats:
        drop = rise = 0
        low = high = values[0]
        for value in values:
            low, high = min(low, value), max(high, value)
            drop, rise = max(drop, high - value), max(rise, value - low)
        return min(values), max(values), drop, rise

    return compute

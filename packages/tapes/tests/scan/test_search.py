"""Finding rows by time."""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.scan.search import first_at_or_after, first_key_at_or_after

Variant = Callable[[Callable[..., Any]], Callable[..., Any]]


@settings(deadline=None, max_examples=200)
@given(
    seed=st.integers(0, 100),
    rows=st.integers(0, 300),
    time_us=st.integers(-1, 201),
    share=st.floats(0, 1.2),
)
def test_the_first_row_at_or_after_a_time_equals_bisection(
    variant: Variant, seed: int, rows: int, time_us: int, share: float
) -> None:
    times = np.sort(np.random.default_rng(seed).integers(0, 200, rows))
    start = int(share * rows)

    found = variant(first_at_or_after)(times, time_us, start)

    assert found == bisect_left(times.tolist(), time_us, lo=min(start, rows))


@settings(deadline=None, max_examples=200)
@given(
    seed=st.integers(0, 100),
    rows=st.integers(0, 100),
    time_us=st.integers(-1, 9),
    seq=st.integers(-1, 101),
    share=st.floats(0, 1.2),
)
def test_the_first_row_at_or_after_a_key_equals_bisection(
    variant: Variant, seed: int, rows: int, time_us: int, seq: int, share: float
) -> None:
    times = np.sort(np.random.default_rng(seed).integers(0, 8, rows))
    seqs = np.arange(rows, dtype=np.int64)
    start = int(share * rows)

    found = variant(first_key_at_or_after)(times, seqs, time_us, seq, start)

    keys = list(zip(times.tolist(), seqs.tolist(), strict=True))
    assert found == bisect_left(keys, (time_us, seq), lo=min(start, rows))

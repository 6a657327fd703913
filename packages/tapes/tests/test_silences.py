"""Silences are pauses between rows."""

import numpy as np

from tapes.silences import silences_between


def test_only_pauses_longer_than_the_limit_are_silences() -> None:
    times = np.array([0, 10, 20, 31, 31, 50], np.int64)

    assert silences_between(times, 10) == [(20, 31), (31, 50)]


def test_a_pause_across_two_chunks_is_found() -> None:
    rows = 1 << 20
    times = np.arange(rows + 5, dtype=np.int64)
    times[rows:] += 100

    assert silences_between(times, 50) == [(rows - 1, rows + 100)]


def test_one_row_has_no_silence() -> None:
    assert silences_between(np.array([5], np.int64), 0) == []
    assert silences_between(np.array([], np.int64), 0) == []

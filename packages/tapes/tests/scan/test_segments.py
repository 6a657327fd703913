"""A run's equity in one call."""

import numpy as np
import pytest

from tapes.scan.equity import EquityLine, EquityTrack
from tapes.scan.index import ScanIndex
from tapes.scan.segments import add_segments


def numbers(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_many_segments_equal_one_after_the_other() -> None:
    index = ScanIndex.build(np.array([10, 14, 9, 12, 30], np.int32))
    times = numbers(1, 2, 3, 4, 5)
    together, single = EquityTrack(0, 0), EquityTrack(0, 0)

    add_segments(
        together,
        index,
        times,
        numbers(0, 2, 2),
        numbers(2, 2, 5),
        numbers(0, 5, 9),
        numbers(1, 2, -3),
    )

    single.add_segment(index, times, 0, 2, EquityLine(base=0, slope=1))
    single.add_segment(index, times, 2, 5, EquityLine(base=9, slope=-3))
    assert together.record.tolist() == single.record.tolist()


def test_no_segments_change_nothing() -> None:
    track = EquityTrack(0, 5)

    add_segments(
        track, ScanIndex.build(np.array([1], np.int32)), numbers(1), *[numbers() for _ in range(4)]
    )

    assert track.last == 5


def test_segments_that_could_leave_64_bits_are_refused() -> None:
    index = ScanIndex.build(np.array([10], np.int32))

    with pytest.raises(OverflowError, match="coarser unit"):
        add_segments(
            EquityTrack(0, 0),
            index,
            numbers(1),
            numbers(0),
            numbers(1),
            numbers(0),
            numbers(-(2**61)),
        )

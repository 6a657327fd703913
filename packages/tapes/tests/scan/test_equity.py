"""Exact drawdowns, against naive definitions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.scan.equity import EquityLine, EquityTrack, Fall, sample_equity
from tapes.scan.index import ScanIndex

points_of = st.lists(st.tuples(st.integers(0, 5), st.integers(-20, 200)), min_size=1, max_size=60)


def naive(curve: list[tuple[int, int]]) -> tuple[int, Fraction, int]:
    """(largest fall, largest fall in proportion, longest time under the peak)."""
    fall, ratio, longest = 0, Fraction(0), 0
    peak, peak_at, under = curve[0][1], curve[0][0], False
    for time_us, equity in curve:
        if equity >= peak:
            if under:
                longest = max(longest, time_us - peak_at)
            peak, peak_at, under = equity, time_us, False
        else:
            under = True
            fall = max(fall, peak - equity)
            if peak > 0:
                ratio = max(ratio, Fraction(peak - equity, peak))
    if under:
        longest = max(longest, curve[-1][0] - peak_at)
    return fall, ratio, longest


@pytest.mark.untraced
@settings(deadline=None, max_examples=200)
@given(points=points_of)
def test_drawdown_is_measured_against_the_peak_in_force(points: list[tuple[int, int]]) -> None:
    times = np.cumsum([wait for wait, _ in points]).tolist()
    curve = [(time_us, equity) for time_us, (_, equity) in zip(times, points, strict=True)]
    track = EquityTrack(*curve[0])

    for time_us, equity in curve[1:]:
        track.add(time_us, equity)

    fall, ratio, longest = naive(curve)
    equities = [equity for _, equity in curve]
    assert track.max_drawdown == track.worst.amount == fall
    assert track.max_drawdown_ratio == ratio
    assert track.longest_under_peak_us == longest
    assert (track.peak, track.low, track.last) == (max(equities), min(equities), equities[-1])
    worst = track.worst
    assert (worst.peak_at, worst.peak) in curve
    assert (worst.trough_at, worst.peak - fall) in curve


def test_the_worst_fall_tells_its_dates() -> None:
    track = EquityTrack(0, 100)
    for time_us, equity in ((1, 80), (2, 100), (3, 90)):
        track.add(time_us, equity)

    assert track.worst == Fall(amount=20, peak=100, peak_at=0, trough_at=1, recovered_at=2)
    track.add(4, 70)
    assert track.worst == Fall(amount=30, peak=100, peak_at=2, trough_at=4, recovered_at=None)


def test_a_curve_without_a_fall_has_none() -> None:
    track = EquityTrack(5, 100)
    track.add(6, 110)

    assert track.worst.amount == 0
    assert track.max_drawdown_ratio == 0
    assert track.longest_under_peak_us == 0


def test_segments_and_points_may_alternate() -> None:
    index = ScanIndex.build(np.array([10, 14, 9, 12], np.int32))
    times = np.array([10, 20, 30, 40], np.int64)
    track = EquityTrack(0, 1000)

    track.add_segment(index, times, 0, 2, EquityLine(base=900, slope=10))
    track.add(25, 1035)
    track.add_segment(index, times, 2, 4, EquityLine(base=1135, slope=-10))
    track.add_segment(index, times, 4, 4, EquityLine(base=0, slope=1))

    assert (track.peak, track.last, track.low) == (1045, 1015, 1000)
    assert track.max_drawdown == 30


def test_a_sample_is_the_equity_of_the_last_row_not_later() -> None:
    index = ScanIndex.build(np.array([10, 14, 9, 12], np.int32))
    times = np.array([10, 20, 20, 40], np.int64)
    samples = np.array([10, 19, 20, 39, 99], np.int64)

    sampled = sample_equity(index, times, 0, 4, EquityLine(base=1, slope=2), samples)

    assert sampled.tolist() == [21, 21, 19, 19, 25]
    with pytest.raises(ValueError, match="expected samples from 10"):
        sample_equity(index, times, 0, 4, EquityLine(base=1, slope=2), samples - 5)


def test_equity_that_could_leave_64_bits_is_refused() -> None:
    index = ScanIndex.build(np.array([10, 14], np.int32))
    times = np.array([1, 2], np.int64)
    line = EquityLine(base=0, slope=2**60)

    with pytest.raises(OverflowError, match="coarser unit"):
        EquityTrack(0, 0).add_segment(index, times, 0, 2, line)
    with pytest.raises(OverflowError, match="coarser unit"):
        sample_equity(index, times, 0, 2, line, times)

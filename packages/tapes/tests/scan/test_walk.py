"""Several markets on one wallet, merged by time, against a naive loop."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.compiled import python_twin
from tapes.scan.equity import EquityTrack
from tapes.scan.track import TRACK_FIELDS, add_point, start_record
from tapes.scan.walk import EquityFeed, equity_walk, merge_rows

feed_of = st.builds(
    lambda rows, before, slope: EquityFeed(
        times=np.cumsum([wait for wait, _ in rows]).astype(np.int64),
        values=np.array([value for _, value in rows], np.int32),
        start=0,
        stop=len(rows),
        before=before,
        slope=slope,
    ),
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 50)), max_size=25),
    st.integers(1, 50),
    st.integers(-4, 4),
)


def naive(
    feeds: list[EquityFeed], cash: int, samples: list[int]
) -> tuple[list[int], list[tuple[int, int]]]:
    current = [feed.before for feed in feeds]
    rows = sorted(
        (int(feed.times[row]), number, row)
        for number, feed in enumerate(feeds)
        for row in range(feed.start, feed.stop)
    )
    equity = cash + sum(feed.slope * feed.before for feed in feeds)
    points: list[tuple[int, int]] = []
    sampled: list[int] = []
    for time_us, number, row in rows:
        while len(sampled) < len(samples) and samples[len(sampled)] < time_us:
            sampled.append(equity)
        current[number] = int(feeds[number].values[row])
        equity = cash + sum(feed.slope * value for feed, value in zip(feeds, current, strict=True))
        points.append((time_us, equity))
    sampled += [equity] * (len(samples) - len(sampled))
    return sampled, points


@pytest.mark.untraced
@settings(deadline=None, max_examples=150)
@given(
    feeds=st.lists(feed_of, min_size=1, max_size=4),
    cash=st.integers(-100, 100),
    samples=st.lists(st.integers(-1, 80), max_size=6).map(sorted),
)
def test_a_walk_equals_the_naive_merge(
    feeds: list[EquityFeed], cash: int, samples: list[int]
) -> None:
    track = EquityTrack(-5, 0)

    sampled = equity_walk(feeds, cash=cash, track=track, sample_times=np.array(samples, np.int64))

    expected_samples, points = naive(feeds, cash, samples)
    expected = EquityTrack(-5, 0)
    for time_us, equity in points:
        expected.add(time_us, equity)
    assert sampled.tolist() == expected_samples
    assert track.record.tolist() == expected.record.tolist()


def test_feeds_longer_than_the_buffers_are_merged_to_the_end() -> None:
    random = np.random.default_rng(5)
    feeds = [
        EquityFeed(
            times=np.cumsum(random.integers(0, wait, rows)).astype(np.int64),
            values=random.integers(1, 9, rows).astype(np.int64),
            start=3,
            stop=rows,
            before=1,
            slope=slope,
        )
        for rows, wait, slope in ((9000, 3, 2), (5000, 7, -1))
    ]
    samples = [0, 10_000, 20_000]
    track = EquityTrack(-1, 0)

    sampled = equity_walk(feeds, cash=7, track=track, sample_times=np.array(samples, np.int64))

    expected_samples, points = naive(feeds, 7, samples)
    assert sampled.tolist() == expected_samples
    assert track.peak == max(equity for _, equity in points)
    assert track.last == points[-1][1]


def test_the_plain_python_merge_decides_alike() -> None:
    columns: dict[str, Any] = {}
    for kernel in (merge_rows, python_twin(merge_rows)):
        record = np.zeros(TRACK_FIELDS, np.int64)
        start_record(record, 0, 0)
        samples = np.zeros(2, np.int64)
        used, filled = np.zeros(2, np.int64), np.array([2, 3], np.int64)
        state = kernel(
            np.array([[1, 5, 0], [1, 2, 9]], np.int64),
            np.array([[10, 11, 0], [20, 21, 22]], np.int64),
            used,
            filled,
            np.array([False, True]),
            np.array([1, -1], np.int64),
            np.array([10, 20], np.int64),
            -10,
            record,
            np.array([1, 7], np.int64),
            samples,
            0,
        )
        columns[str(kernel)] = (state, used.tolist(), samples.tolist(), record.tolist())

    first, second = columns.values()
    assert first == second
    assert first[0] == (-11, 2)
    # The second feed goes on, so the merge stops when its buffer is used up.
    assert first[1] == [2, 3]


def test_equity_that_could_leave_64_bits_is_refused() -> None:
    feed = EquityFeed(
        times=np.array([1], np.int64),
        values=np.array([9], np.int32),
        start=0,
        stop=1,
        before=1,
        slope=2**60,
    )

    with pytest.raises(OverflowError, match="coarser unit"):
        equity_walk([feed], cash=0, track=EquityTrack(0, 0), sample_times=np.empty(0, np.int64))


def test_no_feeds_leave_the_cash() -> None:
    track = EquityTrack(0, 5)

    sampled = equity_walk([], cash=5, track=track, sample_times=np.array([1], np.int64))

    assert sampled.tolist() == [5]
    record = track.record.copy()
    add_point(record, 3, 5)
    assert track.last == 5

"""Compiles every kernel of the scan on tiny columns, so that no run pays for it while it is
timed."""

import numpy as np

from tapes.compiled import Integers, read_only
from tapes.scan.equity import EquityLine, EquityTrack
from tapes.scan.index import ScanIndex
from tapes.scan.layout import BLOCK_ROWS
from tapes.scan.search import first_at_or_after, first_key_at_or_after
from tapes.scan.segments import add_segments
from tapes.scan.walk import EquityFeed, equity_walk


def warm_up() -> None:
    """Compile everything for 32-bit and 64-bit columns; cheap when the code is cached on disk."""
    times = read_only(np.arange(BLOCK_ROWS + 1, dtype=np.int64))
    first_at_or_after(times, 3, 0)
    first_key_at_or_after(times, times, 3, 0, 0)
    for width in (np.int32, np.int64):
        _use_all(read_only(np.ones(BLOCK_ROWS + 1, dtype=width)), times)


def _use_all(values: Integers, times: Integers) -> None:
    rows = len(values)
    index = ScanIndex.build(values)
    index.first_outside(0, rows, 0, 2)
    index.stats(0, rows)
    track = EquityTrack(0, 0)
    track.add_segment(index, times, 0, rows, EquityLine(base=0, slope=1))
    one = np.ones(1, np.int64)
    add_segments(track, index, times, 0 * one, rows * one, 0 * one, one)
    starts = np.array([0, 1], np.int64)
    add_segments(track, index, times, starts, starts + 1, starts, starts)
    feed = EquityFeed(times=times, values=values, start=0, stop=rows, before=1, slope=1)
    equity_walk((feed, feed), cash=0, track=track, sample_times=times[:1])

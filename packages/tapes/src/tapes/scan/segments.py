"""The equity of a whole run in one call: every segment between two events, one after the other.

Knows arrays of segments; refuses to know what ends one.
"""

from tapes.columns import Times
from tapes.scan.bulk import add_ranges
from tapes.scan.equity import EquityTrack, Numbers, check_reach
from tapes.scan.index import ScanIndex


def add_segments(
    track: EquityTrack,
    index: ScanIndex,
    times: Times,
    starts: Numbers,
    stops: Numbers,
    bases: Numbers,
    slopes: Numbers,
) -> None:
    """Feed `track` with base + slope * value of the rows [start, stop) of each segment, in order.

    All four arrays are int64 of one length; an empty segment is passed over. OverflowError when
    equity could leave 64 bits.
    """
    check_reach(index, greatest(bases), greatest(slopes))
    add_ranges(index.values, index.nodes, times, starts, stops, bases, slopes, track.record)


def greatest(numbers: Numbers) -> int:
    """The greatest magnitude, 0 of none."""
    return max(abs(int(numbers.min(initial=0))), abs(int(numbers.max(initial=0))))

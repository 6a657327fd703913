"""Silences: times without a row. They are statistics; only a declared gap is an outage."""

import numpy as np

from tapes.columns import Times

SILENCE_US = 60_000_000
_CHUNK_ROWS = 1 << 20


def silences_between(times: Times, longer_than_us: int) -> list[tuple[int, int]]:
    """(start, end) of every pause between two rows that is longer than the limit, in time order.

    Works in bounded memory, however long the column is.
    """
    found: list[tuple[int, int]] = []
    for first in range(0, max(len(times) - 1, 0), _CHUNK_ROWS):
        part = times[first : first + _CHUNK_ROWS + 1]
        rows = np.flatnonzero(np.diff(part) > longer_than_us)
        found.extend((int(part[row]), int(part[row + 1])) for row in rows)
    return found

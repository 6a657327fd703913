"""Answers questions about a range of rows from the nodes of a scan index.

Knows how to skip whole blocks; refuses to know prices, orders and equity.
"""

import numpy as np

from tapes.compiled import Integers, compiled
from tapes.scan.layout import BLOCK_ROWS, DROP, HIGH, LOW, RISE, SPANS, TOP_LEVEL, level_start


@compiled
def first_outside(
    values: Integers, nodes: Integers, start: int, stop: int, low: int, high: int
) -> int:
    """The first row in [start, stop) with value <= low or value >= high, else stop."""
    row = start
    while row < stop:
        if row % BLOCK_ROWS == 0:
            # A node may reach beyond `stop`: a band that holds for all its rows holds for some.
            end = quiet_end(nodes, row, len(values), low, high)
            if end > row:
                row = end
                continue
        end = min((row // BLOCK_ROWS + 1) * BLOCK_ROWS, stop)
        for offset, value in enumerate(values[row:end]):
            if value <= low or value >= high:
                return row + offset
        row = end
    return stop


@compiled
def quiet_end(nodes: Integers, row: int, rows: int, low: int, high: int) -> int:
    """The end of the widest node that begins at `row` and stays inside the band, else `row`."""
    for level in range(TOP_LEVEL, -1, -1):
        if row % SPANS[level] == 0:
            node = level_start(level, rows) + row // SPANS[level]
            if nodes[node, LOW] > low and nodes[node, HIGH] < high:
                return row + SPANS[level]
    return row


@compiled
def widest_level(row: int, stop: int, rows: int) -> int:
    """The highest level with a node that begins at `row` and ends by `stop`, else -1."""
    for level in range(TOP_LEVEL, -1, -1):
        if row % SPANS[level] == 0 and min(row + SPANS[level], rows) <= stop:
            return level
    return -1


@compiled
def range_stats(
    values: Integers, nodes: Integers, start: int, stop: int
) -> tuple[int, int, int, int]:
    """(smallest, greatest, largest fall, largest rise) of the rows [start, stop); not empty."""
    rows = len(values)
    low = high = np.int64(values[start])
    drop = rise = np.int64(0)
    row = start
    while row < stop:
        level = widest_level(row, stop, rows)
        if level >= 0:
            node = level_start(level, rows) + row // SPANS[level]
            node_low, node_high = nodes[node, LOW], nodes[node, HIGH]
            drop = max(drop, nodes[node, DROP], high - node_low)
            rise = max(rise, nodes[node, RISE], node_high - low)
            low, high = min(low, node_low), max(high, node_high)
            row += SPANS[level]
            continue
        end = min((row // BLOCK_ROWS + 1) * BLOCK_ROWS, stop)
        for stored in values[row:end]:
            value = np.int64(stored)
            low, high = min(low, value), max(high, value)
            drop, rise = max(drop, high - value), max(rise, value - low)
        row = end
    return int(low), int(high), int(drop), int(rise)

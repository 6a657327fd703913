"""Builds the nodes of a scan index in one pass over the column.

Knows how neighbouring runs of rows join; refuses to know what the nodes are asked.
"""

import numpy as np

from tapes.compiled import Integers, compiled
from tapes.scan.layout import (
    BLOCK_ROWS,
    DROP,
    FAN_OUT,
    HIGH,
    LOW,
    RISE,
    TOP_LEVEL,
    level_count,
    level_start,
)

# A block is cut into short runs that do not depend on one another, so that the compiler works on
# all of them in one vector register; their results are then joined in order.
RUNS = 16
RUN_ROWS = BLOCK_ROWS // RUNS


@compiled
def join_rows(values: Integers, node: Integers) -> None:
    """Fill one node from one or more rows, row by row."""
    low = high = np.int64(values[0])
    drop = rise = np.int64(0)
    for row in range(1, len(values)):
        value = np.int64(values[row])
        low, high = min(low, value), max(high, value)
        drop, rise = max(drop, high - value), max(rise, value - low)
    node[LOW], node[HIGH], node[DROP], node[RISE] = low, high, drop, rise


@compiled
def join_nodes(parts: Integers, node: Integers) -> None:
    """Fill one node from the nodes of its parts, in order: a fall may begin in one and end
    later."""
    low, high, drop, rise = parts[0, LOW], parts[0, HIGH], parts[0, DROP], parts[0, RISE]
    for part in range(1, len(parts)):
        part_low, part_high = parts[part, LOW], parts[part, HIGH]
        drop = max(drop, parts[part, DROP], high - part_low)
        rise = max(rise, parts[part, RISE], part_high - low)
        low, high = min(low, part_low), max(high, part_high)
    node[LOW], node[HIGH], node[DROP], node[RISE] = low, high, drop, rise


@compiled
def fill_blocks(values: Integers, nodes: Integers) -> None:
    """Fill the nodes of all whole blocks; the one loop that sees every row."""
    runs = np.empty((4, RUNS), np.int64)
    lows, highs, drops, rises = runs[0], runs[1], runs[2], runs[3]
    for number in range(len(values) // BLOCK_ROWS):
        block = values[number * BLOCK_ROWS : (number + 1) * BLOCK_ROWS]
        for run in range(RUNS):
            low = high = np.int64(block[run * RUN_ROWS])
            drop = rise = np.int64(0)
            for row in range(1, RUN_ROWS):
                value = np.int64(block[run * RUN_ROWS + row])
                low, high = min(low, value), max(high, value)
                drop, rise = max(drop, high - value), max(rise, value - low)
            lows[run], highs[run], drops[run], rises[run] = low, high, drop, rise
        low, high, drop, rise = lows[0], highs[0], drops[0], rises[0]
        for run in range(1, RUNS):
            drop = max(drop, drops[run], high - lows[run])
            rise = max(rise, rises[run], highs[run] - low)
            low, high = min(low, lows[run]), max(high, highs[run])
        nodes[number, LOW], nodes[number, HIGH] = low, high
        nodes[number, DROP], nodes[number, RISE] = drop, rise


@compiled
def fill_level(below: Integers, level: Integers) -> None:
    """Fill the nodes of an upper level from the level below it."""
    for number in range(len(level)):
        join_nodes(below[number * FAN_OUT : (number + 1) * FAN_OUT], level[number])


@compiled
def fill_nodes(values: Integers, nodes: Integers) -> None:
    """Fill `nodes` (int64, node_count(rows) x 4) for `values` (int32 or int64, at least one
    row)."""
    rows = len(values)
    fill_blocks(values, nodes)
    whole = rows // BLOCK_ROWS
    if whole < level_count(0, rows):
        join_rows(values[whole * BLOCK_ROWS :], nodes[whole])
    for level in range(1, TOP_LEVEL + 1):
        below, here = level_start(level - 1, rows), level_start(level, rows)
        fill_level(nodes[below:here], nodes[here : here + level_count(level, rows)])

"""The shape of a scan index: three levels of nodes, one after the other in one array.

Knows sizes and places; refuses to know what the nodes are asked.
"""

from tapes.compiled import compiled

# 128 rows are eight cache lines: a hit costs a short walk, and the nodes are 1/4 byte per row.
BLOCK_ROWS = 128
FAN_OUT = 64
SPANS = (BLOCK_ROWS, BLOCK_ROWS * FAN_OUT, BLOCK_ROWS * FAN_OUT * FAN_OUT)
TOP_LEVEL = 2

# Columns of a node: smallest, greatest, largest fall and largest rise from an earlier to a later
# row.
LOW, HIGH, DROP, RISE = 0, 1, 2, 3
NODE_FIELDS = 4


@compiled
def level_count(level: int, rows: int) -> int:
    """Nodes of a level: each covers SPANS[level] rows, the last one what is left."""
    span = SPANS[level]
    return (rows + span - 1) // span


@compiled
def level_start(level: int, rows: int) -> int:
    """The place of a level's first node."""
    start = 0
    for below in range(level):
        start += level_count(below, rows)
    return start


@compiled
def node_count(rows: int) -> int:
    """Nodes of all levels together."""
    return level_start(TOP_LEVEL + 1, rows)

"""The scan index of one integer column: smallest and greatest value, largest fall and rise of any
range of rows, and the first row outside a band. Refuses to know what the values are."""

from typing import NamedTuple

import numpy as np

from tapes.compiled import Integers, read_only
from tapes.scan.ask import first_outside, range_stats
from tapes.scan.build import fill_nodes
from tapes.scan.layout import DROP, NODE_FIELDS, TOP_LEVEL, level_start, node_count

# Bounds that no value reaches: a band that is open on that side.
NO_LOW = -(2**62)
NO_HIGH = 2**62


class Stats(NamedTuple):
    """Of a range of rows: smallest and greatest value; largest fall (`max_drop`) and largest rise
    from an earlier to a later row, both zero or more."""

    low: int
    high: int
    max_drop: int
    max_rise: int


class ScanIndex:
    """Values with their index. `values` and `nodes` may be passed to the kernels of tapes.scan by
    other compiled code; all calls are exact, and row ranges are half-open."""

    __slots__ = ("magnitude", "nodes", "values")

    def __init__(self, values: Integers, nodes: Integers) -> None:
        self.values = values
        self.nodes = nodes
        # No value is farther from zero than this; it bounds what arithmetic on values can reach.
        self.magnitude = int(
            np.abs(nodes[level_start(TOP_LEVEL, len(values)) :, :DROP]).max(initial=0)
        )

    @classmethod
    def build(cls, values: Integers) -> "ScanIndex":
        """Index a one-dimensional int32 or int64 column in one pass; |values| < 2**62."""
        column = read_only(values)
        if column.ndim != 1 or column.dtype not in (np.int32, np.int64):
            raise TypeError(f"expected one row of int32 or int64, found {column.dtype}")
        nodes = np.zeros((node_count(len(column)), NODE_FIELDS), np.int64)
        if len(column):
            fill_nodes(column, nodes)
        return cls(column, read_only(nodes))

    def __len__(self) -> int:
        return len(self.values)

    def first_outside(self, start: int, stop: int, low: int, high: int) -> int:
        """The first row in [start, stop) with value <= low or value >= high, else stop."""
        return first_outside(self.values, self.nodes, start, stop, low, high)

    def stats(self, start: int, stop: int) -> Stats:
        """Exact statistics of the rows [start, stop); ValueError when there are none."""
        if not 0 <= start < stop <= len(self.values):
            raise ValueError(f"expected rows within 0..{len(self.values)}, found {start}..{stop}")
        return Stats(*range_stats(self.values, self.nodes, start, stop))

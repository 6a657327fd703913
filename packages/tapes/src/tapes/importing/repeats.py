"""Finds rows that were recorded twice, within one file and in overlapping files.

Knows when two equal rows are one trade; refuses to know where the rows came from.
"""

import numpy as np
import numpy.typing as npt

from tapes.columns import Times
from tapes.compiled import Integers, compiled

# What a row is. ONCE and REPEATED rows are kept.
ONCE, DUPLICATE, OVERLAP, REPEATED = 0, 1, 2, 3

_MIX = np.uint64(11_400_714_819_323_198_485)


def mark_repeats(
    time: Times,
    price: Integers,
    size: Integers,
    side: Integers,
    trade_id: Integers,
    file: Integers,
) -> npt.NDArray[np.int8]:
    """A mark for each row; rows are in time order, rows of equal time in the order of files.

    With a trade id, an equal row is the same trade: DUPLICATE within a file, OVERLAP in another.
    Without one, equal rows of a file may be different trades (an order that fills several others of
    the same size): they are REPEATED and kept; of rows that several files have, those of the file
    with the most are kept and the others are OVERLAP.
    """
    marks = np.zeros(len(time), np.int8)
    mark_groups(time, price, size, side, trade_id, file, marks)
    return marks


@compiled
def mark_groups(
    time: Integers,
    price: Integers,
    size: Integers,
    side: Integers,
    trade_id: Integers,
    file: Integers,
    marks: Integers,
) -> None:
    """Handle each run of rows of equal time."""
    first = 0
    while first < len(time):
        last = first + 1
        while last < len(time) and time[last] == time[first]:
            last += 1
        if last - first > 1:
            keys = np.empty(last - first, np.uint64)
            for offset in range(last - first):
                row = first + offset
                key = trade_id[row] * _MIX
                key = (key ^ np.uint64(price[row])) * _MIX
                key = (key ^ np.uint64(size[row])) * _MIX
                keys[offset] = (key ^ np.uint64(side[row] + 1)) * _MIX
            order = np.argsort(keys, kind="mergesort")
            begin = 0
            while begin < len(order):
                end = begin + 1
                while end < len(order) and keys[order[end]] == keys[order[begin]]:
                    end += 1
                if end - begin > 1:
                    mark_equal_rows(np.sort(order[begin:end]) + first, trade_id, file, marks)
                begin = end
        first = last


@compiled
def mark_equal_rows(rows: Integers, trade_id: Integers, file: Integers, marks: Integers) -> None:
    """Mark rows that are equal in everything, in the order of files."""
    if trade_id[rows[0]] != 0:
        for row in rows[1:]:
            marks[row] = DUPLICATE if file[row] == file[rows[0]] else OVERLAP
        return
    best_file, best_count, begin = file[rows[0]], 0, 0
    while begin < len(rows):
        end = begin
        while end < len(rows) and file[rows[end]] == file[rows[begin]]:
            end += 1
        if end - begin > best_count:
            best_file, best_count = file[rows[begin]], end - begin
        begin = end
    kept = 0
    for row in rows:
        if file[row] != best_file:
            marks[row] = OVERLAP
        else:
            marks[row] = ONCE if kept == 0 else REPEATED
            kept += 1

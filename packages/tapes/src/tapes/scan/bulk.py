"""Advances an equity record over many rows at once, where equity is linear in one column.

Knows how to skip nodes that hold no new peak; the record comes out as if row by row.
"""

from tapes.compiled import Integers, compiled
from tapes.scan.ask import first_outside, widest_level
from tapes.scan.index import NO_HIGH, NO_LOW
from tapes.scan.layout import BLOCK_ROWS, HIGH, SPANS, level_start
from tapes.scan.layout import LOW as NODE_LOW
from tapes.scan.track import LAST, LAST_TIME, LOW, PEAK, TROUGH, TROUGH_TIME, add_point


@compiled
def add_ranges(
    values: Integers,
    nodes: Integers,
    times: Integers,
    starts: Integers,
    stops: Integers,
    bases: Integers,
    slopes: Integers,
    record: Integers,
) -> None:
    """Advance the record over one range of rows after another; empty ranges are passed over."""
    for number in range(len(starts)):
        if starts[number] < stops[number]:
            add_rows(
                values,
                nodes,
                times,
                starts[number],
                stops[number],
                bases[number],
                slopes[number],
                record,
            )


@compiled
def add_rows(
    values: Integers,
    nodes: Integers,
    times: Integers,
    start: int,
    stop: int,
    base: int,
    slope: int,
    record: Integers,
) -> None:
    """Advance the record by base + slope * value of the rows [start, stop); not empty."""
    if slope == 0:
        add_point(record, times[start], base)
        add_point(record, times[stop - 1], base)
        return
    rows = len(values)
    best, worst = (HIGH, NODE_LOW) if slope > 0 else (NODE_LOW, HIGH)
    # The rows in which the trough lies whose time is not known yet.
    trough_start, trough_stop = 0, 0
    row = start
    while row < stop:
        skipped = 0
        for level in range(widest_level(row, stop, rows), -1, -1):
            node = level_start(level, rows) + row // SPANS[level]
            if base + slope * nodes[node, best] < record[PEAK]:
                lowest = base + slope * nodes[node, worst]
                skipped = SPANS[level]
                if lowest < record[TROUGH]:
                    record[TROUGH] = lowest
                    record[LOW] = min(record[LOW], lowest)
                    trough_start, trough_stop = row, min(row + skipped, rows)
                break
        if skipped > 0:
            row += skipped
            continue
        date_trough(values, nodes, times, trough_start, trough_stop, base, slope, record)
        trough_stop = trough_start
        end = min((row // BLOCK_ROWS + 1) * BLOCK_ROWS, stop)
        for offset, value in enumerate(values[row:end]):
            equity = base + slope * value
            if equity >= record[PEAK] or equity < record[TROUGH]:
                add_point(record, times[row + offset], equity)
        row = end
    date_trough(values, nodes, times, trough_start, trough_stop, base, slope, record)
    record[LAST], record[LAST_TIME] = base + slope * values[stop - 1], times[stop - 1]


@compiled
def date_trough(
    values: Integers,
    nodes: Integers,
    times: Integers,
    start: int,
    stop: int,
    base: int,
    slope: int,
    record: Integers,
) -> None:
    """Set the trough's time to that of the first row in [start, stop) that reaches it, if any."""
    if start >= stop:
        return
    value = (record[TROUGH] - base) // slope
    low, high = (value, NO_HIGH) if slope > 0 else (NO_LOW, value)
    record[TROUGH_TIME] = times[first_outside(values, nodes, start, stop, low, high)]

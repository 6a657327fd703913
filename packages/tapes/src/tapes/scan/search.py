"""Finds rows by time; knows sorted columns, refuses to know what happened at them."""

from tapes.columns import Times
from tapes.compiled import compiled


@compiled
def first_at_or_after(times: Times, time_us: int, start: int) -> int:
    """The first row >= start with times[row] >= time_us, else len(times).

    Gallops from `start`, so a near answer costs little however long the column is.
    """
    rows = len(times)
    if start >= rows or times[start] >= time_us:
        return min(start, rows)
    below, step = start, 1
    while below + step < rows and times[below + step] < time_us:
        below += step
        step *= 2
    above = min(below + step, rows)
    while below + 1 < above:
        middle = (below + above) // 2
        if times[middle] < time_us:
            below = middle
        else:
            above = middle
    return above


@compiled
def first_key_at_or_after(times: Times, seqs: Times, time_us: int, seq: int, start: int) -> int:
    """The first row >= start with (times[row], seqs[row]) >= (time_us, seq), else len(times)."""
    first = first_at_or_after(times, time_us, start)
    last = first_at_or_after(times, time_us + 1, first)
    while first < last:
        middle = (first + last) // 2
        if seqs[middle] < seq:
            first = middle + 1
        else:
            last = middle
    return first

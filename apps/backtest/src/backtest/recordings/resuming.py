"""Where a tape and the recording it was made of begin to differ, so that only the rest is read.

Rows come to a recording late (a gap was filled) and leave it from the front (they were pruned);
none is changed. So counts tell, and the index of the database answers them without reading rows.
"""

from collections.abc import Callable

import numpy as np

from tapes.columns import Times

Count = Callable[[int, int], int]
"""Rows recorded from an instant on, until another that is excluded."""


class RowsMissing(ValueError):
    """The tape has rows that the recording does not have; `tape` and `recorded` count them."""

    def __init__(self, tape: int, recorded: int) -> None:
        super().__init__(f"expected {tape} rows or more in the recording, found {recorded}")
        self.tape = tape
        self.recorded = recorded


def first_difference(times: Times, since_us: int, until_us: int, count: Count) -> int | None:
    """The time of the first row in [since, until) that the recording has and the tape has not.

    None when both have the same. `times` are the tape's, ascending. RowsMissing when the tape has
    more than the recording. Counts every row about twice, whatever the length.
    """
    if check_has_all(times, since_us, until_us, count):
        return None
    low_us, high_us = since_us, until_us
    while high_us - low_us > 1:
        middle_us = (low_us + high_us) // 2
        if rows_between(times, low_us, middle_us) == count(low_us, middle_us):
            low_us = middle_us
        else:
            high_us = middle_us
    return low_us


def check_has_all(times: Times, since_us: int, until_us: int, count: Count) -> bool:
    """Whether tape and recording have the same rows in [since, until).

    RowsMissing when the tape has more.
    """
    on_tape, recorded = rows_between(times, since_us, until_us), count(since_us, until_us)
    if on_tape > recorded:
        raise RowsMissing(on_tape, recorded)
    return on_tape == recorded


def rows_between(times: Times, since_us: int, until_us: int) -> int:
    """How many of ascending times lie in [since, until)."""
    if until_us <= since_us:
        return 0
    first, last = np.searchsorted(times, np.array([since_us, until_us]))
    return int(last - first)

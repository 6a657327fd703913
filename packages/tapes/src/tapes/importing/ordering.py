"""Brings a file's rows into time order: turns newest-first files round, sorts the few stragglers.

Knows times only; refuses to drop anything.
"""

import numpy as np
import numpy.typing as npt

from tapes.columns import Times
from tapes.importing.counters import Example, Fault, ImportCounters


def time_order(times: Times, file: str, counters: ImportCounters) -> npt.NDArray[np.int64] | slice:
    """The order that puts the rows of one file into time order, rows of equal time as recorded.

    A file where more steps go back than forward is newest first; a row earlier than one before it
    (after turning) is counted as TIME_DECREASED.
    """
    steps = np.diff(times)
    back, forth = int(np.count_nonzero(steps < 0)), int(np.count_nonzero(steps > 0))
    if back == 0:
        return slice(None)
    order = np.arange(len(times), dtype=np.int64)
    if back > forth:
        counters.files_newest_first += 1
        order = order[::-1]
    turned = times[order]
    late = turned < np.maximum.accumulate(turned)
    count = int(np.count_nonzero(late))
    if count == 0:
        return order
    first = int(np.argmax(late))
    example = Example(
        file=file,
        line=int(order[first]) + 2,
        text=f"time {int(turned[first])} us, of the readable rows",
    )
    counters.add(Fault.TIME_DECREASED, count, [example])
    return order[np.argsort(turned, kind="stable")]

"""Equity's running record as a row of integers: peak in force, lowest point, worst falls, times.

Knows how one more point changes it; refuses to know where the points come from.
"""

from tapes.compiled import Integers, compiled

# The peak in force is the greatest equity so far; its trough is the lowest equity since then.
PEAK, PEAK_TIME, TROUGH, TROUGH_TIME = 0, 1, 2, 3
LOW, LAST, LAST_TIME, LONGEST_US = 4, 5, 6, 7
# The largest fall in units of equity.
WORST_PEAK, WORST_PEAK_TIME, WORST_TROUGH, WORST_TROUGH_TIME, WORST_RECOVERED = 8, 9, 10, 11, 12
# The largest fall in proportion to its peak.
DEEP_PEAK, DEEP_TROUGH = 13, 14
TRACK_FIELDS = 15

NOT_RECOVERED = -1


@compiled
def ratio_greater(above: int, below: int, other_above: int, other_below: int) -> bool:
    """above/below > other_above/other_below for integers >= 0 (denominators > 0), exactly.

    Compares the two continued fractions term by term, so that no product can leave 64 bits.
    """
    while True:
        whole, other_whole = above // below, other_above // other_below
        if whole != other_whole:
            return bool(whole > other_whole)
        above -= whole * below
        other_above -= other_whole * other_below
        if above == 0:
            return False
        if other_above == 0:
            return True
        above, below, other_above, other_below = other_below, other_above, below, above


@compiled
def note_fall(record: Integers, recovered_us: int) -> None:
    """Take the fall that ends at `recovered_us` (or NOT_RECOVERED) into the worst falls."""
    peak, trough = record[PEAK], record[TROUGH]
    if trough >= peak:
        return
    if peak - trough > record[WORST_PEAK] - record[WORST_TROUGH]:
        record[WORST_PEAK], record[WORST_PEAK_TIME] = peak, record[PEAK_TIME]
        record[WORST_TROUGH], record[WORST_TROUGH_TIME] = trough, record[TROUGH_TIME]
        record[WORST_RECOVERED] = recovered_us
    deep_peak, deep_trough = record[DEEP_PEAK], record[DEEP_TROUGH]
    if peak > 0 and (
        deep_peak == deep_trough
        or ratio_greater(peak - trough, peak, deep_peak - deep_trough, deep_peak)
    ):
        record[DEEP_PEAK], record[DEEP_TROUGH] = peak, trough


@compiled
def add_point(record: Integers, time_us: int, equity: int) -> None:
    """Advance the record by one point of equity."""
    if equity >= record[PEAK]:
        if record[TROUGH] < record[PEAK]:
            note_fall(record, time_us)
            record[LONGEST_US] = max(record[LONGEST_US], time_us - record[PEAK_TIME])
        record[PEAK], record[PEAK_TIME] = equity, time_us
        record[TROUGH], record[TROUGH_TIME] = equity, time_us
    elif equity < record[TROUGH]:
        record[TROUGH], record[TROUGH_TIME] = equity, time_us
        record[LOW] = min(record[LOW], equity)
    record[LAST], record[LAST_TIME] = equity, time_us


@compiled
def start_record(record: Integers, time_us: int, equity: int) -> None:
    """Fill a fresh record from its first point."""
    record[:] = equity
    record[PEAK_TIME] = record[TROUGH_TIME] = record[LAST_TIME] = time_us
    record[WORST_PEAK_TIME] = record[WORST_TROUGH_TIME] = time_us
    record[WORST_RECOVERED] = NOT_RECOVERED
    record[LONGEST_US] = 0

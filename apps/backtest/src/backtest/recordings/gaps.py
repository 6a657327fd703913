"""The gap ledger as the gaps of a tape: what the ledger says, and what an older tape said.

Knows instants and reasons; refuses to know the database.
"""

from collections.abc import Iterable, Mapping

from grid_db.records import Gap as LedgerGap
from grid_db.types import microseconds
from grid_db.words import GapState, Stream
from tapes.manifest import Gap

_MISSING = (GapState.OPEN, GapState.UNRECOVERABLE)


def ledger_gaps(
    ledger: Iterable[LedgerGap], symbol: str, known_from_us: Mapping[Stream, int]
) -> list[Gap]:
    """What is still missing of a symbol's streams, in no order.

    Filled gaps are not missing. `known_from_us`: the ledger is asked from there on; what it says
    of an earlier time (that rows were pruned) is no matter of a tape that has those rows.
    """
    found = []
    for gap in ledger:
        if gap.state not in _MISSING or gap.symbol not in (None, symbol):
            continue
        from_us, to_us = microseconds(gap.from_ts), microseconds(gap.to_ts)
        # The ledger may know of a single instant; a gap on a tape has a length.
        start_us, end_us = max(from_us, known_from_us[gap.stream]), max(to_us, from_us + 1)
        if start_us < end_us:
            reason = f"{gap.stream.value}: {gap.reason} ({gap.state.value})"
            found.append(Gap(start_us=start_us, end_us=end_us, reason=reason))
    return found


def earlier_gaps(gaps: Iterable[Gap], until_us: int) -> list[Gap]:
    """What an older tape said of the time before `until_us`."""
    return [
        Gap(start_us=gap.start_us, end_us=min(gap.end_us, until_us), reason=gap.reason)
        for gap in gaps
        if gap.start_us < until_us
    ]


def merged_gaps(gaps: Iterable[Gap], first_us: int, last_us: int) -> list[Gap]:
    """Gaps within a tape's first and last row, in time order; overlapping ones become one."""
    merged: list[Gap] = []
    for gap in sorted(gaps, key=lambda one: (one.start_us, one.end_us, one.reason)):
        start_us, end_us = max(gap.start_us, first_us), min(gap.end_us, last_us)
        if start_us >= end_us:
            continue
        if merged and start_us < merged[-1].end_us:
            before = merged.pop()
            start_us, end_us = before.start_us, max(before.end_us, end_us)
            merged.append(
                Gap(start_us=start_us, end_us=end_us, reason=_both(before.reason, gap.reason))
            )
        else:
            merged.append(Gap(start_us=start_us, end_us=end_us, reason=gap.reason))
    return merged


def _both(first: str, second: str) -> str:
    return "; ".join(dict.fromkeys([*first.split("; "), *second.split("; ")]))

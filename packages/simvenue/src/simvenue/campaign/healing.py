"""How long an injected damage may last: a span without any fault, counted from the damage on."""

from collections.abc import Sequence

from gridcore.clock import SECOND_US, Instant
from simvenue.campaign.words import Fault

AFTERMATH_US = 15 * SECOND_US
"""A fault's window is over, yet what it delayed, or the wait for a lost reply, lasts on."""

DOWNTIME_US = 45 * SECOND_US
"""A fault without a window: a crash and the restart after it."""


def healed_by(faults: Sequence[Fault], since: Instant, span_us: int) -> Instant:
    """The end of the first span of `span_us` after `since` in which no fault acts."""
    begin = since
    for fault in sorted(faults, key=_begin):
        end = fault.until + AFTERMATH_US if fault.until > fault.at else fault.at + DOWNTIME_US
        if fault.at < begin + span_us and end > begin:
            begin = Instant(end)
    return Instant(begin + span_us)


def _begin(fault: Fault) -> Instant:
    return fault.at

"""When funding is due: at whole multiples of the interval since the epoch (S-1 [REC], 18.5)."""

from gridcore.clock import Instant


def boundary_after(at: Instant, interval_us: int) -> Instant:
    """The first funding boundary strictly after `at`: a leg opened at one does not pay it."""
    return Instant((at // interval_us + 1) * interval_us)

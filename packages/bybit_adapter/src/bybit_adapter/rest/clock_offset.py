"""How far the exchange's clock is from ours, measured by asking for its time.

It knows three instants of a question; it refuses to ask and to wait.
"""

from collections.abc import Sequence

from gridcore.clock import Instant
from gridcore.message import message


@message
class ClockSample:
    """One question for the time: when it left and came back by our clock, and what it said."""

    sent_at: Instant
    answered_at: Instant
    exchange_at: Instant

    @property
    def round_trip_us(self) -> int:
        """How long the answer took."""
        return self.answered_at - self.sent_at


@message
class ClockOffset:
    """Exchange time minus our time, in microseconds, true to `uncertainty_us` either way."""

    offset_us: int
    uncertainty_us: int
    measured_at: Instant

    def exchange_time(self, ours: Instant) -> Instant:
        """The exchange's time at one of our instants."""
        return Instant(ours + self.offset_us)


def measured(samples: Sequence[ClockSample]) -> ClockOffset:
    """The offset by the quickest of the samples, whose answer lies half a round trip back."""
    assert samples, "an offset needs a sample"
    best = min(samples, key=lambda sample: max(0, sample.round_trip_us))
    trip = max(0, best.round_trip_us)
    return ClockOffset(
        offset_us=best.exchange_at - (best.sent_at + trip // 2),
        uncertainty_us=(trip + 1) // 2,
        measured_at=best.answered_at,
    )

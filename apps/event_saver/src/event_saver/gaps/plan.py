"""What to ask for a gap: where its window begins, in which slices, and how far back an answer goes.

It knows stretches of time in whole microseconds since the epoch: no time zone has a say (A44).
"""

from collections import deque

from bybit_adapter.windows import MILLISECOND_US, SPAN_US_MAX, windows
from gridcore.clock import SECOND_US, Instant
from gridcore.message import message

WIDER_US = 10 * SECOND_US
"""Windows are this much wider on both sides: what the exchange had still to push when the line
broke may be seconds older than what came last, and clocks and listings lag a little."""
_SPAN_US = SPAN_US_MAX // MILLISECOND_US * MILLISECOND_US


@message
class Stretch:
    """From `start` to `end`, both included."""

    start: Instant
    end: Instant


def stretch_of(start: Instant, end: Instant, last_before: Instant | None) -> Stretch:
    """What to ask for a gap from `start` to `end`.

    `last_before`: the newest stored row that is not newer than the gap's start. A window begins no
    later than either, since rows may be missing before the outage was noticed, and no later than
    the gap because rows that came after it say nothing about it (L73).
    """
    begin = start if last_before is None else min(start, last_before)
    return Stretch(start=Instant(begin - WIDER_US), end=Instant(end + WIDER_US))


class Slices:
    """A stretch in slices that the exchange takes (7 days, A43), oldest first.

    A slice with more rows than one listing gives is halved until it has fewer (A42).
    """

    __slots__ = ("_left",)

    def __init__(self, stretch: Stretch) -> None:
        found = windows(stretch.start, stretch.end, _SPAN_US)
        self._left = deque(
            Stretch(
                start=Instant(window.start_ms * MILLISECOND_US),
                end=Instant(window.end_ms * MILLISECOND_US),
            )
            for window in reversed(found)
        )

    def next(self) -> Stretch | None:
        """The slice to ask for now; None when all were answered."""
        return self._left[0] if self._left else None

    def answered(self) -> None:
        """The slice was read to its end."""
        self._left.popleft()

    def halve(self) -> bool:
        """The slice holds too many rows for one listing; False when it is one millisecond long."""
        slice_ = self._left[0]
        span_ms = (slice_.end - slice_.start) // MILLISECOND_US
        if span_ms == 0:
            return False
        middle = Instant(slice_.start + span_ms // 2 * MILLISECOND_US)
        self._left[0] = Stretch(start=Instant(middle + MILLISECOND_US), end=slice_.end)
        self._left.appendleft(Stretch(start=slice_.start, end=middle))
        return True


@message
class Reach:
    """How much of a stretch the latest trades cover; `lost`: what lies before them, if anything."""

    lost: Stretch | None
    covered: Stretch | None


def reach_of(gap: Stretch, oldest: Instant | None, *, everything: bool) -> Reach:
    """What the latest public trades say about a gap, the oldest of them being of `oldest` (L74).

    `everything`: the exchange gave fewer than it can, so there are no older ones. The listing may
    begin in the middle of its oldest instant, which is therefore not covered.
    """
    if everything or (oldest is not None and oldest < gap.start):
        return Reach(lost=None, covered=gap)
    if oldest is None or oldest >= gap.end:
        return Reach(lost=gap, covered=None)
    return Reach(
        lost=Stretch(start=gap.start, end=oldest),
        covered=Stretch(start=Instant(oldest + 1), end=gap.end),
    )

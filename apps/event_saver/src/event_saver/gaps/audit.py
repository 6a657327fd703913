"""The periodic audit: what the exchange lists against what is stored.

It knows times and ids; it refuses to ask anybody.
"""

from collections.abc import Collection, Mapping

from event_saver.gaps.plan import Stretch
from gridcore.clock import MINUTE_US, SECOND_US, Instant
from gridcore.message import message


@message
class AuditLimits:
    """Every `interval_us`, over everything since the last audit and `overlap_us` before it, up to
    `settle_us` ago: what is younger may still be on its way."""

    interval_us: int = 10 * MINUTE_US
    overlap_us: int = MINUTE_US
    settle_us: int = 10 * SECOND_US


class Audit:
    """When an account is audited, and over which window; time is an argument.

    What is missing at a first look may be on its way: only what is missing at a second look at the
    same window is gone.
    """

    __slots__ = ("_again", "_due_at", "_limits", "_through", "passed")

    def __init__(self, since: Instant, limits: AuditLimits) -> None:
        self.passed = 0
        """Audits that found nothing missing, or whose gaps were opened."""
        self._limits = limits
        self._through = since
        self._due_at = Instant(since + limits.interval_us)
        self._again: Stretch | None = None

    @property
    def is_second_look(self) -> bool:
        """Whether the window that is due was found wanting before."""
        return self._again is not None

    def next_deadline(self) -> Instant:
        """When the next audit is due."""
        return self._due_at

    def due(self, now: Instant) -> Stretch | None:
        """The window to compare now; None before its time."""
        if now < self._due_at:
            return None
        if self._again is not None:
            return self._again
        end = Instant(now - self._limits.settle_us)
        start = Instant(self._through - self._limits.overlap_us)
        return Stretch(start=start, end=max(start, end))

    def done(self, window: Stretch, now: Instant) -> None:
        """The window was compared to its end."""
        self.passed += 1
        self._again = None
        self._through = max(self._through, window.end)
        self._due_at = Instant(now + self._limits.interval_us)

    def wanting(self, window: Stretch, now: Instant) -> None:
        """Something of the window is missing: look at it again, a little later."""
        self._again = window
        self.failed(now)

    def failed(self, now: Instant) -> None:
        """The window could not be compared: it is part of the next, which comes sooner."""
        self._due_at = Instant(now + min(self._limits.interval_us, MINUTE_US))


def missing(listed: Mapping[str, Instant], stored: Collection[str]) -> Stretch | None:
    """The stretch of those listed ids (with their times) that are not stored; None: all are."""
    times = [at for identity, at in listed.items() if identity not in stored]
    return Stretch(start=min(times), end=max(times)) if times else None

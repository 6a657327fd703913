"""How fast market time passes: the speeds there are, and market time at a time of the wall clock.

It computes; it refuses to wait and to read a clock.
"""

import re
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from gridcore.clock import SECOND_US, Instant

_SPEEDS = 'expected "1x", "60x" or another number with x, "max" or "lockstep", found {!r}'
_FASTEST = 100_000
_RATE = re.compile(r"\d{1,6}(\.\d{1,6})?x", re.ASCII)


class Pacing(Enum):
    """How the next step is released: at its time, at once, or when everybody has settled."""

    TIMED = "timed"
    MAX = "max"
    LOCKSTEP = "lockstep"


@dataclass(frozen=True, slots=True)
class Speed:
    """A speed as the command line names it; `rate` is market time per wall time when timed."""

    text: str
    pacing: Pacing
    rate: Fraction = Fraction(1)


def parse_speed(text: str) -> Speed:
    """Read "60x", "0.5x", "max" or "lockstep"; ValueError says what was expected."""
    if text in (Pacing.MAX.value, Pacing.LOCKSTEP.value):
        return Speed(text, Pacing(text))
    rate = Fraction(text.removesuffix("x")) if _RATE.fullmatch(text) else Fraction(0)
    if not 0 < rate <= _FASTEST:
        raise ValueError(_SPEEDS.format(text))
    return Speed(text, Pacing.TIMED, rate)


class Pace:
    """Market time as a line through one point: an instant and the wall clock then, in seconds."""

    def __init__(self, rate: Fraction, market: Instant, wall_s: float) -> None:
        self._rate = float(rate)
        self._market = market
        self._wall_s = wall_s

    def market_at(self, wall_s: float) -> Instant:
        """Market time at a time of the wall clock."""
        return Instant(self._market + int((wall_s - self._wall_s) * self._rate * SECOND_US))

    def wall_until(self, market: Instant, wall_s: float) -> float:
        """Seconds of the wall clock from `wall_s` until a market time; 0 when it has passed."""
        due_s = self._wall_s + (market - self._market) / self._rate / SECOND_US
        return max(0.0, due_s - wall_s)

"""Whether the daemon lives, by the signs that it gives; pure, on a clock that is told.

It refuses to know what is done about a daemon that does not.
"""

from enum import Enum

from gridbot.guard.heartbeat import Heartbeat

AWAY_S = 5.0
"""A guard that was itself away for longer has heard nothing, and judges nothing by it."""


class Life(Enum):
    """What is known of the daemon."""

    NONE = "no daemon runs"
    LIVES = "the daemon lives"
    GONE = "the daemon is gone"


class Watch:
    """Judges silence: `silent_s` without a sign, and the daemon is gone.

    Times are seconds of a clock that stands still while the machine sleeps.
    """

    def __init__(self, silent_s: float, now_s: float) -> None:
        self._silent_s = silent_s
        self._beat: Heartbeat | None = None
        self._heard_s = now_s
        self._looked_s = now_s

    @property
    def heard_s(self) -> float:
        """When the last sign of life came, or when it began to be waited for."""
        return self._heard_s

    def is_new(self, beat: Heartbeat | None) -> bool:
        """Whether the file says something else than before: enough of a sign."""
        return beat != self._beat

    def look(self, beat: Heartbeat | None, now_s: float, *, answers: bool) -> Life:
        """Take note of the file's last sign, and of whether the pages answer."""
        away, self._looked_s = now_s - self._looked_s > AWAY_S, now_s
        changed, self._beat = self.is_new(beat), beat
        if beat is None or beat.ended:
            self._heard_s = now_s
            return Life.NONE
        if changed or answers or away:
            self._heard_s = now_s
        return Life.GONE if now_s - self._heard_s > self._silent_s else Life.LIVES

    def busy(self, now_s: float) -> None:
        """The guard itself was at work since it looked: that is no absence."""
        self._looked_s = now_s

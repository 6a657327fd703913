"""Whether the exchange still accepts our key: refusals in a row, the cooldown, the one probe.

It knows counts and times; it refuses to know codes, and what the probe asks (spec/live.md 4.20).
"""

from gridcore.clock import MINUTE_US, Instant
from gridcore.saved import Saved

REFUSALS = 5
COOLDOWN_US = 30 * MINUTE_US
PROBE_ANSWER_US = MINUTE_US
"""A probe that nobody answers by then says nothing about the key: it is asked again."""


class AuthenticationWatch:
    """Five refusals of our key in a row start a cooldown of 30 min; then one probe decides (A23).

    While `cooling`, nothing but the probe is asked. What was in flight when the cooldown began is
    not counted, neither for the key nor against it.
    """

    __slots__ = ("_cooldowns", "_next", "_probing", "_refusals")

    def __init__(self) -> None:
        self._refusals = 0
        self._cooldowns = 0
        self._probing = False
        self._next: Instant | None = None

    @property
    def cooling(self) -> bool:
        """Whether a cooldown stands; it does until a probe succeeds."""
        return self._next is not None

    @property
    def cooldowns(self) -> int:
        """How many cooldowns there were without a success, the standing one included."""
        return self._cooldowns

    def refused(self, now: Instant) -> bool:
        """Our key was refused; whether a cooldown, the first or another, begins now."""
        if self.cooling:
            return self.failed_for_good(now)
        self._refusals += 1
        if self._refusals < REFUSALS:
            return False
        return self.failed_for_good(now)

    def failed_for_good(self, now: Instant) -> bool:
        """The private stream was refused: no counting (A38); whether a cooldown begins now.

        A stream that is refused at every reconnection does not put the probe off for ever.
        """
        if self.cooling and not self._probing:
            return False
        self._probing = False
        self._cooldowns += 1
        self._next = Instant(now + COOLDOWN_US)
        return True

    def succeeded(self) -> bool:
        """A request that needs the key was answered; whether that ends a cooldown.

        Only the probe's success ends one.
        """
        self._refusals = 0
        if not self._probing:
            return False
        self._probing = False
        self._cooldowns = 0
        self._next = None
        return True

    def refused_otherwise(self) -> None:
        """A request was refused for another reason: the row is broken, a cooldown stays."""
        self._refusals = 0

    def next_deadline(self) -> Instant | None:
        """When the probe is due."""
        return self._next

    def probe_due(self, now: Instant) -> bool:
        """Whether to send the probe now; told once per cooldown and per unanswered probe."""
        if self._next is None or now < self._next:
            return False
        self._probing = True
        self._next = Instant(now + PROBE_ANSWER_US)
        return True

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "refusals": self._refusals,
            "cooldowns": self._cooldowns,
            "probing": self._probing,
            "next": self._next,
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._refusals = saved.whole("refusals")
        self._cooldowns = saved.whole("cooldowns")
        self._probing = saved.flag("probing")
        following = saved.whole_or_none("next")
        self._next = None if following is None else Instant(following)

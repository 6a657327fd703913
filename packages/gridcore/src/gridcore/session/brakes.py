"""What slows one strategy's placements down until a deadline: breaker, retries, rate, doubts.

It knows refusals and times; it refuses to know what the engine wants.
"""

from gridcore.clock import SECOND_US, Instant
from gridcore.config import SafetyConfig
from gridcore.saved import Saved
from gridcore.session.breakers import Breaker, Key
from gridcore.session.denials import Denials
from gridcore.session.placement_rate import PlacementRate
from gridcore.session.retries import RetryBook


class Brakes:
    """Breaker, retry book and window of placements, and the legs that are in doubt."""

    __slots__ = ("breaker", "rate", "rate_denied", "retries", "unsure", "waiting")

    def __init__(self, safety: SafetyConfig, placements: int) -> None:
        self.breaker = Breaker()
        self.rate = PlacementRate(placements)
        self.retries = RetryBook(
            tuple(delay_s * SECOND_US for delay_s in safety.retry_delays_s),
            safety.retry_window_s * SECOND_US,
        )
        self.waiting = False
        """Whether any placement is to be sent again."""
        self.rate_denied = False
        """Whether a placement waits for room in the window."""
        self.unsure: list[Instant | None] = [None, None]
        """Per direction: since when the exchange says that there is less to close (A20)."""

    def refused(self, key: Key, wire_id: str, now: Instant) -> Instant | None:
        """A retryable refusal: when the placement may be sent again, or None."""
        due = self.retries.refused(key, wire_id, now)
        self.waiting = len(self.retries) > 0
        return due

    def not_landed(self, key: Key, wire_id: str, now: Instant) -> bool:
        """A placement that did not arrive: whether it may be sent again."""
        again = self.retries.not_landed(key, wire_id, now)
        self.waiting = len(self.retries) > 0
        return again

    def wire_id_to_reuse(self, key: Key, now: Instant) -> str | None:
        """The wire id of a placement that is sent again; None for a new one."""
        if not self.waiting:
            return None
        wire_id = self.retries.take(key, now)
        self.waiting = len(self.retries) > 0
        return wire_id

    def settled(self, key: Key) -> None:
        """The exchange took the placement: nothing is sent again."""
        if self.waiting:
            self.retries.settled(key)
            self.waiting = len(self.retries) > 0

    def forget_retries(self) -> None:
        """Other levels: nothing is sent again."""
        self.retries.forget_all()
        self.waiting = False

    def next_deadline(self) -> Instant | None:
        """When the next brake may be released."""
        times = [
            self.breaker.next_deadline(),
            self.retries.next_deadline(),
            self.rate.free_at() if self.rate_denied else None,
        ]
        return min((at for at in times if at is not None), default=None)

    def release(self, now: Instant, denials: Denials) -> bool:
        """Lift the denials whose time has come; whether there were any."""
        released = False
        for direction, side, price in [*self.breaker.expire(now), *self.retries.due(now)]:
            denials.level_due(direction, side, price)
            released = True
        if self.rate_denied and not self.rate.full(now):
            self.rate_denied = False
            released = denials.rate_free() or released
        return released

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "breaker": self.breaker.snapshot(),
            "rate": self.rate.snapshot(),
            "retries": self.retries.snapshot(),
            "rate_denied": self.rate_denied,
            "unsure": list(self.unsure),
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self.breaker.restore(saved.part("breaker"))
        self.rate.restore(saved.part("rate"))
        self.retries.restore(saved.part("retries"))
        self.waiting = len(self.retries) > 0
        self.rate_denied = saved.flag("rate_denied")
        long, short = saved.list_of("unsure")
        self.unsure = [_instant(long), _instant(short)]


def _instant(value: object) -> Instant | None:
    return Instant(value) if isinstance(value, int) else None

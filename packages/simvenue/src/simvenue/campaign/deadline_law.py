"""Watches the session's clock: what has fired is over, and no timer fires without end."""

from typing import TYPE_CHECKING

from gridcore.clock import Instant
from gridcore.events import Event, TimerFired
from gridcore.session.effects import Effects
from simvenue.campaign.laws import Law, LawBroken

if TYPE_CHECKING:
    from simvenue.campaign.world import World


class DeadlineChecker:
    """DEADLINES_AHEAD."""

    __slots__ = ()

    def handled(self, world: "World", event: Event, now: Instant, effects: Effects) -> None:
        """After a timer the next one is later, or the shell would fire it for ever."""
        if not isinstance(event, TimerFired):
            return
        due = world.session.next_deadline()
        if due is not None and due <= event.at:
            raise LawBroken(
                Law.DEADLINES_AHEAD,
                f"expected the next deadline after {event.at}, found {due}",
                now,
            )

    def finished(self, world: "World") -> None:
        """Nothing is left to judge."""

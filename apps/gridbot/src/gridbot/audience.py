"""Everybody who looks on, as one observer; who comes later joins. It refuses to know them."""

from gridbot.words import Observer
from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.session.effects import Effects


class Audience:
    """Passes everything on, in the order in which they joined."""

    def __init__(self) -> None:
        self._observers: list[Observer] = []

    def join(self, *observers: Observer) -> None:
        """Look on from the next event on."""
        self._observers.extend(observers)

    def observe(self, account: str, event: Event, effects: Effects, now: Instant) -> None:
        """One handled event."""
        for observer in self._observers:
            observer.observe(account, event, effects, now)

"""Plays one scenario and tells every event and every effect in a line of its own."""

from typing import TYPE_CHECKING, TextIO

from gridcore.clock import SECOND_US, Instant
from gridcore.events import Event
from gridcore.session.effects import Effects
from simvenue.campaign.checkers import all_checkers
from simvenue.campaign.laws import LawBroken
from simvenue.campaign.seeds import play
from simvenue.campaign.words import Scenario
from simvenue.campaign.world import Watcher, World

if TYPE_CHECKING:
    from collections.abc import Iterable


class Teller:
    """Writes what happens, times in seconds since the start of the scenario."""

    __slots__ = ("_out", "_start")

    def __init__(self, start: Instant, out: TextIO) -> None:
        self._start = start
        self._out = out

    def handled(self, world: World, event: Event, now: Instant, effects: Effects) -> None:
        """One line for the event, one for each of its effects."""
        elapsed = now - self._start
        clock = f"{elapsed // SECOND_US:>6}.{elapsed % SECOND_US:06d}"
        self._out.write(f"{clock} {event!r}\n")
        self._tell("record", effects.records)
        self._tell("request", effects.requests)
        self._tell("notice", effects.notices)

    def finished(self, world: World) -> None:
        """Say how far it came."""
        self._out.write(f"finished after {world.events} events, {world.restarts} restarts\n")

    def _tell(self, kind: str, effects: "Iterable[object]") -> None:
        for effect in effects:
            self._out.write(f"{'':>14}-> {kind} {effect!r}\n")


def replay(scenario: Scenario, out: TextIO) -> LawBroken | None:
    """Play a scenario under every law, telling all of it; the law that broke, or None."""
    for fault in scenario.faults:
        out.write(f"{fault!r}\n")
    # The teller comes first, so that the event that breaks a law is still told.
    watchers: list[Watcher] = [Teller(scenario.start, out), *all_checkers()]
    broken = play(World(scenario, watchers))
    out.write(f"{scenario.name}: " + ("every law held\n" if broken is None else f"{broken}\n"))
    return broken

"""A watcher that counts what a run reached. It judges nothing."""

from typing import TYPE_CHECKING

from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.session.effects import Effects
from simvenue.campaign.tally import Tally, add_counts, row_name

if TYPE_CHECKING:
    from gridcore.session.account import AccountSession
    from simvenue.campaign.world import World


class Reach:
    """Fills one tally over any number of runs, one after the other."""

    __slots__ = ("_denied_before", "_session", "tally")

    def __init__(self) -> None:
        self.tally = Tally()
        self._session: AccountSession | None = None
        self._denied_before: dict[str, int] = {}

    def handled(self, world: "World", event: Event, now: Instant, effects: Effects) -> None:
        """Note the modes asked for; a new session means that the old one has crashed."""
        session = world.session
        if session is not self._session:
            self._close()
            self._session = session
            # Denials counted before the crash came back with the restored memory.
            self._denied_before = session.denials()
        causes = self.tally.causes
        for notice in effects.notices:
            if notice.event == "mode_asked":
                for name, value in notice.fields:
                    if name == "cause":
                        causes[value] = causes.get(value, 0) + 1

    def finished(self, world: "World") -> None:
        """The run is over: nothing more is asked of it."""

    def ended(self, world: "World", *, held: bool) -> None:
        """Count the run, whether it came to its end or broke a law."""
        self._close()
        tally = self.tally
        tally.events += world.events
        tally.restarts += world.restarts
        acted = {kind.value: count for kind, count in world.injected.items() if count}
        add_counts(tally.faults, acted)
        if held:
            add_counts(tally.survived, dict.fromkeys(acted, 1))

    def _close(self) -> None:
        session = self._session
        if session is None:
            return
        self._session = None
        rows = self.tally.rows
        for (state, happened), count in session.transitions.items():
            name = row_name(state.name, happened.name)
            rows[name] = rows.get(name, 0) + count
        denials = self.tally.denials
        for reason, count in session.denials().items():
            added = count - self._denied_before.get(reason, 0)
            if added > 0:
                denials[reason] = denials.get(reason, 0) + added

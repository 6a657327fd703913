"""The process around a session: its journal, its saved state, its death and its return.

It knows how state survives; it refuses to know why the process dies.
"""

import json

from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.session.account import AccountSession
from gridcore.session.effects import Effects
from simvenue.campaign.laws import Law, LawBroken
from simvenue.campaign.words import FaultKind, Scenario

ACCOUNT_ID = "campaign"

SNAPSHOT_EVERY = 64
"""Events between two saved states; what came since is the journal's tail."""


class Shell:
    """One account's process. A journal is kept when the scenario has a crash to survive."""

    __slots__ = ("_journal", "_keeps", "_saved", "_scenario", "session")

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._keeps = any(fault.kind is FaultKind.CRASH for fault in scenario.faults)
        self._journal: list[tuple[Instant, Event]] = []
        self.session = self._fresh()
        self._saved: dict[str, object] = self.session.snapshot()

    def take(self, event: Event, now: Instant) -> Effects:
        """Write the event down and let the session handle it."""
        if self._keeps:
            if len(self._journal) >= SNAPSHOT_EVERY:
                self._saved = self.session.snapshot()
                self._journal.clear()
            self._journal.append((now, event))
        return self.session.handle(event, now)

    def restart(self, now: Instant) -> None:
        """A new process takes over from the saved state and the journal's tail.

        LawBroken when it does not reach the state in which the old one died.
        """
        assert self._keeps, "only a scenario with a crash keeps a journal"
        died = _as_json(self.session.snapshot())
        session = self._fresh()
        session.restore(json.loads(json.dumps(self._saved)))
        for at, event in self._journal:
            session.handle(event, at)
        risen = _as_json(session.snapshot())
        if risen != died:
            raise LawBroken(
                Law.SESSION_RUNS,
                f"a restart changed the state: {first_difference(died, risen)}",
                now,
            )
        self.session = session

    def _fresh(self) -> AccountSession:
        return AccountSession(ACCOUNT_ID, self._scenario.setups, self._scenario.safety)


def _as_json(snapshot: dict[str, object]) -> object:
    return json.loads(json.dumps(snapshot))


def first_difference(expected: object, found: object, path: str = "state") -> str:
    """Where two JSON values differ first, and how; "none" when they do not."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            if key not in found or key not in expected:
                return f"{path}.{key} is only in the {'old' if key in expected else 'new'} one"
            if expected[key] != found[key]:
                return first_difference(expected[key], found[key], f"{path}.{key}")
        return "none"
    if isinstance(expected, list) and isinstance(found, list):
        for index, (before, after) in enumerate(zip(expected, found, strict=False)):
            if before != after:
                return first_difference(before, after, f"{path}[{index}]")
        if len(expected) != len(found):
            return f"{path}: {len(expected)} rows before, {len(found)} after"
        return "none"
    return "none" if expected == found else f"{path}: {expected!r} before, {found!r} after"

"""A restart from any point, with a snapshot, the journal's tail and the exchange's answers, reaches
the state of a session that never stopped (A30, L43)."""

import json

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.events import Event, Ticker
from gridcore.session.account import AccountSession
from gridcore.session.effects import Effects
from simvenue.campaign.scenarios import scenario_of
from simvenue.campaign.shell import ACCOUNT_ID, first_difference
from simvenue.campaign.words import Scenario
from simvenue.campaign.world import World

QUIET_US = 300 * SECOND_US
"""So long the market stands still after the process has died, or has not."""
DOWN_US = 10 * SECOND_US
DEATHS_MAX = 12
"""Deaths tried for one event; they are spread over its requests."""


# -- every event ------------------------------------------------------------------------------


class Doubles:
    """Before every event a second session is restored: it must do what the first one does."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._double = self._restored(self._fresh().snapshot())
        self.compared = 0

    def _fresh(self) -> AccountSession:
        return AccountSession(ACCOUNT_ID, self._scenario.setups, self._scenario.safety)

    def _restored(self, memory: dict[str, object]) -> AccountSession:
        session = self._fresh()
        session.restore(json.loads(json.dumps(memory)))
        return session

    def handled(self, world: World, event: Event, now: Instant, effects: Effects) -> None:
        """Compare effects and memory, and take the memory up anew."""
        found = self._double.handle(event, now)
        assert found == effects, f"{type(event).__name__} at {now}"
        memory = world.session.snapshot()
        assert first_difference(memory, self._double.snapshot()) == "none"
        self._double = self._restored(memory)
        assert first_difference(memory, self._double.snapshot()) == "none"
        assert self._double.next_deadline() == world.session.next_deadline()
        self.compared += 1

    def finished(self, world: World) -> None:
        """Nothing is left to compare."""


@pytest.mark.parametrize("seed", [2, 7, 19])
def test_a_session_restored_before_any_event_does_the_same_as_the_one_that_lived_on(
    seed: int,
) -> None:
    scenario = scenario_of(seed)
    doubles = Doubles(scenario)
    world = World(scenario, [doubles])

    world.play()

    assert doubles.compared == world.events


# -- every effect -----------------------------------------------------------------------------


class Tickers:
    """Counts the requests of every ticker that caused any."""

    def __init__(self) -> None:
        self.requests: dict[Ticker, int] = {}

    def handled(self, world: World, event: Event, now: Instant, effects: Effects) -> None:
        """Keep the count."""
        if isinstance(event, Ticker) and effects.requests:
            self.requests[event] = len(effects.requests)

    def finished(self, world: World) -> None:
        """Nothing is left to count."""

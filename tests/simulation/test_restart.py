"""A restart from any point, with a snapshot, the journal's tail and the exchange's answers, reaches
the state of a session that never stopped (A45, L123)."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.config import SafetyConfig, SizingConfig
from gridcore.events import Event, Ticker
from gridcore.session.account import AccountSession
from gridcore.session.effects import Effects, LedgerEntry, LedgerKind
from simvenue.campaign.checkers import all_checkers
from simvenue.campaign.scenarios import scenario_of
from simvenue.campaign.shell import ACCOUNT_ID, first_difference
from simvenue.campaign.words import Fault, FaultKind, Scenario
from simvenue.campaign.world import World

QUIET_US = 60 * SECOND_US
"""So long the market stands still after the process has died, or has not: too short for an audit
to find what the start has missed."""
DOWN_US = 10 * SECOND_US
ROWS = 100
"""Of a storm; a session that knows more takes longer to save."""
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


@pytest.mark.untraced
@pytest.mark.parametrize("seed", [2, 5, 7, 19])
def test_a_session_restored_before_any_event_does_the_same_as_the_one_that_lived_on(
    seed: int,
) -> None:
    scenario = scenario_of(seed)
    scenario = replace(scenario, tickers=scenario.tickers[:ROWS])
    doubles = Doubles(scenario)
    world = World(scenario, [doubles])

    world.play()

    assert doubles.compared == world.events


# -- every effect -----------------------------------------------------------------------------


class Requests:
    """Counts the requests of every ticker that caused any, and adds up what was booked."""

    def __init__(self) -> None:
        self.of_tickers: dict[Ticker, int] = {}
        self.booked: dict[LedgerKind, Decimal] = dict.fromkeys(LedgerKind, Decimal(0))

    def handled(self, world: World, event: Event, now: Instant, effects: Effects) -> None:
        """Keep the counts."""
        if isinstance(event, Ticker) and effects.requests:
            self.of_tickers[event] = len(effects.requests)
        for record in effects.records:
            if isinstance(record, LedgerEntry):
                self.booked[record.kind] += record.amount

    def finished(self, world: World) -> None:
        """Nothing is left to count."""


class Ending(NamedTuple):
    """What a run ends with, without ids and times."""

    orders: list[tuple[str, str, str, int, int]]
    at_venue: list[tuple[str, str, str, int, int]]
    legs: list[tuple[str, str, int, Decimal | None]]
    booked: dict[LedgerKind, Decimal]
    balance: Decimal


def faultless(seed: int) -> Scenario:
    """The market of a seed without any fault, and a wallet that carries every order.

    Where means are scarce, the order that comes first takes them: then a death may well decide
    which one rests in the end.
    """
    scenario = scenario_of(seed)
    safety = SafetyConfig(notional_factor=Decimal(1_000))
    setups = tuple(
        replace(
            setup,
            safety=safety,
            sizing=SizingConfig(amount="25", leverage=setup.sizing.leverage),
            risk=replace(setup.risk, max_margin=Decimal(1_000)),
        )
        for setup in scenario.setups
    )
    venue = replace(scenario.venue, initial_balance=Decimal(100_000))
    return replace(scenario, setups=setups, safety=safety, venue=venue, faults=(), partial_fills=0)


def standing_still(scenario: Scenario, row: int) -> Scenario:
    """The same market up to and with a row; from there on every symbol keeps its last ticker."""
    tickers = list(scenario.tickers[: row + 1])
    last = {ticker.symbol: ticker for ticker in [*reversed(scenario.tickers), *tickers]}
    begun = tickers[-1].at
    for at in range(begun + SECOND_US, begun + QUIET_US, SECOND_US):
        tickers += [replace(ticker, at=Instant(at)) for ticker in last.values()]
    return replace(scenario, tickers=tuple(tickers), calm_from=Instant(begun + DOWN_US))


def ending(scenario: Scenario) -> tuple[Ending, int]:
    """Play under every law: what it ends with, and how often the process came back."""
    requests = Requests()
    world = World(scenario, [requests, *all_checkers()])
    world.play()
    orders = [
        (order.symbol, order.direction.value, order.side.value, int(order.price), order.leaves)
        for order in world.session.live_orders()
    ]
    symbols = [setup.instrument.symbol for setup in scenario.setups]
    at_venue = [
        (symbol, order.direction.value, order.side.value, int(order.price), int(order.leaves))
        for symbol in symbols
        for order in world.venue.open_orders(symbol)
    ]
    legs = [
        (symbol, leg.direction.value, int(leg.size), leg.entry)
        for symbol in symbols
        for leg in world.venue.legs(symbol)
    ]
    found = Ending(sorted(orders), sorted(at_venue), legs, requests.booked, world.session.balance)
    return found, world.restarts


def busiest_rows(scenario: Scenario) -> list[int]:
    """The rows whose tickers cause the most requests in a quarter each of the storm."""
    requests = Requests()
    World(scenario, [requests]).play()
    storm = [row for row, ticker in enumerate(scenario.tickers) if ticker.at < scenario.calm_from]
    size = len(storm) // 4
    parts = [storm[at : at + size] for at in range(0, size * 4, size)]
    counts = [requests.of_tickers.get(ticker, 0) for ticker in scenario.tickers]
    return [max(part, key=lambda row: counts[row]) for part in parts]


@pytest.mark.untraced
@pytest.mark.parametrize("seed", [2, 3, 14, 18, 22])
def test_a_process_that_dies_at_any_of_its_requests_ends_as_if_it_had_lived(seed: int) -> None:
    scenario = faultless(seed)

    for row in busiest_rows(scenario):
        still = standing_still(scenario, row)
        lived, _ = ending(still)
        died_at = still.tickers[row].at
        requests = Requests()
        World(still, [requests]).play()
        count = requests.of_tickers.get(still.tickers[row], 0)
        for number in range(0, count + 1, max(1, count // DEATHS_MAX)):
            crash = Fault(
                kind=FaultKind.CRASH,
                at=died_at,
                until=Instant(died_at + DOWN_US),
                chance=1000,
                number=number,
                symbol=None,
                detail="",
            )
            died, restarts = ending(replace(still, faults=(crash,)))
            assert restarts == 1
            assert died == lived, f"row {row}, death at request {number} of {count}"

"""Plays seeds one after the other: judges each, shrinks what fails, counts what was reached."""

import json
from collections.abc import Callable

from gridcore.session.orders import ImpossibleTransition
from simvenue.campaign.checkers import all_checkers
from simvenue.campaign.laws import Law, LawBroken
from simvenue.campaign.reach import Reach
from simvenue.campaign.scenarios import scenario_of
from simvenue.campaign.shrink import fault_to_json, shrink
from simvenue.campaign.tally import Failure, Tally
from simvenue.campaign.words import Scenario
from simvenue.campaign.world import Watcher, World

OUR_BUGS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImpossibleTransition,
    LookupError,
    TypeError,
    ValueError,
)
"""What a mistake of ours raises: a verdict on the seed, not the end of the campaign."""


def play(world: World) -> LawBroken | None:
    """Play a world to its end; the first law that broke, or None."""
    try:
        world.play()
    except LawBroken as broken:
        return broken
    except OUR_BUGS as error:
        return LawBroken(Law.SESSION_RUNS, f"{type(error).__name__}: {error}", world.now)
    return None


def judged(scenario: Scenario, reach: Reach | None = None) -> LawBroken | None:
    """Play a scenario under every law; count what it reached if asked."""
    watchers: list[Watcher] = all_checkers()
    if reach is not None:
        watchers.append(reach)
    world = World(scenario, watchers)
    broken = play(world)
    if reach is not None:
        reach.ended(world, held=broken is None)
    return broken


def play_seeds(first: int, count: int, told: Callable[[int], None] | None = None) -> Tally:
    """Play `count` seeds from `first` on; `told` hears how many are done. No wall time in it."""
    reach = Reach()
    reach.tally.seeds.append((first, count))
    for seed in range(first, first + count):
        scenario = scenario_of(seed)
        broken = judged(scenario, reach)
        if broken is not None:
            reach.tally.failures.append(failure_of(scenario, broken))
        if told is not None:
            told(seed - first + 1)
    return reach.tally


def failure_of(scenario: Scenario, broken: LawBroken) -> Failure:
    """A failing seed with the smallest fault list that still breaks the same law."""
    shrunk = shrink(scenario, broken, judged)
    return Failure(
        seed=scenario.seed,
        law=broken.law.value,
        what=broken.what,
        faults=tuple(json.dumps(fault_to_json(fault)) for fault in shrunk.scenario.faults),
    )

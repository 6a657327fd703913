"""A deadline that has fired is over."""

from collections.abc import Callable

import pytest

from gridcore.clock import Instant
from gridcore.events import SessionStarted, TimerFired
from gridcore.session.effects import NO_EFFECTS
from simvenue.campaign.deadline_law import DeadlineChecker
from simvenue.campaign.laws import LawBroken
from simvenue.campaign.world import World

MakeWorld = Callable[..., World]


def test_a_deadline_that_stays_due_after_its_timer_breaks_the_law(make_world: MakeWorld) -> None:
    world = make_world()
    world.session.handle(SessionStarted(at=world.now), world.now)
    due = world.session.next_deadline()
    assert due is not None
    with pytest.raises(LawBroken, match="next deadline"):
        DeadlineChecker().handled(world, TimerFired(at=due), due, NO_EFFECTS)


def test_a_timer_that_moves_the_deadline_on_holds_it(make_world: MakeWorld) -> None:
    world = make_world()
    world.session.handle(SessionStarted(at=world.now), world.now)
    due = world.session.next_deadline()
    assert due is not None
    effects = world.session.handle(TimerFired(at=due), due)
    DeadlineChecker().handled(world, TimerFired(at=due), due, effects)


def test_other_events_may_come_while_a_timer_is_late(make_world: MakeWorld) -> None:
    world = make_world()
    world.session.handle(SessionStarted(at=world.now), world.now)
    late = Instant(world.now + 10**12)
    DeadlineChecker().handled(world, SessionStarted(at=late), late, NO_EFFECTS)

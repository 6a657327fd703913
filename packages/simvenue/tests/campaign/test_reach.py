"""What a run reached, counted."""

from collections.abc import Callable

from simvenue.campaign.reach import Reach
from simvenue.campaign.world import World

MakeWorld = Callable[..., World]


def test_a_run_counts_its_events_rows_modes_and_denials(make_world: MakeWorld) -> None:
    reach = Reach()
    world = make_world(reach)
    world.play()
    reach.ended(world, held=True)
    tally = reach.tally
    assert tally.events == world.events > 500
    assert tally.restarts == 0
    assert tally.faults == {}
    assert tally.rows["PENDING+ACCEPTED"] + tally.rows["PENDING+RESTING"] > 10
    assert tally.denials == {reason: n for reason, n in world.session.denials().items() if n}


def test_runs_add_up(make_world: MakeWorld) -> None:
    reach = Reach()
    for _ in range(2):
        world = make_world(reach)
        world.play()
        reach.ended(world, held=True)
    assert reach.tally.events == 2 * world.events
    assert all(count % 2 == 0 for count in reach.tally.rows.values())

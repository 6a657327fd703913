"""A replay tells every event and every effect in a line of its own."""

from io import StringIO

from simvenue.campaign.replay import replay
from simvenue.campaign.scenarios import scenario_of
from simvenue.campaign.shrink import with_faults


def test_a_replay_tells_events_effects_and_the_verdict() -> None:
    out = StringIO()
    assert replay(with_faults(scenario_of(3), ()), out) is None
    lines = out.getvalue().splitlines()
    assert lines[0].split() == ["0.000000", f"SessionStarted(at={scenario_of(3).start})"]
    assert any("-> request Approved(PlaceOrder(" in line for line in lines)
    assert any("-> record FillRecord(" in line for line in lines)
    assert any("-> notice Notice(" in line for line in lines)
    assert lines[-2].startswith("finished after ")
    assert lines[-1] == "seed 3: every law held"


def test_a_replay_begins_with_the_faults() -> None:
    out = StringIO()
    scenario = scenario_of(5)
    replay(scenario, out)
    for fault, line in zip(scenario.faults, out.getvalue().splitlines(), strict=False):
        assert line == repr(fault)

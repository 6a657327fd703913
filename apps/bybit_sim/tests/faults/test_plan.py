"""Fault plans as files."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appkit.configuration import ConfigurationRefused, parse
from bybit_sim.faults.draw import draw_faults
from bybit_sim.faults.plan import PlanFile, fault_row, load_plan, plan_row
from bybit_sim.faults.scenarios import from_scenario
from bybit_sim.faults.words import Fault, WireFault
from simvenue.campaign.scenarios import scenario_of

PLAN = """\
faults:
  - {kind: frame_lost, from_ms: 1000, until_ms: 2000, target: "execution*", chance: 250}
  - kind: socket_closed
    from_ms: 0
    until_ms: 500
    amount: 1001
    uid: 7
    count: 1
"""


def test_a_plan_is_read_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(PLAN)

    assert load_plan(path) == (
        Fault(
            kind=WireFault.FRAME_LOST,
            from_ms=1000,
            until_ms=2000,
            target="execution*",
            chance=250,
        ),
        Fault(kind=WireFault.SOCKET_CLOSED, from_ms=0, until_ms=500, amount=1001, uid=7, count=1),
    )


def test_json_is_a_plan_as_well(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text('{"faults": [{"kind": "refusing", "from_ms": 5, "until_ms": 6}]}')

    assert load_plan(path) == (Fault(kind=WireFault.REFUSING, from_ms=5, until_ms=6),)


def test_a_plan_may_name_a_scenario_of_the_campaign_beside_its_own_faults(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("scenario: 7\nfaults:\n  - {kind: refusing, from_ms: 5, until_ms: 6}\n")

    first, *others = load_plan(path)

    assert first.kind is WireFault.REFUSING
    assert tuple(others) == from_scenario(scenario_of(7)).faults != ()


def test_every_problem_of_a_plan_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(
        "faults:\n"
        "  - {kind: frame_lots, from_ms: 0, until_ms: 1}\n"
        "  - {kind: frame_delayed, from_ms: 0, until_ms: 1}\n"
        "  - {kind: refusing, from_ms: 0, until_ms: 1, colour: red}\n"
    )

    with pytest.raises(ConfigurationRefused) as refused:
        load_plan(path)

    told = [str(problem) for problem in refused.value.problems]
    assert [text.split(":")[0] for text in told] == ["line 2", "line 3", "line 4"]
    assert "frame_lost" in told[0]
    assert "it is the delay in ms, 1 to 600000; found 0" in told[1]
    assert "colour" in told[2]


@pytest.mark.untraced
@given(seed=st.integers(0, 10_000))
def test_a_plan_comes_back_from_its_json_as_it_was(seed: int) -> None:
    faults = draw_faults(seed, 600_000)

    read = parse(PlanFile, json.dumps(plan_row(faults)), Path("plan.json"))

    assert tuple(entry.fault() for entry in read.faults) == faults


def test_a_row_states_only_what_a_fault_states() -> None:
    lost = Fault(kind=WireFault.FRAME_LOST, from_ms=1, until_ms=2, chance=10)

    assert fault_row(lost) == {"kind": "frame_lost", "from_ms": 1, "until_ms": 2, "chance": 10}

"""Seeds played one after the other."""

import json

import pytest

from simvenue.campaign.laws import Law, LawBroken
from simvenue.campaign.scenarios import scenario_of
from simvenue.campaign.seeds import failure_of, judged, play_seeds
from simvenue.campaign.shrink import fault_from_json, with_faults
from simvenue.campaign.words import Scenario


def test_a_piece_tells_its_seeds_and_how_far_it_is() -> None:
    told: list[int] = []
    tally = play_seeds(5, 2, told.append)
    assert told == [1, 2]
    assert tally.seeds == [(5, 2)]
    assert tally.events >= 1000
    assert sum(tally.faults.values()) > 0


def test_the_same_seeds_reach_the_same() -> None:
    assert play_seeds(7, 1).to_json() == play_seeds(7, 1).to_json()


def test_a_scenario_without_faults_holds_every_law() -> None:
    assert judged(with_faults(scenario_of(3), ())) is None


@pytest.mark.untraced
def test_a_failure_carries_faults_that_can_be_read_back() -> None:
    scenario: Scenario = scenario_of(1)
    failure = failure_of(scenario, LawBroken(Law.SESSION_RUNS, "never found again"))
    assert failure.seed == 1
    assert failure.law == "session_runs"
    read = tuple(fault_from_json(json.loads(text)) for text in failure.faults)
    assert read == scenario.faults

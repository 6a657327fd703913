"""Scenarios are plain values: equal when their parts are, and every fault kind can be drawn."""

from simvenue.campaign.fault_draw import RANGES
from simvenue.campaign.scenarios import scenario_of
from simvenue.campaign.words import FaultKind


def test_the_same_seed_is_the_same_scenario() -> None:
    assert scenario_of(7) == scenario_of(7)


def test_another_seed_is_another_scenario() -> None:
    assert scenario_of(7) != scenario_of(8)


def test_every_kind_of_fault_can_be_drawn() -> None:
    assert set(RANGES) == set(FaultKind)

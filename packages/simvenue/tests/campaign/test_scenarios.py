"""Scenarios: determined by their seed, stormy first, calm at the end, different from each other."""

import itertools
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcore.clock import DAY_US, MINUTE_US, SECOND_US, utc_midnight
from gridcore.config import CloseGate, SafetyConfig, SidePolicy
from gridcore.events import Ticker
from simvenue.campaign.scenarios import SETTLING_US, scenario_of
from simvenue.campaign.words import FaultKind, Scenario
from simvenue.messages import FillModel

SEEDS = range(300)


@pytest.fixture(scope="module")
def many() -> list[Scenario]:
    return [scenario_of(seed) for seed in SEEDS]


@given(st.integers(0, 1_000_000))
@settings(max_examples=20)
def test_the_same_seed_gives_the_same_scenario(seed: int) -> None:
    assert scenario_of(seed) == scenario_of(seed)


def test_a_scenario_does_not_depend_on_the_hash_seed() -> None:
    code = (
        "from simvenue.campaign.scenarios import scenario_of; from hashlib import sha256;"
        "print(sha256(repr([scenario_of(seed) for seed in range(5)]).encode()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(seen) == 1


@pytest.mark.untraced
def test_no_fault_acts_in_the_calm_and_what_it_delayed_has_time_to_arrive(
    many: list[Scenario],
) -> None:
    for scenario in many:
        assert scenario.faults
        assert max(fault.until for fault in scenario.faults) + SETTLING_US <= scenario.calm_from


def test_the_calm_is_longer_than_every_recovery(many: list[Scenario]) -> None:
    for scenario in many:
        calm = scenario.tickers[-1].at - scenario.calm_from
        halted = {FaultKind.AUTHENTICATION_REFUSED, FaultKind.TWIN_ORDER}
        long = any(fault.kind in halted for fault in scenario.faults)
        assert calm >= (35 if long else 12) * MINUTE_US


def test_tickers_never_pause_long_enough_to_count_as_silence(many: list[Scenario]) -> None:
    for scenario in many:
        for setup in scenario.setups:
            at = [row.at for row in scenario.tickers if row.symbol == setup.instrument.symbol]
            assert max(b - a for a, b in itertools.pairwise(at)) < 30 * SECOND_US


def test_venue_and_strategies_agree_on_instruments_and_leverage(many: list[Scenario]) -> None:
    for scenario in many:
        for setup, spec in zip(scenario.setups, scenario.symbols, strict=True):
            assert setup.instrument == spec.instrument
            assert setup.sizing.leverage == spec.leverage
            assert setup.tiers == spec.tiers


def test_scenarios_differ_in_everything_that_they_may_differ_in(many: list[Scenario]) -> None:
    setups = [setup for scenario in many for setup in scenario.setups]
    assert {len(scenario.setups) for scenario in many} == {1, 2}
    assert {setup.grid.side_policy for setup in setups} == set(SidePolicy)
    assert {setup.close_gate for setup in setups} == set(CloseGate)
    assert {setup.sizing.amount[0] for setup in setups} >= {"x", "b"}
    assert any(setup.sizing.amount[0].isdecimal() for setup in setups)
    assert {setup.grid.grid_count for setup in setups} == set(range(4, 15))
    assert {scenario.venue.fill_model for scenario in many} == set(FillModel) - {FillModel.QUEUE}
    default = sum(scenario.safety == SafetyConfig() for scenario in many)
    assert 150 <= default < 300
    assert 20 <= sum(_passes_midnight(scenario.tickers) for scenario in many) <= 120


def _passes_midnight(tickers: tuple[Ticker, ...]) -> bool:
    return utc_midnight(tickers[0].at) + DAY_US == utc_midnight(tickers[-1].at)

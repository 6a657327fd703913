"""A small campaign under every law, in seconds. `python -m simvenue.campaign` runs large ones."""

import pytest

from simvenue.campaign.seeds import play_seeds
from simvenue.campaign.table import failures
from simvenue.campaign.tally import EVERY_FAULT, Tally

FIRST = 201
"""From here on few seeds meet every fault."""
SEEDS = 30


@pytest.fixture(scope="module")
def tally() -> Tally:
    return play_seeds(FIRST, SEEDS)


@pytest.mark.untraced
def test_every_law_holds_for_thirty_seeds(tally: Tally) -> None:
    assert failures(tally.failures) == "every law held"
    assert tally.seed_count() == SEEDS


def test_every_kind_of_fault_acts_and_is_survived(tally: Tally) -> None:
    assert [name for name in EVERY_FAULT if not tally.faults.get(name)] == []
    assert [name for name in EVERY_FAULT if not tally.survived.get(name)] == []


def test_processes_die_and_come_back(tally: Tally) -> None:
    assert tally.restarts >= 5


@pytest.mark.untraced
def test_a_seed_is_the_same_run_every_time() -> None:
    assert play_seeds(3, 2).to_json() == play_seeds(3, 2).to_json()

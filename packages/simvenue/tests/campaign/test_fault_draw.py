"""The drawn faults: every kind, inside the storm, with numbers that their kind understands."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import MINUTE_US, Instant
from gridcore.events import OperatorAction
from simvenue.campaign.fault_draw import FEWEST, MOST, RANGES, draw_faults
from simvenue.campaign.words import FaultKind

START, UNTIL = Instant(0), Instant(8 * MINUTE_US)
SYMBOLS = ("BTCUSDT", "ETHUSDT")


def test_every_kind_of_fault_has_a_range() -> None:
    assert set(RANGES) == set(FaultKind)


@given(st.integers(0, 100_000))
def test_three_to_twelve_faults_end_before_the_storm_does(seed: int) -> None:
    faults = draw_faults(Random(seed), SYMBOLS, START, UNTIL)
    resumed = sum(fault.detail == OperatorAction.RESUME.value for fault in faults)
    assert FEWEST <= len(faults) <= MOST + resumed
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    for fault in faults:
        assert START <= fault.at <= fault.until <= UNTIL
        assert 0 < fault.chance <= 1000
        assert fault.symbol in (None, *SYMBOLS)


def test_every_kind_is_drawn_in_a_few_hundred_scenarios() -> None:
    seen = {
        fault.kind
        for seed in range(400)
        for fault in draw_faults(Random(seed), SYMBOLS, START, UNTIL)
    }
    assert seen == set(FaultKind)


def test_what_the_operator_forbids_is_allowed_again_as_a_rule() -> None:
    spoken = [
        fault
        for seed in range(400)
        for fault in draw_faults(Random(seed), SYMBOLS, START, UNTIL)
        if fault.kind is FaultKind.OPERATOR
    ]
    resumed = sum(fault.detail == OperatorAction.RESUME.value for fault in spoken)
    assert 0.4 * len(spoken) < resumed < 0.7 * len(spoken)


def test_the_operator_gives_every_command_there_is() -> None:
    assert set(RANGES[FaultKind.OPERATOR].details) == {action.value for action in OperatorAction}

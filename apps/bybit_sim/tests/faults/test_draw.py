"""Plans drawn from a seed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_sim.faults.draw import HOUR_MS, SPREADS, draw_faults
from bybit_sim.faults.kinds import complaint
from bybit_sim.faults.words import WireFault


@given(seed=st.integers(0, 2**63), duration_ms=st.integers(10_000, 10 * HOUR_MS))
def test_every_drawn_fault_makes_sense_and_is_over_in_time(seed: int, duration_ms: int) -> None:
    faults = draw_faults(seed, duration_ms)

    assert [complaint(fault) for fault in faults] == [None] * len(faults)
    assert all(fault.until_ms <= duration_ms for fault in faults)
    assert list(faults) == sorted(faults, key=lambda fault: fault.from_ms)


def test_a_seed_gives_the_same_plan_always_and_another_seed_another_plan() -> None:
    assert draw_faults(7) == draw_faults(7)
    assert draw_faults(7) != draw_faults(8)


def test_an_hour_has_a_fault_every_twenty_seconds_and_every_kind_is_drawn_in_some() -> None:
    plans = [draw_faults(seed) for seed in range(5)]

    assert [len(plan) for plan in plans] == [180] * 5
    assert {fault.kind for plan in plans for fault in plan} == set(WireFault) == set(SPREADS)


def test_a_short_plan_has_three_faults_and_only_the_kinds_asked_for() -> None:
    faults = draw_faults(1, 10_000, kinds=(WireFault.FRAME_LOST,))

    assert [fault.kind for fault in faults] == [WireFault.FRAME_LOST] * 3


def test_a_plan_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a plan of 10000 ms or more, found 9999"):
        draw_faults(1, 9_999)

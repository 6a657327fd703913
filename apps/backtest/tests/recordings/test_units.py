"""Counts of 1e-8 as whole units."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.recordings.units import finest_mark_unit, whole_unit
from tapes import UNKNOWN, TapeError

TIMES = np.array([1_767_229_200_000_000, 1_767_229_201_500_000], np.int64)


@given(
    st.sampled_from(["0.1", "0.5", "0.00000001", "1", "25", "0.0005"]),
    st.integers(1, 10**9),
)
def test_whole_units_come_back_as_they_were(text: str, units: int) -> None:
    unit = whole_unit(text, "tick size", "--tick")

    found = unit.of(np.array([units * unit.count, unit.count], np.int64), TIMES, "a price")

    assert found.tolist() == [units, 1]


def test_what_lies_between_two_units_is_refused_with_its_time() -> None:
    tick = whole_unit("0.5", "tick size", "--tick")
    prices = np.array([10_050_000_000, 10_020_000_000], np.int64)

    with pytest.raises(TapeError) as refused:
        tick.of(prices, TIMES, "a trade's price")

    assert refused.value.expected == "multiples of the tick size 0.5"
    assert refused.value.found == "100.2 at 2026-01-01 01:00:01.500000 UTC"
    assert "--tick" in refused.value.mend


def test_what_is_not_known_stays_unknown() -> None:
    unit = whole_unit("0.5", "tick size", "--tick")
    counts = np.array([10_050_000_000, -7], np.int64)

    found = unit.of_known(counts, -7, TIMES, "a bid")

    assert found.tolist() == [201, UNKNOWN]


@pytest.mark.parametrize(
    ("text", "words"),
    [("0.000000001", "at most 8 digits"), ("0", "positive"), ("few", "positive")],
)
def test_a_unit_that_the_database_cannot_hold_is_refused(text: str, words: str) -> None:
    with pytest.raises(TapeError, match=words):
        whole_unit(text, "mark unit", "--mark-unit")


@pytest.mark.parametrize(
    ("step", "mark_unit"),
    [("0.001", "0.00001"), ("0.005", "0.00001"), ("1", "0.00000001"), ("100", "0.00000001")],
)
def test_the_mark_unit_times_a_step_is_what_equity_is_counted_in(step: str, mark_unit: str) -> None:
    found = finest_mark_unit(whole_unit(step, "quantity step", "--step"))

    assert found == mark_unit
    assert (Decimal(found) * Decimal(step)) % Decimal("1e-8") == 0

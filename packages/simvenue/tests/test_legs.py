"""Legs average their entries and realise on closes (T-1, T-2, LS-33)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.instrument import Steps
from gridcore.sides import BUY, LONG, SELL, SHORT
from simvenue.legs import Leg, Pair

STEP = Decimal("0.001")


def test_two_opens_average_the_entry_and_a_close_realises_against_it() -> None:
    leg = Leg(LONG)

    leg.fill(BUY, Decimal(100), Decimal("0.010"), Steps(10))
    leg.fill(BUY, Decimal(110), Decimal("0.010"), Steps(10))
    realised = leg.fill(SELL, Decimal(120), Decimal("0.005"), Steps(5))

    assert (leg.size, leg.qty, leg.entry) == (15, Decimal("0.015"), Decimal(105))
    assert realised == Decimal("0.075")


def test_a_leg_closed_completely_is_flat_and_has_no_entry() -> None:
    leg = Leg(SHORT)
    leg.fill(SELL, Decimal(100), Decimal("0.010"), Steps(10))

    realised = leg.fill(BUY, Decimal(90), Decimal("0.010"), Steps(10))

    assert (leg.size, leg.entry, realised) == (0, None, Decimal("0.1"))
    assert leg.unrealised(Decimal(50)) == 0


def test_a_close_larger_than_the_leg_is_our_own_fault_and_dies() -> None:
    leg = Leg(LONG)
    leg.fill(BUY, Decimal(100), Decimal("0.010"), Steps(10))

    with pytest.raises(AssertionError):
        leg.fill(SELL, Decimal(100), Decimal("0.011"), Steps(11))


@given(
    long=st.lists(st.tuples(st.integers(1, 50), st.integers(900, 1100)), max_size=6),
    short=st.lists(st.tuples(st.integers(1, 50), st.integers(900, 1100)), max_size=6),
    mark=st.integers(500, 1500),
)
def test_the_pair_s_line_gives_the_sum_of_the_legs_profits(
    long: list[tuple[int, int]], short: list[tuple[int, int]], mark: int
) -> None:
    pair = Pair()
    for steps, price in long:
        pair.long.fill(BUY, Decimal(price), STEP * steps, Steps(steps))
    for steps, price in short:
        pair.short.fill(SELL, Decimal(price), STEP * steps, Steps(steps))

    pair.changed()

    profit = pair.net * mark + pair.offset
    expected = sum((STEP * steps * (mark - price) for steps, price in long), Decimal(0))
    expected += sum((STEP * steps * (price - mark) for steps, price in short), Decimal(0))
    assert abs(profit - expected) < Decimal("1e-20")
    assert pair.gross == STEP * (pair.long.size + pair.short.size)
    assert pair.open is bool(long or short)
    assert (pair.leg(LONG), pair.leg(SHORT)) == pair.legs

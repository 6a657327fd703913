"""The words between engine and side policies: limits of denied places, candidates, indices."""

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.policy import (
    BUY_INDEX,
    DIRECTIONS,
    NO_LIMITS,
    SELL_INDEX,
    SIDES,
    Candidate,
    ChangeCause,
    Hold,
    LevelsChanged,
    Limits,
)
from gridcore.sides import BUY, LONG, SELL, SHORT

indices = st.sampled_from([0, 1])
prices = st.integers(1, 10_000)


def test_indices_name_buy_before_sell_and_long_before_short() -> None:
    assert (SIDES[BUY_INDEX], SIDES[SELL_INDEX]) == (BUY, SELL)
    assert DIRECTIONS == (LONG, SHORT)


def test_a_denied_buy_denies_what_lies_below_it_and_nothing_above() -> None:
    limits = Limits()
    limits.deny_from(0, BUY_INDEX, 100)
    assert limits.denies(0, BUY_INDEX, 100)
    assert limits.denies(0, BUY_INDEX, 99)
    assert not limits.denies(0, BUY_INDEX, 101)


def test_a_denied_sell_denies_what_lies_above_it_and_nothing_below() -> None:
    limits = Limits()
    limits.deny_from(1, SELL_INDEX, 100)
    assert limits.denies(1, SELL_INDEX, 100)
    assert limits.denies(1, SELL_INDEX, 101)
    assert not limits.denies(1, SELL_INDEX, 99)


@given(direction=indices, side=indices, price=prices, other=prices)
def test_a_denial_concerns_its_direction_and_side_alone(
    direction: int, side: int, price: int, other: int
) -> None:
    limits = Limits()
    limits.deny_from(direction, side, price)
    assert not limits.denies(1 - direction, side, other)
    assert not limits.denies(direction, 1 - side, other)


def test_a_lifted_limit_denies_nothing_and_says_whether_it_stood() -> None:
    limits = Limits()
    limits.deny_from(0, SELL_INDEX, 100)
    assert limits.lift(0, SELL_INDEX)
    assert not limits.denies(0, SELL_INDEX, 100)
    assert not limits.lift(0, SELL_INDEX)


@given(direction=indices, side=indices, price=prices)
def test_without_limits_nothing_is_denied(direction: int, side: int, price: int) -> None:
    assert not NO_LIMITS.denies(direction, side, price)


def test_a_candidate_is_a_level_with_its_indices() -> None:
    candidate = Candidate(500, 1, BUY_INDEX)
    assert (candidate.price, candidate.direction, candidate.side) == (500, 1, BUY_INDEX)


def test_causes_and_holds_are_closed_sets() -> None:
    assert [cause.value for cause in ChangeCause] == ["built", "rebuilt", "shifted"]
    assert [hold.value for hold in Hold] == ["last_mark_gap", "out_of_bounds", "spacing"]


def test_a_change_of_levels_is_compared_by_value() -> None:
    change = LevelsChanged(at=Instant(1), cause=ChangeCause.SHIFTED, detail="levels=1")
    assert change == LevelsChanged(at=Instant(1), cause=ChangeCause.SHIFTED, detail="levels=1")
    assert change != LevelsChanged(at=Instant(2), cause=ChangeCause.SHIFTED, detail="levels=1")

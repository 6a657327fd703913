"""The circuit breaker: three refusals of one placement in 60 s stop it for 60 s (L36, LS-23)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import SECOND_US, Instant
from gridcore.saved import Saved
from gridcore.session.breakers import Breaker
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

KEY = (0, 0, 9900)
OTHER = (0, 0, 9800)


def at(second: float) -> Instant:
    return Instant(int(second * SECOND_US))


@pytest.mark.parametrize(
    ("direction", "side", "key"),
    [
        (LONG, BUY, (0, 0, 7)),
        (LONG, SELL, (0, 1, 7)),
        (SHORT, BUY, (1, 0, 7)),
        (SHORT, SELL, (1, 1, 7)),
    ],
)
def test_a_placement_is_known_by_direction_side_and_price(
    direction: DirectionType, side: SideType, key: tuple[int, int, int]
) -> None:
    assert Breaker.key(direction, side, 7) == key


def test_the_third_refusal_within_a_minute_stops_the_placement_and_no_other() -> None:
    breaker = Breaker()

    assert not breaker.count(KEY, at(0))
    assert not breaker.count(OTHER, at(1))
    assert not breaker.count(KEY, at(30))
    assert not breaker.active
    assert breaker.count(KEY, at(59.9))

    assert breaker.active
    assert breaker.blocks(*KEY)
    assert not breaker.blocks(*OTHER)


def test_refusals_a_minute_apart_do_not_add_up() -> None:
    breaker = Breaker()

    tripped = [breaker.count(KEY, at(second)) for second in (0, 30, 60, 90, 120)]

    assert tripped == [False] * 5


def test_the_block_ends_at_its_deadline_and_not_before() -> None:
    breaker = Breaker()
    for second in (1, 2, 3):
        breaker.count(KEY, at(second))
    assert breaker.next_deadline() == at(63)

    assert not breaker.expire(at(62.9))
    assert breaker.blocks(*KEY)

    assert breaker.expire(at(63))
    assert not breaker.blocks(*KEY)
    assert not breaker.active
    assert breaker.next_deadline() is None


def test_after_a_block_it_takes_three_new_refusals_to_block_again() -> None:
    breaker = Breaker()
    for second in (0, 0, 0):
        breaker.count(KEY, at(second))
    breaker.expire(at(60))

    assert [breaker.count(KEY, at(61)) for _ in range(3)] == [False, False, True]


def test_the_earliest_block_is_the_next_deadline() -> None:
    breaker = Breaker()
    for key, second in ((OTHER, 5), (KEY, 2)):
        for _ in range(3):
            breaker.count(key, at(second))

    assert breaker.next_deadline() == at(62)
    breaker.expire(at(62))
    assert breaker.next_deadline() == at(65)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=60))
def test_blocks_agree_with_a_naive_count(steps: list[tuple[int, int]]) -> None:
    """A refusal counts while it is younger than 60 s and no block has used it up."""
    breaker, now = Breaker(), 0
    refused: dict[int, list[int]] = {}
    for level, by in steps:
        now += by
        times = [time for time in refused.get(level, []) if now - time < 60] + [now]
        tripped = len(times) >= 3
        refused[level] = [] if tripped else times

        assert breaker.count((0, 0, level), at(now)) is tripped
        if tripped:
            assert breaker.blocks(0, 0, level)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), max_size=30),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), max_size=30),
)
def test_a_restored_breaker_answers_as_the_original(
    before: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    breaker, restored, now = Breaker(), Breaker(), 0
    restored.count((9, 9, 9), at(0))
    for level, by in before:
        now += by
        breaker.count((0, 1, level), at(now))

    restored.restore(Saved(json.loads(json.dumps(breaker.snapshot()))))

    assert restored.snapshot() == breaker.snapshot()
    for level, by in after:
        now += by
        assert restored.expire(at(now)) == breaker.expire(at(now))
        assert restored.count((0, 1, level), at(now)) is breaker.count((0, 1, level), at(now))
        assert restored.next_deadline() == breaker.next_deadline()

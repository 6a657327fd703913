"""At most so many placements in any 60 s: denied until a deadline, never for good (W25)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import SECOND_US, Instant
from gridcore.config import NO_COUNT_LIMIT
from gridcore.saved import Saved, SavedStateError
from gridcore.session.placement_rate import PlacementRate


def at(second: float) -> Instant:
    return Instant(int(second * SECOND_US))


def noted(limit: int, *seconds: float) -> PlacementRate:
    rate = PlacementRate(limit)
    for second in seconds:
        rate.note(at(second))
    return rate


def test_the_window_is_full_with_the_last_placement_that_it_allows() -> None:
    assert not noted(3, 0, 1).full(at(2))
    assert noted(3, 0, 1, 2).full(at(2))


def test_room_comes_back_exactly_60_s_after_the_oldest_placement() -> None:
    rate = noted(2, 10, 40)

    assert rate.free_at() == at(70)
    assert rate.full(Instant(at(70) - 1))
    assert not rate.full(at(70))


def test_a_window_with_room_waits_for_nothing() -> None:
    assert noted(2).free_at() is None
    assert noted(2, 5).free_at() is None


def test_a_placement_beyond_the_limit_delays_the_next_room() -> None:
    """An order that was already approved when the window filled counts like any other."""
    rate = noted(2, 0, 10, 20)

    assert rate.free_at() == at(70)
    assert rate.full(at(69))
    assert not rate.full(at(70))


def test_memory_holds_a_minute_even_without_a_limit() -> None:
    rate = noted(NO_COUNT_LIMIT, *range(200))

    assert rate.snapshot() == {"placed": [at(second) for second in range(140, 200)]}
    assert not rate.full(at(199))


@given(st.integers(1, 5), st.lists(st.integers(0, 30), max_size=60))
def test_no_60_s_ever_hold_more_placements_than_the_limit(limit: int, gaps: list[int]) -> None:
    rate, now, placed = PlacementRate(limit), 0, list[int]()
    for gap in gaps:
        now += gap
        recent = [second for second in placed if now - second < 60]

        assert rate.full(at(now)) is (len(recent) >= limit)
        if rate.full(at(now)):
            assert rate.free_at() == at(recent[-limit] + 60)
        else:
            rate.note(at(now))
            placed.append(now)


@given(st.integers(1, 4), st.lists(st.integers(0, 30), max_size=20))
def test_a_restored_rate_answers_as_the_original(limit: int, gaps: list[int]) -> None:
    rate, restored, now = PlacementRate(limit), noted(limit, 0, 0, 0, 0, 0), 0
    for gap in gaps:
        now += gap
        rate.note(at(now))

    restored.restore(Saved(json.loads(json.dumps(rate.snapshot()))))

    assert restored.snapshot() == rate.snapshot()
    assert restored.free_at() == rate.free_at()
    for later in (0, 30, 60):
        assert restored.full(at(now + later)) is rate.full(at(now + later))


def test_saved_placements_that_are_no_instants_are_refused() -> None:
    with pytest.raises(SavedStateError, match="placed: expected a list of whole numbers"):
        PlacementRate(1).restore(Saved({"placed": ["soon"]}))

"""Duplicates are overlapping resting times, never fill times (L24, L25, L28, L29, L31, LS-35)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import HOUR_US, MINUTE_US, SECOND_US, Instant
from gridcore.saved import Saved
from gridcore.session.duplicates import (
    LEVELS_REMEMBERED,
    ORDERS_PER_LEVEL,
    DuplicateGuard,
    Overlap,
    Rested,
)

KEY = (0, 0, 9900)


def at(second: float) -> Instant:
    return Instant(int(second * SECOND_US))


def fill(
    guard: DuplicateGuard,
    order_id: str,
    rested_from: float,
    until: float,
    key: tuple[int, int, int] = KEY,
) -> Overlap | None:
    """An order that rested from second to second and is reported in the instant it fills."""
    return guard.filled(key, order_id, at(rested_from), at(until), at(until))


@pytest.mark.parametrize("gap_s", [1, 10, 7200])
def test_fills_of_orders_that_rested_one_after_the_other_are_legitimate_a18(gap_s: int) -> None:
    guard = DuplicateGuard()
    fill(guard, "A", 0, 100)

    assert fill(guard, "B", 100.5, 100 + gap_s) is None
    assert guard.latched is None
    assert guard.next_deadline() is None


@pytest.mark.parametrize("gap_s", [0, 1, 10, 7200])
def test_fills_of_orders_that_rested_together_latch_however_far_apart_they_filled_a18_l24(
    gap_s: int,
) -> None:
    guard = DuplicateGuard()
    fill(guard, "A", 0, 100)

    overlap = fill(guard, "B", 50, 100 + gap_s)

    assert overlap == Overlap(
        direction=0,
        side=0,
        price=9900,
        earlier=Rested(order_id="A", rested_from=at(0), until=at(100)),
        later=Rested(order_id="B", rested_from=at(50), until=at(100 + gap_s)),
        since=at(100 + gap_s),
    )
    assert guard.latched == overlap


def test_the_evidence_names_both_orders_and_both_intervals_l29() -> None:
    guard = DuplicateGuard()
    fill(guard, "A", 0, 2)

    overlap = fill(guard, "B", 1, 3)

    assert overlap is not None
    assert overlap.text == (
        "orders A and B of one level both filled although they rested at the same time:"
        " [0, 2000000) and [1000000, 3000000)"
    )


def test_the_order_that_rested_first_is_the_earlier_one_whichever_is_reported_first() -> None:
    guard = DuplicateGuard()
    fill(guard, "B", 50, 150)

    overlap = fill(guard, "A", 0, 100)

    assert overlap is not None
    assert (overlap.earlier.order_id, overlap.later.order_id) == ("A", "B")


def test_an_order_placed_in_the_instant_in_which_the_last_one_filled_is_no_duplicate() -> None:
    guard = DuplicateGuard()
    fill(guard, "A", 0, 100)

    assert fill(guard, "B", 100, 200) is None
    assert fill(guard, "Z", -50, 0) is None


def test_orders_that_filled_at_once_are_judged_by_the_instant_between() -> None:
    guard = DuplicateGuard()
    fill(guard, "A", 0, 100)

    assert fill(guard, "B", 100, 100) is None
    assert fill(guard, "C", 50, 50) is not None


@pytest.mark.parametrize("key", [(0, 1, 9900), (1, 0, 9900), (0, 0, 9901)])
def test_orders_of_different_levels_never_overlap(key: tuple[int, int, int]) -> None:
    guard = DuplicateGuard()
    fill(guard, "A", 0, 100)

    assert fill(guard, "B", 0, 100, key) is None


def test_the_same_fill_reported_again_changes_nothing_l29_l31() -> None:
    guard = DuplicateGuard()
    fill(guard, "A", 0, 100)
    fill(guard, "B", 50, 150)
    fill(guard, "C", 0, 9, (1, 1, 9900))
    guard.release()
    before = guard.snapshot()

    assert [fill(guard, order_id, 0, 999) for order_id in "ABAB"] == [None] * 4

    assert guard.snapshot() == before
    assert guard.latched is None


def test_a_level_revisited_for_a_week_is_never_flagged_l28() -> None:
    guard = DuplicateGuard()

    found = [fill(guard, f"X{hour}", hour * 3600, hour * 3600 + 3599) for hour in range(168)]

    assert found == [None] * 168


def test_an_unrelated_fill_does_not_release_the_latch_l25_x_6() -> None:
    guard = DuplicateGuard()
    fill(guard, "A", 0, 100)
    overlap = fill(guard, "B", 50, 150)

    fill(guard, "C", 160, 170, (1, 1, 9900))
    fill(guard, "D", 160, 170)

    assert guard.latched == overlap


def test_a_clean_reconcile_releases_the_latch_once_l29() -> None:
    guard = DuplicateGuard()
    fill(guard, "A", 0, 100)
    fill(guard, "B", 50, 150)

    assert guard.release()

    assert guard.latched is None
    assert guard.next_deadline() is None
    assert not guard.release()
    assert fill(guard, "C", 150, 160) is None, "the next order is on its own again"


def test_the_latch_ends_by_itself_after_30_minutes_l29() -> None:
    guard = DuplicateGuard()
    fill(guard, "A", 0, 100)
    fill(guard, "B", 50, 150)
    end = at(150) + 30 * MINUTE_US
    assert guard.next_deadline() == end

    assert not guard.expire(Instant(end - 1))
    assert guard.latched is not None

    assert guard.expire(Instant(end))
    assert guard.latched is None
    assert not guard.expire(Instant(end))


def test_an_overlap_learned_hours_later_is_dated_by_when_it_was_learned() -> None:
    guard = DuplicateGuard()
    learned = Instant(5 * HOUR_US)
    guard.filled(KEY, "A", at(0), at(100), learned)

    overlap = guard.filled(KEY, "B", at(50), at(150), learned)

    assert overlap is not None
    assert overlap.since == learned
    assert not guard.expire(Instant(learned + 1))


def test_a_newer_overlap_renews_the_latch() -> None:
    guard = DuplicateGuard()
    fill(guard, "A", 0, 100)
    fill(guard, "B", 50, 150)

    overlap = fill(guard, "C", 140, 900)

    assert overlap is not None
    assert (overlap.earlier.order_id, overlap.later.order_id) == ("B", "C")
    assert guard.next_deadline() == at(900) + 30 * MINUTE_US


def test_only_the_last_orders_of_a_level_are_remembered() -> None:
    guard = DuplicateGuard()
    for number in range(ORDERS_PER_LEVEL + 1):
        fill(guard, f"X{number}", number * 10, number * 10 + 9)

    assert fill(guard, "over the forgotten one", 0, 5) is None
    assert fill(guard, "over the newest", 45, 99) is not None


def test_only_the_levels_that_filled_last_are_remembered() -> None:
    guard = DuplicateGuard()
    for price in range(LEVELS_REMEMBERED):
        fill(guard, f"A{price}", 0, 100, (0, 0, price))
    fill(guard, "again", 100, 110, (0, 0, 0))
    fill(guard, "one more", 0, 100, (0, 0, LEVELS_REMEMBERED))

    assert fill(guard, "B0", 50, 150, (0, 0, 0)) is not None
    assert fill(guard, "B1", 50, 150, (0, 0, 1)) is None


INTERVALS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 5)), max_size=ORDERS_PER_LEVEL)


@given(INTERVALS)
def test_it_latches_exactly_when_two_resting_times_share_an_instant(
    intervals: list[tuple[int, int]],
) -> None:
    guard = DuplicateGuard()
    instants: set[int] = set()
    for number, (start, length) in enumerate(intervals):
        shared = any(half in instants for half in range(2 * start + 1, 2 * (start + length + 1)))
        instants.update(range(2 * start + 1, 2 * (start + length + 1)))

        found = fill(guard, f"X{number}", start, start + length + 1)

        assert (found is not None) is shared


@given(INTERVALS, INTERVALS)
def test_a_restored_guard_answers_as_the_original(
    before: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    guard, restored = DuplicateGuard(), DuplicateGuard()
    fill(restored, "stale", 0, 99, (9, 9, 9))
    fill(restored, "stale too", 0, 99, (9, 9, 9))
    for number, (start, length) in enumerate(before):
        fill(guard, f"X{number}", start, start + length, (0, 0, number % 2))

    restored.restore(Saved(json.loads(json.dumps(guard.snapshot()))))

    assert restored.snapshot() == guard.snapshot()
    assert restored.latched == guard.latched
    for number, (start, length) in enumerate(after):
        key = (0, 0, number % 2)
        assert fill(restored, f"Y{number}", start, start + length, key) == fill(
            guard, f"Y{number}", start, start + length, key
        )
    assert restored.next_deadline() == guard.next_deadline()
    assert restored.snapshot() == guard.snapshot()

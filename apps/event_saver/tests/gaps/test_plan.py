"""Windows of gaps: wide enough, sliced as the exchange takes them, the same in every time zone."""

import os
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_saver.gaps.plan import Reach, Slices, Stretch, reach_of, stretch_of
from gridcore.clock import DAY_US, SECOND_US, Instant

BEGIN = 1_800_000_000


def at(second: float) -> Instant:
    return Instant(int((BEGIN + second) * SECOND_US))


def stretch(start: float, end: float) -> Stretch:
    return Stretch(start=at(start), end=at(end))


def all_of(slices: Slices) -> list[Stretch]:
    found = []
    while (one := slices.next()) is not None:
        found.append(one)
        slices.answered()
    return found


def test_a_window_is_10_s_wider_than_the_gap_on_both_sides() -> None:
    assert stretch_of(at(10), at(20), None) == stretch(0, 30)


def test_a_window_begins_at_the_last_row_before_the_gap_l73() -> None:
    assert stretch_of(at(10), at(20), at(4)) == stretch(-6, 30)


def test_rows_that_came_after_the_gap_do_not_shorten_its_window_l73() -> None:
    assert stretch_of(at(10), at(20), at(15)) == stretch(0, 30)


def test_an_outage_of_weeks_is_asked_in_slices_of_seven_days_a43() -> None:
    found = all_of(Slices(stretch(0, 16 * 86_400)))

    assert len(found) == 3
    assert found[0].start == at(0)
    assert found[-1].end == at(16 * 86_400)
    assert all(one.end - one.start < 7 * DAY_US for one in found)
    assert all(later.start - one.end == 1_000 for one, later in pairwise(found))


@given(
    rows=st.lists(st.integers(0, 5_000), max_size=60),
    page_max=st.integers(1, 7),
)
def test_halving_finds_every_row_once_however_few_a_listing_gives(
    rows: list[int], page_max: int
) -> None:
    times = sorted(Instant(at(0) + ms * 1_000) for ms in set(rows))
    slices = Slices(Stretch(start=at(0), end=at(5)))
    found: list[Instant] = []
    while (one := slices.next()) is not None:
        listed = [moment for moment in times if one.start <= moment <= one.end]
        if len(listed) > page_max and slices.halve():
            continue
        found.extend(listed)
        slices.answered()

    assert found == times


def test_a_millisecond_is_not_halved() -> None:
    slices = Slices(stretch(0, 0))

    assert not slices.halve()
    assert slices.next() == stretch(0, 0)


def test_trades_that_reach_back_behind_the_gap_cover_it() -> None:
    assert reach_of(stretch(5, 9), at(4.9), everything=False) == Reach(
        lost=None, covered=stretch(5, 9)
    )


def test_a_market_with_fewer_trades_than_a_listing_holds_is_covered_whole() -> None:
    assert reach_of(stretch(5, 9), at(8), everything=True).lost is None
    assert reach_of(stretch(5, 9), None, everything=True).lost is None


def test_what_lies_before_the_oldest_trade_listed_is_lost_and_the_rest_is_not_l74() -> None:
    found = reach_of(stretch(5, 9), at(7), everything=False)

    assert found.lost == stretch(5, 7)
    assert found.covered == Stretch(start=Instant(at(7) + 1), end=at(9))


@pytest.mark.parametrize("oldest", [at(9), at(10), None])
def test_a_gap_before_all_that_is_listed_is_lost_whole_l74(oldest: Instant | None) -> None:
    assert reach_of(stretch(5, 9), oldest, everything=False) == Reach(
        lost=stretch(5, 9), covered=None
    )


def test_a_trade_of_the_very_instant_the_gap_begins_at_may_not_be_the_only_one() -> None:
    assert reach_of(stretch(5, 9), at(5), everything=False).lost == stretch(5, 5)


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Etc/GMT+8", "UTC"])
def test_windows_are_the_same_in_every_time_zone_of_the_host_a44(
    zone: str, request: pytest.FixtureRequest
) -> None:
    before = os.environ.get("TZ")

    def restore() -> None:
        if before is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = before
        time.tzset()

    request.addfinalizer(restore)
    os.environ["TZ"] = zone
    time.tzset()

    found = all_of(Slices(stretch_of(at(10), at(20), at(4))))

    assert [(one.start // 1_000, one.end // 1_000) for one in found] == [
        (1_799_999_994_000, 1_800_000_030_000)
    ]

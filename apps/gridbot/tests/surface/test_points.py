"""A line of points over time."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gridbot.surface.points import PointLine
from gridcore.clock import MINUTE_US, SECOND_US, Instant
from gridcore.saved import Saved, SavedStateError

ZERO = 1_767_225_600


def at(second: int) -> Instant:
    return Instant((ZERO + second) * SECOND_US)


def test_within_an_interval_the_newest_point_moves() -> None:
    line = PointLine(MINUTE_US, 10)

    for second in (0, 30, 59, 60, 61):
        line.add(at(second), Decimal(second))

    assert line.rows() == [[ZERO + 59, "59"], [ZERO + 61, "61"]]


def test_the_oldest_points_are_forgotten_and_the_past_is_not_rewritten() -> None:
    line = PointLine(SECOND_US, 2)

    for second in (1, 2, 3, 2):
        line.add(at(second), Decimal(second))

    assert line.rows() == [[ZERO + 2, "2"], [ZERO + 3, "3"]]


def test_a_coarse_line_gives_way_to_a_finer_one() -> None:
    coarse, fine = PointLine(MINUTE_US, 10), PointLine(SECOND_US, 10)
    for second in (0, 60, 120):
        coarse.add(at(second), Decimal(second))
    assert len(coarse.rows_before(fine)) == 3

    fine.add(at(100), Decimal(100))

    assert coarse.rows_before(fine) == [[ZERO, "0"], [ZERO + 60, "60"]]


def test_whether_a_value_would_be_a_new_point_is_known_before() -> None:
    line = PointLine(MINUTE_US, 10)
    assert line.wants(at(0))
    line.add(at(0), Decimal(1))

    assert not line.wants(at(59))
    assert line.wants(at(60))


@given(some.lists(some.integers(0, 500), max_size=40))
def test_points_come_back_as_they_were_saved(seconds: list[int]) -> None:
    line, again = PointLine(10 * SECOND_US, 8), PointLine(10 * SECOND_US, 8)
    for second in seconds:
        line.add(at(second), Decimal(second))

    again.restore(Saved(line.snapshot()))

    assert again.rows() == line.rows()
    assert len(line.rows()) <= 8
    assert line.rows() == sorted(line.rows())


def test_times_without_their_values_are_refused() -> None:
    with pytest.raises(SavedStateError, match="expected 2 values, found 1"):
        PointLine(1, 1).restore(Saved({"at": [1, 2], "value": ["1"]}))

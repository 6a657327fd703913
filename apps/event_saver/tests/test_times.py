"""Instants and datetimes: exact to the microsecond, and of no time zone but UTC (L97)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_saver.times import instant, moment
from gridcore.clock import Instant


@given(st.integers(0, 4_102_444_800_000_000))
def test_an_instant_survives_the_way_there_and_back(us: int) -> None:
    assert instant(moment(Instant(us))) == us


def test_a_time_of_another_zone_is_the_same_instant() -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))

    found = instant(datetime(2026, 1, 1, 5, 30, tzinfo=kolkata))

    assert moment(found) == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="with a time zone"):
        instant(datetime(2026, 1, 1))  # noqa: DTZ001 - the refusal is what is tested

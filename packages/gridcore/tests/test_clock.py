"""Time in whole microseconds."""

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import DAY_US, EARLIEST_PLAUSIBLE, HOUR_US, MINUTE_US, Instant, utc_midnight


def test_midnight_of_an_afternoon_is_the_start_of_its_day() -> None:
    afternoon = Instant(1_735_689_600_000_000 + 13 * HOUR_US + 5 * MINUTE_US)  # 2025-01-01T13:05Z

    assert utc_midnight(afternoon) == 1_735_689_600_000_000


def test_midnight_is_its_own_midnight() -> None:
    assert utc_midnight(Instant(1_735_689_600_000_000)) == 1_735_689_600_000_000


@given(st.integers(0, 4 * 10**15))
def test_midnight_lies_less_than_a_day_before(now: int) -> None:
    midnight = utc_midnight(Instant(now))

    assert 0 <= now - midnight < DAY_US
    assert midnight % DAY_US == 0


def test_the_first_plausible_time_is_the_start_of_2010() -> None:
    assert EARLIEST_PLAUSIBLE == 1_262_304_000_000_000

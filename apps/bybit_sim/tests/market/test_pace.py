"""Speeds and the line between the wall clock and market time."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_sim.market.pace import Pace, Pacing, parse_speed
from gridcore.clock import SECOND_US, Instant


@pytest.mark.parametrize(
    ("text", "pacing", "rate"),
    [
        ("1x", Pacing.TIMED, Fraction(1)),
        ("60x", Pacing.TIMED, Fraction(60)),
        ("0.5x", Pacing.TIMED, Fraction(1, 2)),
        ("max", Pacing.MAX, Fraction(1)),
        ("lockstep", Pacing.LOCKSTEP, Fraction(1)),
    ],
)
def test_speeds_are_read(text: str, pacing: Pacing, rate: Fraction) -> None:
    speed = parse_speed(text)

    assert (speed.text, speed.pacing, speed.rate) == (text, pacing, rate)


@pytest.mark.parametrize(
    "text", ["", "fast", "60", "0x", "-1x", "1e9x", "1e5x", "1/2x", "1_0x", "1/0x", "x"]
)
def test_what_is_no_speed_is_refused_with_the_speeds_there_are(text: str) -> None:
    with pytest.raises(ValueError, match='expected "1x", "60x"'):
        parse_speed(text)


def test_market_time_passes_at_the_rate() -> None:
    pace = Pace(Fraction(60), Instant(1_000 * SECOND_US), 5.0)

    assert pace.market_at(6.5) == 1_090 * SECOND_US
    assert pace.wall_until(Instant(1_120 * SECOND_US), 5.5) == pytest.approx(1.5)
    assert pace.wall_until(Instant(1_000 * SECOND_US), 5.5) == 0


@given(
    rate=st.sampled_from([Fraction(1), Fraction(60), Fraction(1, 3)]),
    wait_s=st.floats(0, 10**6, allow_nan=False),
)
def test_waiting_for_a_market_time_reaches_it(rate: Fraction, wait_s: float) -> None:
    pace = Pace(rate, Instant(1_767_571_200 * SECOND_US), 100.0)
    due = pace.market_at(100.0 + wait_s)

    reached = pace.market_at(100.0 + pace.wall_until(due, 100.0))

    assert abs(reached - due) <= 60

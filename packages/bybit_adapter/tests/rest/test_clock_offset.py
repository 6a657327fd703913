import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_adapter.rest.clock_offset import ClockOffset, ClockSample, measured
from gridcore.clock import Instant

NOW = Instant(1_780_000_000_000_000)


def sample(sent_us: int, trip_us: int, exchange_us: int) -> ClockSample:
    return ClockSample(
        sent_at=Instant(NOW + sent_us),
        answered_at=Instant(NOW + sent_us + trip_us),
        exchange_at=Instant(NOW + exchange_us),
    )


def test_the_answer_lies_half_a_round_trip_back() -> None:
    assert measured([sample(0, 80_000, 1_540_000)]) == ClockOffset(
        offset_us=1_500_000, uncertainty_us=40_000, measured_at=Instant(NOW + 80_000)
    )


def test_the_quickest_sample_counts() -> None:
    samples = [sample(0, 900_000, 0), sample(10, 2_000, 501_010), sample(20, 50_000, 9)]

    assert measured(samples).offset_us == 500_000


def test_a_clock_that_was_set_back_during_the_question_gives_no_negative_trip() -> None:
    found = measured([sample(0, -5_000, 100)])

    assert (found.offset_us, found.uncertainty_us) == (100, 0)


def test_an_offset_needs_a_sample() -> None:
    with pytest.raises(AssertionError):
        measured([])


@given(st.integers(-(10**12), 10**12), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_true_offset_is_within_the_uncertainty(there: int, back: int, offset: int) -> None:
    arrival = there % 10**6
    one = sample(0, arrival + back, offset + arrival)

    found = measured([one])

    assert abs(found.offset_us - offset) <= found.uncertainty_us
    assert found.exchange_time(NOW) == NOW + found.offset_us

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_adapter.windows import MILLISECOND_US, SPAN_US_MAX, Window, windows
from gridcore.clock import DAY_US, Instant

START = Instant(1_780_000_000_000_000)


def test_a_stretch_within_seven_days_is_one_window() -> None:
    assert windows(START, Instant(START + DAY_US)) == (
        Window(start_ms=1_780_000_000_000, end_ms=1_780_086_400_000),
    )


def test_a_longer_stretch_is_sliced_newest_first_without_an_overlap() -> None:
    """A43: an outage of more than seven days."""
    found = windows(START, Instant(START + 10 * DAY_US))

    assert found == (
        Window(start_ms=1_780_259_200_001, end_ms=1_780_864_000_000),
        Window(start_ms=1_780_000_000_000, end_ms=1_780_259_200_000),
    )


def test_a_single_instant_is_asked_with_its_millisecond() -> None:
    assert windows(Instant(START + 999), Instant(START + 999)) == (
        Window(start_ms=1_780_000_000_000, end_ms=1_780_000_000_000),
    )


def test_a_stretch_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="not after the end"):
        windows(START, Instant(START - 1))


@pytest.mark.parametrize("span", [0, 999, 1001, -1000])
def test_a_span_of_no_whole_millisecond_is_refused(span: int) -> None:
    with pytest.raises(ValueError, match="whole milliseconds"):
        windows(START, START, span)


@given(st.integers(0, 40 * DAY_US), st.integers(0, 999), st.integers(1, 7 * 86_400_000))
def test_every_millisecond_lies_in_exactly_one_window_and_none_is_too_long(
    length: int, odd: int, span_ms: int
) -> None:
    start = Instant(START + odd)
    end = Instant(start + length)
    span = max(span_ms * MILLISECOND_US, SPAN_US_MAX // 100)

    found = windows(start, end, span)

    assert found[0].end_ms == end // MILLISECOND_US
    assert found[-1].start_ms == start // MILLISECOND_US
    for newer, older in itertools.pairwise(found):
        assert newer.start_ms == older.end_ms + 1
    for one in found:
        assert one.start_ms <= one.end_ms
        assert (one.end_ms - one.start_ms) * MILLISECOND_US < span

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appkit.dates import Window, instant_iso, instant_text, parse_end, parse_instant, parse_window
from appkit.exits import UserError
from gridcore.clock import Instant

JAN_31 = 1_769_817_600_000_000  # 2026-01-31T00:00:00Z


@pytest.mark.parametrize(
    ("text", "after_midnight_us"),
    [
        ("2026-01-31", 0),
        ("2026/1/31", 0),
        (" 2026-01-31 14:30 ", 52_200_000_000),
        ("2026-01-31 14:30:05", 52_205_000_000),
        ("2026/01/31 14:30:05.25", 52_205_250_000),
        ("2026-01-31T14:30:05.000001Z", 52_205_000_001),
        ("2026-01-31 14:30 UTC", 52_200_000_000),
        ("2026-01-31T16:30:00+02:00", 52_200_000_000),
        ("2026-01-31T09:00:00-0530", 52_200_000_000),
    ],
)
def test_a_utc_date_is_read_in_every_usual_form(text: str, after_midnight_us: int) -> None:
    assert parse_instant(text) == JAN_31 + after_midnight_us


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "31.01.2026", "2026-01", "1769817600", "2026-01/31", "2026-01-31T", "26-1-1"],
)
def test_any_other_form_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UserError, match="expected a UTC date like 2026-01-31"):
        parse_instant(text, "start")


@pytest.mark.parametrize("text", ["2026-02-29", "2026-13-01", "2026-01-31 25:00"])
def test_a_day_that_is_not_in_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="not in the calendar"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["1969-12-31", "0001-01-01 00:00+14:00", "9999-12-31"])
def test_a_date_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="out of range"):
        parse_instant(text)


def test_an_impossible_offset_is_refused() -> None:
    with pytest.raises(UserError, match="impossible offset"):
        parse_instant("2026-01-31 14:30+25:00")


def test_a_date_alone_as_the_end_means_that_whole_day() -> None:
    """LS-83: the last day used to be lost."""
    assert parse_end("2026-01-31") == JAN_31 + 86_400_000_000


def test_an_end_with_a_time_is_that_instant() -> None:
    assert parse_end("2026-01-31 00:00") == JAN_31


def test_one_day_as_start_and_end_is_the_window_of_that_day() -> None:
    window = parse_window("2026-01-31", "2026-01-31")
    assert window == Window(start=Instant(JAN_31), end=Instant(JAN_31 + 86_400_000_000))


def test_an_absent_bound_stays_open() -> None:
    assert parse_window(None, None) == Window(start=None, end=None)


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-02-02", "2026-01-31"), ("2026-01-31 10:00", "2026-01-31 10:00")],
)
def test_a_reversed_or_empty_window_is_refused(start: str, end: str) -> None:
    with pytest.raises(UserError, match="is not after the start"):
        parse_window(start, end)


def test_an_instant_is_shown_in_utc_with_only_the_digits_it_has() -> None:
    assert instant_text(JAN_31) == "2026-01-31 00:00:00"
    assert instant_text(JAN_31 + 250_000) == "2026-01-31 00:00:00.250000"
    assert instant_iso(JAN_31) == "2026-01-31T00:00:00.000000Z"


@given(st.integers(0, 253_402_128_000_000_000))
def test_both_texts_of_an_instant_read_back_as_that_instant(instant: int) -> None:
    assert parse_instant(instant_text(instant)) == instant
    assert parse_instant(instant_iso(instant)) == instant

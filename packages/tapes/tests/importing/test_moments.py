"""Times in every unit become microseconds."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.importing.decimals import EXACT, INEXACT, UNREADABLE
from tapes.importing.fields import Fields
from tapes.importing.moments import (
    TimeUnit,
    in_range,
    moments,
    parse_iso_day,
    parse_iso_time,
    parse_iso_times,
    parse_number_times,
    parse_offset,
    settle_unit,
    two_digits,
)

Variant = Callable[[Callable[..., Any]], Callable[..., Any]]
FieldsOf = Callable[[Sequence[str]], Fields]

TIME_US = 1_767_653_689_230_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def letters(text: str) -> np.ndarray:
    return np.frombuffer(text.encode() or b" ", np.uint8)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("1767653689.2300", TimeUnit.SECONDS),
        ("1767653689.230000", TimeUnit.SECONDS),
        ("1.76765368923E9", TimeUnit.SECONDS),
        ("1767653689230", TimeUnit.MILLISECONDS),
        ("1767653689230000", TimeUnit.MICROSECONDS),
        ("1767653689230000000", TimeUnit.NANOSECONDS),
        ("2026-01-05 22:54:49.23+00:00", TimeUnit.ISO),
        ("2026-01-05T23:54:49.230+0100", TimeUnit.ISO),
        ("2026-01-05T22:54:49.230Z", TimeUnit.ISO),
        ("2026-01-05 22:54:49.23", TimeUnit.ISO),
    ],
)
def test_one_moment_in_every_unit(fields_of: FieldsOf, text: str, unit: TimeUnit) -> None:
    fields = fields_of(["?", text])

    read = moments(fields, unit)

    assert settle_unit(fields) is unit
    assert read.values[1] == TIME_US
    assert read.unreadable.tolist() == [True, False]
    assert not read.cut.any()


def test_digits_below_a_microsecond_are_cut_and_noticed(fields_of: FieldsOf) -> None:
    assert moments(fields_of(["1767653689.2300009"]), TimeUnit.SECONDS).cut[0]
    assert moments(fields_of(["1767653689230000001"]), TimeUnit.NANOSECONDS).cut[0]
    assert moments(fields_of(["2026-01-05T22:54:49.1234567Z"]), TimeUnit.ISO).cut[0]


def test_no_readable_row_settles_no_unit(fields_of: FieldsOf) -> None:
    assert settle_unit(fields_of(["", "x", "12"])) is None


@settings(deadline=None, max_examples=150)
@given(
    seconds=st.integers(1_230_854_400, 4_102_272_000),
    microsecond=st.integers(0, 999_999),
    offset=st.integers(-14 * 60, 14 * 60),
    separator=st.sampled_from(" T"),
)
def test_iso_times_equal_those_of_the_standard_library(
    variant: Variant, seconds: int, microsecond: int, offset: int, separator: str
) -> None:
    zone = timezone(timedelta(minutes=offset))
    aware = (EPOCH + timedelta(seconds=seconds, microseconds=microsecond)).astimezone(zone)
    text = aware.isoformat(sep=separator)
    values, marks = np.zeros(1, np.int64), np.zeros(1, np.int8)

    variant(parse_iso_times)(letters(text), np.array([0]), np.array([len(text)]), values, marks)

    assert values[0] == (aware - EPOCH) // timedelta(microseconds=1)
    assert marks[0] == EXACT


@pytest.mark.parametrize(
    "text",
    [
        *("2026-02-30", "2025-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026/01/05"),
        *("20260105", "2026-01-05x10:00", "2026-01-05 24:00", "2026-01-05 10", "2026-01-05 10:60"),
        *("2026-01-05 10:00:60", "2026-01-05 10:00:00.", "2026-01-05 10:00:00 UTC"),
        *("2026-01-05 10:00+15:00", "2026-01-05 10:00+1", "2026-01-05 10:00Zulu"),
        *("2026-01-05 10-00", "2026-01-0", "2026"),
    ],
)
def test_what_is_no_date_is_unreadable(variant: Variant, fields_of: FieldsOf, text: str) -> None:
    assert moments(fields_of([text]), TimeUnit.ISO).unreadable[0]
    assert variant(parse_iso_time)(letters(text), 0, len(text)) == (0, UNREADABLE)


@pytest.mark.parametrize(
    "text", ["2026-01-05", "2024-02-29", "2026-01-05 10:30", "2026-01-05T10:30+02"]
)
def test_short_forms_are_read(variant: Variant, text: str) -> None:
    form = datetime.fromisoformat(text)
    aware = form if form.tzinfo else form.replace(tzinfo=UTC)

    found = variant(parse_iso_time)(letters(text), 0, len(text))

    assert found == ((aware - EPOCH) // timedelta(microseconds=1), EXACT)


@pytest.mark.parametrize("text", ["1230767999", "4102444800", "-5", "1767653689230"])
def test_a_number_outside_2009_to_2100_is_in_the_wrong_unit(
    variant: Variant, fields_of: FieldsOf, text: str
) -> None:
    fields = fields_of([text])
    values, marks = np.zeros(1, np.int64), np.zeros(1, np.int8)

    variant(parse_number_times)(fields.text, fields.starts, fields.ends, 6, values, marks)

    assert marks[0] == UNREADABLE


def test_parts_of_a_date(variant: Variant) -> None:
    assert variant(two_digits)(letters("42"), 0, 2) == 42
    assert variant(two_digits)(letters("4x"), 0, 2) == -1
    assert variant(two_digits)(letters("4"), 0, 1) == -1
    assert variant(parse_iso_day)(letters("1970-01-02"), 0, 10) == (86_400_000_000, 10)
    assert variant(parse_iso_day)(letters("1970-01-32"), 0, 10) == (0, -1)
    assert variant(parse_offset)(letters("-01:30"), 0, 6) == (-5_400_000_000, True)
    assert variant(in_range)(TIME_US, INEXACT) == (TIME_US, INEXACT)

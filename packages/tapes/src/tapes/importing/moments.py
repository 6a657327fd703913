"""Reads time text into whole microseconds UTC: numbers since the epoch, or ISO 8601.

Knows calendars and units of time; refuses to know time zones other than offsets.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from tapes.compiled import Integers, compiled
from tapes.importing.decimals import EXACT, INEXACT, UNREADABLE, Flags, parse_decimal
from tapes.importing.fields import Fields

# Recorded crypto markets lie in between; a number outside was read in the wrong unit.
EARLIEST_US = 1_230_768_000_000_000  # 2009-01-01
LATEST_US = 4_102_444_800_000_000  # 2100-01-01

_ZERO, _NINE, _POINT, _PLUS, _MINUS, _COLON = 48, 57, 46, 43, 45, 58
_SPACE, _LETTER_T, _LETTER_Z = 32, 84, 90
_DAY_US = 86_400_000_000


class TimeUnit(Enum):
    """How a time column is written. AUTO is settled by the first readable row of a file."""

    AUTO = "auto"
    ISO = "iso"
    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    NANOSECONDS = "ns"


# The power of ten from the unit to microseconds.
_MICRO_DECIMALS = {
    TimeUnit.SECONDS: 6,
    TimeUnit.MILLISECONDS: 3,
    TimeUnit.MICROSECONDS: 0,
    TimeUnit.NANOSECONDS: -3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Times in us; `cut` where digits below a microsecond were cut off, `unreadable` where the
    text is no time between 2009 and 2100."""

    values: npt.NDArray[np.int64]
    cut: Flags
    unreadable: Flags


def moments(fields: Fields, unit: TimeUnit) -> Moments:
    """Read every field in a settled unit."""
    values = np.empty(len(fields), np.int64)
    marks = np.empty(len(fields), np.int8)
    if unit is TimeUnit.ISO:
        parse_iso_times(fields.text, fields.starts, fields.ends, values, marks)
    else:
        decimals = _MICRO_DECIMALS[unit]
        parse_number_times(fields.text, fields.starts, fields.ends, decimals, values, marks)
    return Moments(values=values, cut=marks == INEXACT, unreadable=marks == UNREADABLE)


def settle_unit(fields: Fields) -> TimeUnit | None:
    """The unit in which the first row that can be a time is one; None when no row can.

    The ranges of the units do not overlap between 2009 and 2100.
    """
    for row in range(len(fields)):
        one = Fields(
            text=fields.text, starts=fields.starts[row : row + 1], ends=fields.ends[row : row + 1]
        )
        for unit in (TimeUnit.ISO, *_MICRO_DECIMALS):
            if not moments(one, unit).unreadable[0]:
                return unit
    return None


@compiled
def parse_number_times(
    text: Integers,
    starts: Integers,
    ends: Integers,
    decimals: int,
    values: Integers,
    marks: Integers,
) -> None:
    """Parse numbers since the epoch; `decimals` is the power of ten from their unit to us."""
    for row in range(len(starts)):
        time_us, mark = parse_decimal(text, starts[row], ends[row], decimals)
        values[row], marks[row] = in_range(time_us, mark)


@compiled
def parse_iso_times(
    text: Integers, starts: Integers, ends: Integers, values: Integers, marks: Integers
) -> None:
    """Parse YYYY-MM-DD[(T| )HH:MM[:SS[.fraction]]][Z|+HH:MM]; without an offset it is UTC."""
    for row in range(len(starts)):
        time_us, mark = parse_iso_time(text, starts[row], ends[row])
        values[row], marks[row] = in_range(time_us, mark)


@compiled
def in_range(time_us: int, mark: int) -> tuple[int, int]:
    """The time if it lies between 2009 and 2100, else unreadable."""
    if mark == UNREADABLE or time_us < EARLIEST_US or time_us >= LATEST_US:
        return 0, UNREADABLE
    return time_us, mark


@compiled
def two_digits(text: Integers, place: int, end: int) -> int:
    """The number of two digits at `place`, or -1."""
    if place + 2 > end:
        return -1
    tens, ones = np.int64(text[place]) - _ZERO, np.int64(text[place + 1]) - _ZERO
    if tens < 0 or tens > 9 or ones < 0 or ones > 9:
        return -1
    return int(tens * 10 + ones)


@compiled
def parse_iso_time(text: Integers, start: int, end: int) -> tuple[int, int]:
    """(us since the epoch, mark) of one ISO 8601 text."""
    day_us, place = parse_iso_day(text, start, end)
    if place < 0:
        return 0, UNREADABLE
    if place == end:
        return day_us, EXACT
    if text[place] != _LETTER_T and text[place] != _SPACE:
        return 0, UNREADABLE
    hour, minute = two_digits(text, place + 1, end), two_digits(text, place + 4, end)
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or text[place + 3] != _COLON:
        return 0, UNREADABLE
    time_us = day_us + (hour * 60 + minute) * 60_000_000
    place += 6
    mark = EXACT
    if place < end and text[place] == _COLON:
        second = two_digits(text, place + 1, end)
        if second < 0 or second > 59:
            return 0, UNREADABLE
        time_us += second * 1_000_000
        place += 3
        if place < end and text[place] == _POINT:
            last = place + 1
            while last < end and _ZERO <= text[last] <= _NINE:
                last += 1
            fraction, mark = parse_decimal(text, place, last, 6)
            if mark == UNREADABLE:
                return 0, UNREADABLE
            time_us += fraction
            place = last
    offset_us, readable = parse_offset(text, place, end)
    if not readable:
        return 0, UNREADABLE
    return time_us - offset_us, mark


@compiled
def parse_iso_day(text: Integers, start: int, end: int) -> tuple[int, int]:
    """(us since the epoch at midnight, place after the date), place -1 when it is no date."""
    century, year_of_century = two_digits(text, start, end), two_digits(text, start + 2, end)
    month, day = two_digits(text, start + 5, end), two_digits(text, start + 8, end)
    if century < 0 or year_of_century < 0 or month < 1 or month > 12 or day < 1:
        return 0, -1
    if text[start + 4] != _MINUS or text[start + 7] != _MINUS:
        return 0, -1
    year = century * 100 + year_of_century
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    long_month = month in (1, 3, 5, 7, 8, 10, 12)
    days = 31 if long_month else 30
    if month == 2:
        days = 29 if leap else 28
    if day > days:
        return 0, -1
    # Days from the civil calendar: years begin in March, so that the leap day is the last one.
    shifted = year - 1 if month <= 2 else year
    era_year = shifted % 400
    month_from_march = (month + 9) % 12
    day_of_year = (153 * month_from_march + 2) // 5 + day - 1
    day_of_era = era_year * 365 + era_year // 4 - era_year // 100 + day_of_year
    epoch_day = shifted // 400 * 146_097 + day_of_era - 719_468
    return epoch_day * _DAY_US, start + 10


@compiled
def parse_offset(text: Integers, place: int, end: int) -> tuple[int, bool]:
    """(offset from UTC in us, readable): nothing, Z, +HH, +HHMM or +HH:MM."""
    if place == end:
        return 0, True
    if text[place] == _LETTER_Z:
        return 0, place + 1 == end
    if text[place] != _PLUS and text[place] != _MINUS:
        return 0, False
    hours = two_digits(text, place + 1, end)
    minute_at = place + 3
    if minute_at < end and text[minute_at] == _COLON:
        minute_at += 1
    minutes = 0 if minute_at == end == place + 3 else two_digits(text, minute_at, end)
    if hours < 0 or hours > 14 or minutes < 0 or minutes > 59:
        return 0, False
    if minute_at != end and minute_at + 2 != end:
        return 0, False
    offset_us = (hours * 60 + minutes) * 60_000_000
    return (-offset_us if text[place] == _MINUS else offset_us), True

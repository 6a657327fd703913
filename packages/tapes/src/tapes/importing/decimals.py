"""Reads decimal text into whole units, exactly: no float is involved.

Knows digits, exponents and half-even rounding; refuses to know what is measured.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tapes.compiled import Integers, compiled
from tapes.importing.fields import Fields
from tapes.units import Unit

# What became of a text. INEXACT: digits beyond the last one kept were not all zero.
EXACT, INEXACT, UNREADABLE = 0, 1, 2

_ZERO, _NINE, _POINT, _PLUS, _MINUS, _UPPER_E, _LOWER_E = 48, 57, 46, 43, 45, 69, 101
# A value up to this can take one more digit without leaving 64 bits.
_ROOM_FOR_DIGIT = (2**63 - 10) // 10
_EXPONENT_MAX = 40

Flags = npt.NDArray[np.bool_]
Marks = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeUnits:
    """Values in whole units, rounded half-even; `rounded` where the text was not a multiple of the
    unit, `unreadable` where it is no decimal number (its value is then 0)."""

    values: npt.NDArray[np.int64]
    rounded: Flags
    unreadable: Flags


def whole_units(fields: Fields, unit: Unit) -> WholeUnits:
    """Read every field as a multiple of `unit`."""
    # One digit more than the unit has: the unit is then an even number of the smallest digit, and
    # a rest that is cut off can never decide which side of the half a value lies on.
    decimals = unit.decimals + 1
    scaled, marks = scaled_decimals(fields, decimals)
    values = np.empty(len(fields), np.int64)
    rounded = np.empty(len(fields), np.bool_)
    divide_half_even(scaled, marks, unit.scaled * 10, values, rounded)
    return WholeUnits(values=values, rounded=rounded, unreadable=marks == UNREADABLE)


def scaled_decimals(fields: Fields, decimals: int) -> tuple[npt.NDArray[np.int64], Marks]:
    """Every field times 10**decimals, cut towards zero, and its mark; 0 where UNREADABLE."""
    values = np.empty(len(fields), np.int64)
    marks = np.empty(len(fields), np.int8)
    parse_decimals(fields.text, fields.starts, fields.ends, decimals, values, marks)
    return values, marks


@compiled
def parse_decimals(
    text: Integers,
    starts: Integers,
    ends: Integers,
    decimals: int,
    values: Integers,
    marks: Integers,
) -> None:
    """Parse all fields; see scaled_decimals."""
    for row in range(len(starts)):
        values[row], marks[row] = parse_decimal(text, starts[row], ends[row], decimals)


@compiled
def parse_decimal(text: Integers, start: int, end: int, decimals: int) -> tuple[int, int]:
    """(value * 10**decimals cut towards zero, mark) of the text between start and end."""
    exponent_at = start
    while exponent_at < end and text[exponent_at] not in (_UPPER_E, _LOWER_E):
        exponent_at += 1
    exponent = 0
    if exponent_at < end:
        exponent, readable = parse_exponent(text, exponent_at + 1, end)
        if not readable:
            return 0, UNREADABLE
    place = start
    negative = False
    if place < exponent_at and text[place] in (_PLUS, _MINUS):
        negative = text[place] == _MINUS
        place += 1
    # Digits after the point count until `room` is used up; what follows only matters if not zero.
    room = decimals + exponent
    value, digits, after_point = 0, 0, False
    inexact = False
    while place < exponent_at:
        letter = text[place]
        place += 1
        if letter == _POINT and not after_point:
            after_point = True
            continue
        if letter < _ZERO or letter > _NINE:
            return 0, UNREADABLE
        digits += 1
        if after_point and room <= 0:
            inexact = inexact or letter != _ZERO
            continue
        if after_point:
            room -= 1
        if value > _ROOM_FOR_DIGIT:
            return 0, UNREADABLE
        value = value * 10 + int(letter) - _ZERO
    if digits == 0:
        return 0, UNREADABLE
    while room > 0:
        if value > _ROOM_FOR_DIGIT:
            return 0, UNREADABLE
        if value == 0:
            break
        value *= 10
        room -= 1
    room = min(decimals + exponent, 0)
    while room < 0 and value > 0:
        inexact = inexact or value % 10 != 0
        value //= 10
        room += 1
    return (-value if negative else value), (INEXACT if inexact else EXACT)


@compiled
def parse_exponent(text: Integers, start: int, end: int) -> tuple[int, bool]:
    """(exponent, readable) of the text after an E."""
    negative = False
    if start < end and text[start] in (_PLUS, _MINUS):
        negative = text[start] == _MINUS
        start += 1
    if start == end:
        return 0, False
    exponent = 0
    for place in range(start, end):
        if text[place] < _ZERO or text[place] > _NINE:
            return 0, False
        exponent = exponent * 10 + int(text[place]) - _ZERO
        if exponent > _EXPONENT_MAX:
            return 0, False
    return (-exponent if negative else exponent), True


@compiled
def divide_half_even(
    scaled: Integers, marks: Integers, unit: int, values: Integers, rounded: Integers
) -> None:
    """values = scaled / unit, rounded half-even, for an even `unit`; `rounded` where a rest was
    left.

    A mark of INEXACT stands for a rest of less than one below the last digit, away from zero.
    """
    for row in range(len(scaled)):
        magnitude = abs(scaled[row])
        whole, rest = magnitude // unit, magnitude % unit
        beyond = marks[row] == INEXACT
        above_half = 2 * rest > unit or (2 * rest == unit and beyond)
        if above_half or (2 * rest == unit and whole % 2 == 1):
            whole += 1
        values[row] = -whole if scaled[row] < 0 else whole
        rounded[row] = rest != 0 or beyond

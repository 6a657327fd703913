"""Decimal text becomes whole units, exactly."""

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tapes.importing.decimals import (
    EXACT,
    INEXACT,
    UNREADABLE,
    divide_half_even,
    parse_decimal,
    parse_decimals,
    parse_exponent,
    whole_units,
)
from tapes.importing.fields import Fields
from tapes.units import parse_unit

Variant = Callable[[Callable[..., Any]], Callable[..., Any]]
FieldsOf = Callable[[Sequence[str]], Fields]

PRECISE = Context(prec=60)

decimal_texts = st.one_of(
    st.decimals(-(10**6), 10**6, places=6).map(str),
    st.decimals(0, 10**4, places=12).map(str),
    st.tuples(st.integers(-999, 999), st.integers(-9, 8)).map(lambda pair: f"{pair[0]}e{pair[1]}"),
    st.sampled_from(["+1", ".5", "5.", "-.25", "007", "1E+2", "0e99", "0.05", "0.15", "0.25"]),
)


def letters(text: str) -> np.ndarray:
    return np.frombuffer(text.encode() or b" ", np.uint8)


@settings(deadline=None, max_examples=300)
@given(
    text=decimal_texts,
    unit_text=st.sampled_from(["0.1", "0.01", "0.5", "0.05", "0.0025", "1", "10", "0.000001"]),
)
@example(text="0.05", unit_text="0.1")
@example(text="0.0500000000001", unit_text="0.1")
@example(text="-0.15", unit_text="0.1")
def test_a_decimal_is_rounded_half_even_to_whole_units(
    fields_of: FieldsOf, text: str, unit_text: str
) -> None:
    if text == "0e99":
        text = "0e8"

    read = whole_units(fields_of([text]), parse_unit(unit_text, "unit"))

    ratio = PRECISE.divide(Decimal(text), Decimal(unit_text))
    assert not read.unreadable[0]
    assert read.values[0] == int(ratio.to_integral_value(ROUND_HALF_EVEN, PRECISE))
    assert read.rounded[0] == (ratio != ratio.to_integral_value(context=PRECISE))


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "+", ".", "1.2.3", "1,5", "abc", "1e", "1e+", "e5", "1e5.0", "nan", "inf"),
        *("1_000", "0x10", "1 2", "9223372036854775808", "99999999999999999999", "1e30"),
        *("1e999", "923e14", "٣"),
    ],
)
def test_what_is_no_decimal_or_too_large_is_unreadable(
    variant: Variant, fields_of: FieldsOf, text: str
) -> None:
    read = whole_units(fields_of([text]), parse_unit("0.01", "unit"))
    raw = text.encode()

    assert read.unreadable[0]
    assert variant(parse_decimal)(letters(text), 0, len(raw), 3) == (0, UNREADABLE)


@pytest.mark.parametrize(
    ("text", "decimals", "expected"),
    [
        ("1.25", 1, (12, INEXACT)),
        ("1.25", 2, (125, EXACT)),
        ("1.2500", 2, (125, EXACT)),
        ("-3", 2, (-300, EXACT)),
        ("1767653689.2300", 6, (1767653689230000, EXACT)),
        ("7.854169999999999e+09", 0, (7854169999, INEXACT)),
        ("1500", -3, (1, INEXACT)),
        ("1767653689230000123", -3, (1767653689230000, INEXACT)),
        ("1e-5", 4, (0, INEXACT)),
        ("9223372036854775798", 0, (9223372036854775798, EXACT)),
    ],
)
def test_digits_beyond_those_kept_are_cut_and_noticed(
    variant: Variant, text: str, decimals: int, expected: tuple[int, int]
) -> None:
    raw = letters(text)

    assert variant(parse_decimal)(raw, 0, len(raw), decimals) == expected


def test_each_field_is_parsed_on_its_own(variant: Variant, fields_of: FieldsOf) -> None:
    fields = fields_of(["1", "x", "2.5"])
    values, marks = np.zeros(3, np.int64), np.zeros(3, np.int8)

    variant(parse_decimals)(fields.text, fields.starts, fields.ends, 1, values, marks)

    assert values.tolist() == [10, 0, 25]
    assert marks.tolist() == [EXACT, UNREADABLE, EXACT]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5", (5, True)), ("-12", (-12, True)), ("", (0, False)), ("41", (0, False))],
)
def test_exponents(variant: Variant, text: str, expected: tuple[int, bool]) -> None:
    assert variant(parse_exponent)(letters(text), 0, len(text)) == expected


@settings(deadline=None, max_examples=100)
@given(scaled=st.integers(-1000, 1000), beyond=st.booleans(), half=st.integers(1, 20))
def test_division_rounds_half_even(variant: Variant, scaled: int, beyond: bool, half: int) -> None:
    values, rounded = np.zeros(1, np.int64), np.zeros(1, np.bool_)
    marks = np.array([INEXACT if beyond else EXACT], np.int8)

    variant(divide_half_even)(np.array([scaled]), marks, 2 * half, values, rounded)

    rest = Decimal("0.5") if beyond else Decimal(0)
    exact = (Decimal(scaled) + (rest if scaled >= 0 else -rest)) / (2 * half)
    if not (beyond and scaled == 0):
        assert values[0] == int(exact.to_integral_value(ROUND_HALF_EVEN))
    assert rounded[0] == (beyond or scaled % (2 * half) != 0)

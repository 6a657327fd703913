from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appkit.decimals import parse_decimal, plain_text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("100", "100"),
        ("1E+3", "1000"),
        ("0.1000", "0.1"),
        ("1E-8", "0.00000001"),
        ("-0.0", "0"),
        ("-5.50", "-5.5"),
        ("NaN", "NaN"),
    ],
)
def test_a_decimal_is_written_plainly(written: str, expected: str) -> None:
    assert plain_text(Decimal(written)) == expected


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_decimal_reads_back_as_the_same_number(value: Decimal) -> None:
    assert parse_decimal(plain_text(value)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4), st.integers(0, 6))
def test_equal_numbers_have_equal_texts(value: Decimal, zeros: int) -> None:
    assert plain_text(Decimal(f"{value:f}" + "0" * zeros)) == plain_text(value)


@pytest.mark.parametrize("text", ["", "abc", "NaN", "Infinity", "1,5", "0x10"])
def test_what_is_no_finite_number_is_none(text: str) -> None:
    assert parse_decimal(text) is None

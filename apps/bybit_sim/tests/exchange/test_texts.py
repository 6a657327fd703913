"""Numbers as the exchange writes them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_sim.exchange.texts import (
    decimal_text,
    ms_text,
    near,
    number_of,
    plain,
    rounded,
    scaled,
)
from gridcore.clock import Instant
from gridcore.instrument import InstrumentError


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("54123.40", "54123.4"),
        ("10", "10"),
        ("100.00", "100"),
        ("-0.00255000", "-0.00255"),
        ("0E-8", "0"),
        ("-0.00", "0"),
        ("1E-8", "0.00000001"),
        ("1E+3", "1000"),
    ],
)
def test_a_plain_number_has_no_exponent_and_no_trailing_zeros(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-9e9, max_value=9e9))
def test_a_plain_number_reads_back_as_the_same_number(value: Decimal) -> None:
    assert Decimal(plain(value)) == value


def test_a_quotient_is_rounded_to_eight_places_half_even() -> None:
    assert rounded(Decimal(1) / 3) == "0.33333333"
    assert rounded(Decimal("0.000000005")) == "0"
    assert rounded(Decimal("0.000000015")) == "0.00000002"


def test_a_price_keeps_the_decimals_of_its_tick() -> None:
    assert decimal_text(scaled(Decimal("54123.4"), Decimal("0.10"))) == "54123.40"
    assert decimal_text(scaled(Decimal(5), Decimal("0.001"))) == "5.000"


def test_a_number_off_the_tick_stays_exact_unless_it_is_cut() -> None:
    assert scaled(Decimal("54123.456"), Decimal("0.10")) == Decimal("54123.456")
    assert near(Decimal("54123.456"), Decimal("0.10")) == "54123.46"


def test_times_are_whole_milliseconds_as_text() -> None:
    assert ms_text(Instant(1_767_261_600_123_999)) == "1767261600123"


@pytest.mark.parametrize("text", ["10", "10.5", "-0.001", "+1", ".5", "5.", "1e3", "1E-05"])
def test_a_number_is_written_in_plain_digits(text: str) -> None:
    assert number_of(text) == Decimal(text)


@pytest.mark.parametrize(
    "text", ["", "1_000", " 1", "1\n", "\u0661", "NaN", "Infinity", "1e999", "x"]
)
def test_what_only_python_reads_as_a_number_is_none(text: str) -> None:
    with pytest.raises(InstrumentError):
        number_of(text)

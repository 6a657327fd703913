"""Exact numbers out of the vectors' texts."""

from decimal import Decimal
from fractions import Fraction

import pytest

from bbu_reference.numbers import (
    canonical_text,
    ceil_steps,
    near_half,
    near_threshold,
    recorded_ticks,
    round_half_even,
    ticks,
    whole,
)


def test_prices_become_ticks() -> None:
    assert ticks("54.215", "0.01") == Fraction(10843, 2)
    assert ticks(None, "0.01") is None
    assert whole(Fraction(6, 2)) == 3
    assert isinstance(whole(Fraction(6, 2)), int)


def test_the_dust_of_a_float_is_no_fraction_of_a_tick() -> None:
    assert recorded_ticks("0.30000000000000004", "0.1") == 3
    assert recorded_ticks("0.35", "0.1") == Fraction(7, 2)


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("99800", "99800.0"),
        ("1E+2", "100.0"),
        ("54.20", "54.2"),
        ("1E-7", "0.0000001"),
        ("0.00", "0.0"),
        ("-1.50", "-1.5"),
    ],
)
def test_canonical_texts(price: str, text: str) -> None:
    assert canonical_text(Decimal(price)) == text


def test_rounding() -> None:
    assert (round_half_even(Fraction(5, 2)), round_half_even(Fraction(7, 2))) == (2, 4)
    assert ceil_steps(Fraction("0.21"), Fraction("0.1")) == 3
    assert ceil_steps(Fraction("0.2"), Fraction("0.1")) == 2


def test_nearness_is_narrow() -> None:
    assert near_half(Fraction(5, 2) + Fraction(1, 10**10))
    assert not near_half(Fraction(5, 2) + Fraction(1, 10**8))
    assert near_threshold(Fraction("0.84"), Fraction("0.84000000001"))
    assert not near_threshold(Fraction("0.84"), Fraction("0.8400001"))

"""Exact numbers from the texts of the vectors, without gridcore."""

from decimal import Decimal
from fractions import Fraction
from functools import cache

HALF = Fraction(1, 2)
NEAR = Fraction(1, 10**9)
"""How near to half a tick, or relative to a threshold, a float result may differ (rule 9)."""
FLOAT_DIGITS = 10**15
"""The relative precision of a float."""


def ticks(price: object, tick: str) -> Fraction | None:
    """A price text in tick units; None for none."""
    return None if price is None else Fraction(str(price)) / Fraction(tick)


def whole(value: Fraction) -> int | Fraction:
    """An int where the value is whole: the form in which gridcore takes prices."""
    return value.numerator if value.denominator == 1 else value


@cache
def recorded_ticks(price: str, tick: str) -> int | Fraction:
    """A recorded float price in tick units, whole when it is one within the dust of a float."""
    exact = Fraction(price) / Fraction(tick)
    nearest = round(exact)
    dust = Fraction(1, 10**10) / Fraction(tick) + abs(exact) / 10**13
    return nearest if abs(exact - nearest) <= dust else exact


def round_half_even(value: Fraction) -> int:
    """The nearest whole number, a half to the even one."""
    return round(value)


def near_half(value: Fraction) -> bool:
    """Whether a value in ticks lies within 1e-9 of half a tick.

    Of very many ticks a float knows less than that: its own relative precision counts there.
    """
    return abs((value % 1) - HALF) <= max(NEAR, abs(value) / FLOAT_DIGITS)


def near_threshold(value: Fraction, threshold: Fraction) -> bool:
    """Whether a comparison of floats may come out differently from the exact one."""
    return abs(value - threshold) <= NEAR * max(abs(value), abs(threshold))


def near_whole(value: int, threshold: int) -> bool:
    """The same for two numbers of 0 or more that were made whole by a common factor."""
    return abs(value - threshold) * NEAR.denominator <= max(value, threshold)


def ceil_steps(qty: Fraction, step: Fraction) -> int:
    """A quantity in steps, rounded up once."""
    ratio = qty / step
    return -(-ratio.numerator // ratio.denominator)


def canonical_text(price: Decimal) -> str:
    """Plain decimal, no exponent, no trailing zeros, a digit after the point (README rule 8)."""
    sign, digits, exponent = price.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(str(digit) for digit in digits)
    if exponent >= 0:
        integer, fraction = text + "0" * exponent, ""
    else:
        text = text.rjust(-exponent + 1, "0")
        integer, fraction = text[:exponent], text[exponent:]
    integer = integer.lstrip("0") or "0"
    fraction = fraction.rstrip("0") or "0"
    return f"{'-' if sign else ''}{integer}.{fraction}"

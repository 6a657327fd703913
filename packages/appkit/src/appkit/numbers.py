"""Types of configuration values that every program reads alike: numbers, rates, names, symbols.

Numbers are exact Decimals; a float is refused, since it has lost the digits that were written.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("expected a finite number")
    return value


def _not_float(value: Any) -> Any:
    """A float has lost the digits that were written; only text and whole numbers may come in."""
    if isinstance(value, float):
        raise ValueError("expected a number written as text or as a Decimal, not as a float")
    return value


def _between(low: str, high: str) -> Callable[[Decimal], Decimal]:
    def check(value: Decimal) -> Decimal:
        if not Decimal(low) <= value <= Decimal(high):
            raise ValueError(f"expected a fraction from {low} to {high}")
        return value

    return check


def _matching(pattern: str, expected: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise ValueError(f"expected {expected}")
        return value

    return check


Number = Annotated[Decimal, BeforeValidator(_not_float), AfterValidator(_finite)]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Rate = Annotated[Number, Field(ge=0, le=1)]
Percentage = Annotated[Number, Field(gt=0, le=100)]
FeeRate = Annotated[Number, AfterValidator(_between("-0.01", "0.01"))]
"""A share of the traded value; negative is a rebate."""
FundingRate = Annotated[Number, AfterValidator(_between("-0.05", "0.05"))]
Name = Annotated[
    str, AfterValidator(_matching(r"[^\x00-\x1f\x7f]{1,64}", "1 to 64 printable characters"))
]
Symbol = Annotated[
    str, AfterValidator(_matching(r"[A-Z0-9][A-Z0-9._-]{1,31}", "a symbol such as BTCUSDT"))
]
CountLimit = Annotated[int, Field(gt=0)]

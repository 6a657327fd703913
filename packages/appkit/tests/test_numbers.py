from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from appkit.numbers import (
    CountLimit,
    FeeRate,
    FundingRate,
    Name,
    NotNegative,
    Number,
    Percentage,
    Positive,
    Rate,
    Symbol,
)


def read(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        (Number, "-0.10", Decimal("-0.10")),
        (Positive, 3, Decimal(3)),
        (NotNegative, "0", Decimal(0)),
        (Rate, "1", Decimal(1)),
        (Percentage, "100", Decimal(100)),
        (FeeRate, "-0.01", Decimal("-0.01")),
        (FundingRate, "0.05", Decimal("0.05")),
        (CountLimit, 1, 1),
        (Name, "grid 1 (main)", "grid 1 (main)"),
        (Symbol, "1000PEPEUSDT", "1000PEPEUSDT"),
    ],
)
def test_a_value_within_its_range_is_read_exactly(kind: Any, value: Any, found: Any) -> None:
    assert read(kind, value) == found


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (Number, 0.1, "not as a float"),
        (Number, "NaN", "finite"),
        (Positive, "Infinity", "finite"),
        (Positive, "0", "greater than 0"),
        (NotNegative, "-1e-9", "greater than or equal to 0"),
        (Rate, "1.01", "less than or equal to 1"),
        (Percentage, "100.1", "less than or equal to 100"),
        (FeeRate, "0.0100001", "a fraction from -0.01 to 0.01"),
        (FundingRate, "-0.051", "a fraction from -0.05 to 0.05"),
        (CountLimit, 0, "greater than 0"),
        (Name, "two\nlines", "printable characters"),
        (Name, "", "printable characters"),
        (Symbol, "btcusdt", "a symbol such as BTCUSDT"),
    ],
)
def test_a_value_out_of_its_range_is_refused_with_what_was_expected(
    kind: Any, value: Any, reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        read(kind, value)

"""Units are exact decimals."""

from decimal import Decimal

import pytest

from tapes.errors import TapeError
from tapes.units import parse_unit


@pytest.mark.parametrize(
    ("text", "canonical", "scaled", "decimals"),
    [
        ("0.1", "0.1", 1, 1),
        ("0.50", "0.5", 5, 1),
        ("1e-8", "0.00000001", 1, 8),
        ("10", "10", 10, 0),
        (" 0.0125 ", "0.0125", 125, 4),
    ],
)
def test_a_unit_is_read_exactly(text: str, canonical: str, scaled: int, decimals: int) -> None:
    unit = parse_unit(text, "tick size")

    assert (unit.text, unit.scaled, unit.decimals) == (canonical, scaled, decimals)
    assert unit.value == Decimal(canonical)


@pytest.mark.parametrize("text", ["", "abc", "0", "-0.1", "nan", "inf", "1e-13"])
def test_what_is_no_positive_decimal_is_refused_by_name(text: str) -> None:
    with pytest.raises(TapeError, match="tick size cannot be used"):
        parse_unit(text, "tick size")

"""The check that keeps one bad print from moving a grid: last against mark, in exact numbers."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.config import GridConfig
from gridcore.engine import engine_instrument
from gridcore.events import Ticker
from gridcore.guard import last_near_mark
from gridcore.instrument import Price

INSTRUMENT = engine_instrument("X", Decimal("0.1"))


def near(last: Price, mark: Decimal | None, gap_pct: Decimal = Decimal(1)) -> bool:
    ticker = Ticker(symbol="X", at=Instant(1), last=last, mark=mark)
    return last_near_mark(ticker, INSTRUMENT, GridConfig(max_last_mark_gap_pct=gap_pct))


@pytest.mark.parametrize(
    ("last", "mark", "expected"),
    [
        (1_010_000, "100000", True),  # exactly 1 %
        (1_010_001, "100000", False),
        (990_000, "100000", True),
        (989_999, "100000", False),
        (Fraction(10_100_001, 10), "100000", False),
        (Fraction(10_099_999, 10), "100000", True),
        (Fraction(1_010_000_505, 1000), "100000.05", True),
        (Fraction(1_010_000_506, 1000), "100000.05", False),
        (1_000_000, "0", False),
        (Fraction(1, 3), "0", False),
        (1_000_000, "-100000", False),
    ],
)
def test_last_and_mark_are_near_up_to_and_including_the_limit(
    last: Price, mark: str, expected: bool
) -> None:
    assert near(last, Decimal(mark)) is expected


def test_an_unknown_mark_refuses_nothing() -> None:
    assert near(1, None)


@given(
    last=st.one_of(st.integers(1, 10**7), st.fractions(1, 10**6, max_denominator=1000)),
    mark=st.decimals("0.0001", "1000000", places=4),
    gap_pct=st.decimals("0.01", "50", places=2),
)
def test_the_gap_is_measured_against_the_mark(last: Price, mark: Decimal, gap_pct: Decimal) -> None:
    ratio = Fraction(last) * Fraction(1, 10) / Fraction(mark)
    assert near(last, mark, gap_pct) is (abs(ratio - 1) * 100 <= Fraction(gap_pct))

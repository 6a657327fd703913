"""Prices and quantities keep the decimals of the tick and the step."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_sim.market.facts import BTCUSDT
from bybit_sim.market.texts import Scale, fixed_text, price_text, qty_text


@pytest.mark.parametrize(
    ("unit", "count", "text"),
    [
        ("0.10", 541_234, "54123.40"),
        ("0.001", 10, "0.010"),
        ("0.5", 3, "1.5"),
        ("1", 42, "42"),
        ("0.00005", 1, "0.00005"),
        ("10", 3, "30"),
        ("0.01", 0, "0.00"),
    ],
)
def test_a_count_of_units_is_written_with_the_decimals_of_the_unit(
    unit: str, count: int, text: str
) -> None:
    assert Scale(Decimal(unit)).text(count) == text


@given(
    unit=st.sampled_from(["0.10", "0.01", "0.5", "0.00025", "1", "0.001"]),
    count=st.integers(0, 10**12),
)
def test_a_written_count_is_exact(unit: str, count: int) -> None:
    scale = Scale(Decimal(unit))

    text = scale.text(count)

    assert Decimal(text) == Decimal(unit) * count
    assert scale.text(count) == text


def test_a_forgotten_text_is_written_again() -> None:
    scale = Scale(Decimal("0.10"))

    texts = [scale.text(count) for count in range(30_000)]

    assert scale.text(7) == texts[7] == "0.70"


def test_a_finer_mark_keeps_its_own_decimals() -> None:
    assert price_text(BTCUSDT, Decimal("54123.4567")) == "54123.4567"
    assert price_text(BTCUSDT, Decimal("54123.4")) == "54123.40"
    assert price_text(BTCUSDT, Decimal("5E+4")) == "50000.00"


def test_a_quantity_has_the_decimals_of_the_step() -> None:
    assert qty_text(BTCUSDT, Decimal("0.01")) == "0.010"
    assert fixed_text(Decimal(0), Decimal("0.001")) == "0.000"

"""Exchange numbers to whole ticks and steps, and back."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.instrument import Instrument, InstrumentError, Steps, Ticks, decimal_text, exact

LTC: dict[str, Any] = {
    "symbol": "LTCUSDT",
    "tick_size": Decimal("0.01"),
    "qty_step": Decimal("0.1"),
    "min_qty": Decimal("0.1"),
    "max_qty": Decimal(80000),
    "min_notional": Decimal(5),
}


@pytest.fixture
def ltc() -> Instrument:
    return Instrument(**LTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tick_size", Decimal(0)),
        ("tick_size", Decimal("-0.01")),
        ("tick_size", Decimal("NaN")),
        ("qty_step", Decimal("Infinity")),
        ("qty_step", None),
        ("min_qty", Decimal(0)),
        ("max_qty", Decimal("0.05")),
        ("min_notional", Decimal(-1)),
    ],
)
def test_an_impossible_instrument_is_refused(field: str, value: object) -> None:
    """N-1, LS-12: a tick is never fabricated."""
    with pytest.raises(InstrumentError, match="LTCUSDT"):
        Instrument(**{**LTC, field: value})


def test_a_price_on_a_tick_is_a_whole_number(ltc: Instrument) -> None:
    assert ltc.to_price("54.21") == 5421
    assert isinstance(ltc.to_price("54.210"), int)
    assert ltc.to_ticks(Decimal("54.21")) == 5421


def test_a_price_off_the_tick_is_an_exact_ratio(ltc: Instrument) -> None:
    assert ltc.to_price("54.215") == Fraction(10843, 2)


def test_a_price_off_the_tick_is_no_order_price(ltc: Instrument) -> None:
    with pytest.raises(InstrumentError, match="not a multiple of the tick"):
        ltc.to_ticks("54.215")


def test_a_quantity_off_the_step_is_refused(ltc: Instrument) -> None:
    assert ltc.to_steps("0.3") == 3
    with pytest.raises(InstrumentError, match="not a multiple of the step"):
        ltc.to_steps("0.35")


@pytest.mark.parametrize("text", ["", "abc", "NaN", "Infinity", None])
def test_what_is_no_finite_number_is_refused(text: Any) -> None:
    """LS-31: an empty string is not 0."""
    with pytest.raises(InstrumentError, match="expected a"):
        exact(text)


def test_limits_in_steps_are_rounded_inwards() -> None:
    odd = Instrument(
        **{
            **LTC,
            "qty_step": Decimal("0.03"),
            "min_qty": Decimal("0.05"),
            "max_qty": Decimal("0.1"),
        }
    )

    assert (odd.min_steps, odd.max_steps) == (2, 3)


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("99800", "99800.0"),
        ("99800.00", "99800.0"),
        ("54.20", "54.2"),
        ("0.00001", "0.00001"),
        ("1E+2", "100.0"),
        ("1E-7", "0.0000001"),
        ("0E-7", "0.0"),
    ],
)
def test_equal_prices_have_one_text(price: str, text: str) -> None:
    """I-2, golden/README.md 8."""
    assert decimal_text(Decimal(price)) == text


def test_texts_are_those_of_the_exchange(ltc: Instrument) -> None:
    assert ltc.price_text(Ticks(5420)) == "54.2"
    assert ltc.qty_text(Steps(3)) == "0.3"
    assert ltc.notional(5420, 3) == Decimal("16.26")


def test_a_price_off_the_tick_has_a_decimal_value(ltc: Instrument) -> None:
    assert ltc.price(Fraction(10843, 2)) == Decimal("54.215")


@given(st.integers(1, 10**9), st.sampled_from(["0.1", "0.01", "0.25", "5", "0.0000001"]))
def test_ticks_survive_the_way_to_a_price_and_back(ticks: int, tick: str) -> None:
    instrument = Instrument(**{**LTC, "tick_size": Decimal(tick)})

    assert instrument.to_ticks(instrument.price(ticks)) == ticks
    assert Decimal(instrument.price_text(Ticks(ticks))) == instrument.price(ticks)


@given(st.decimals(min_value=0, max_value=10**9, places=9, allow_nan=False))
def test_a_text_is_canonical_once_and_for_all(number: Decimal) -> None:
    text = decimal_text(number)

    assert decimal_text(Decimal(text)) == text
    assert Decimal(text) == number
    assert "." in text
    assert "E" not in text


@pytest.mark.parametrize("text", ["1E+99999999", "1E-99999999"])
def test_a_number_no_market_can_have_is_refused_before_exact_arithmetic(text: str) -> None:
    with pytest.raises(InstrumentError, match="a market can have"):
        exact(text)

"""Reading fields: absent, finite, plausible, in ticks and steps."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_adapter.normalizer.numbers import (
    TEXTS_MAX,
    Scale,
    decimal_of,
    flag,
    moment,
    number,
    positive,
    required_number,
    required_text,
    text,
    whole,
)
from bybit_adapter.normalizer.words import BadElement


@pytest.mark.parametrize("row", [{}, {"a": ""}, {"a": None}])
def test_absent_is_absent_and_never_zero_ls31_ls60(row: dict[str, object], scale: Scale) -> None:
    assert number(row, "a") is None
    assert positive(row, "a") is None
    assert flag(row, "a") is None
    assert whole(row, "a") is None
    assert text(row, "a") == ""
    assert scale.price(row, "a") is None
    assert scale.size(row, "a") is None


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "-inf", "abc", " 1", "1_0", "१", "0x1", "1e999", "1E+40", "1" * 65, "."],
)
def test_what_is_no_finite_number_of_a_market_is_refused_ls31(value: str) -> None:
    with pytest.raises(BadElement, match="finite decimal"):
        decimal_of(value)


@pytest.mark.parametrize("value", [True, [], {}, float("nan"), b"1", None, 10**40])
def test_values_of_other_kinds_are_no_numbers(value: object) -> None:
    with pytest.raises(BadElement):
        decimal_of(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1E-5", "0.00001"),
        ("-0.00023", "-0.00023"),
        (7, "7"),
        (0.5, "0.5"),
        (".5", "0.5"),
        ("-0", "0"),
    ],
)
def test_numbers_are_read_exactly(value: object, expected: str) -> None:
    assert decimal_of(value) == Decimal(expected)


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=8, min_value=-(10**12), max_value=10**12
    )
)
def test_every_plain_text_of_a_number_is_read_back(value: Decimal) -> None:
    assert decimal_of(format(value, "f")) == value


def test_a_refusal_names_the_field_and_shortens_what_it_found() -> None:
    with pytest.raises(BadElement, match=r"^execFee: expected .* found 'x{10}") as refused:
        number({"execFee": "x" * 500}, "execFee")

    assert len(str(refused.value)) < 140


def test_what_must_be_there_is_asked_for() -> None:
    with pytest.raises(BadElement, match="execFee: expected a number, found none"):
        required_number({"execFee": ""}, "execFee")
    with pytest.raises(BadElement, match="execId: expected a text, found none"):
        required_text({}, "execId")
    with pytest.raises(BadElement, match="execId: expected a text, found 5"):
        text({"execId": 5}, "execId")


def test_zero_is_no_price_and_less_than_zero_is_bad(scale: Scale) -> None:
    assert positive({"mark": "0.00"}, "mark") is None
    assert scale.price({"p": "0"}, "p") is None
    with pytest.raises(BadElement, match="p: expected a price above 0, found '0'"):
        scale.required_price({"p": "0"}, "p")
    for read in (positive, scale.price):
        with pytest.raises(BadElement, match="above 0"):
            read({"p": "-1"}, "p")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (False, False), ("true", True), ("false", False), (1, True), (0, False)],
)
def test_the_text_false_is_false(value: object, expected: bool) -> None:
    assert flag({"reduceOnly": value}, "reduceOnly") is expected


@pytest.mark.parametrize("value", ["False", "yes", 2, [], {}, 0.5])
def test_what_is_neither_true_nor_false_is_refused(value: object) -> None:
    with pytest.raises(BadElement, match="true or false"):
        flag({"reduceOnly": value}, "reduceOnly")


@pytest.mark.parametrize("value", ["-1", -1, "1.0", True, [], "9" * 21, 2**63, 10**30, 1e30])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(BadElement, match="whole number"):
        whole({"seq": value}, "seq")


@pytest.mark.parametrize("value", [1_762_199_126_022, "1762199126022", 1_762_199_126_022.0])
def test_a_time_in_ms_becomes_us(value: object) -> None:
    assert moment(value) == 1_762_199_126_022_000


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "0", 0, "x", "-5", -5, True, 1_262_303_999_999, 4_102_444_800_000, 10**30),
        *("253402300799000", float("nan"), float("inf"), [], "1762199126022.5", 1e300),
    ],
)
def test_times_before_2010_and_after_2099_are_none_l77(value: object) -> None:
    assert moment(value) is None


def test_the_bounds_of_plausible_times_are_2010_and_2100() -> None:
    assert moment(1_262_304_000_000) == 1_262_304_000_000_000
    assert moment(4_102_444_799_999) == 4_102_444_799_999_000


@given(st.integers(1, 10**9), st.integers(0, 3))
def test_trailing_zeros_of_a_price_mean_nothing(ticks: int, zeros: int) -> None:
    scale = _scale()
    plain = format(Decimal(ticks) / 10, ".1f")

    assert scale.price({"p": plain + "0" * zeros}, "p") == ticks
    assert scale.price({"p": float(plain)}, "p") == ticks


def test_a_price_off_the_tick_is_an_exact_fraction(scale: Scale) -> None:
    assert scale.price({"p": "54123.45"}, "p") == Fraction(1082469, 2)


def test_a_size_off_the_step_is_refused(scale: Scale) -> None:
    assert scale.required_size({"v": "0.010"}, "v") == 10
    assert scale.size({"v": 2}, "v") == 2000
    for value, found in (("0.0105", "not a multiple"), ("-0.001", "0 or more"), ("", "found none")):
        with pytest.raises(BadElement, match=found):
            scale.required_size({"v": value}, "v")


def test_remembered_texts_are_limited() -> None:
    scale = _scale()
    for ticks in range(1, TEXTS_MAX + 10):
        scale.price({"p": f"{ticks}"}, "p")

    assert len(scale.prices) == 9
    assert scale.price({"p": "1"}, "p") == 10


def _scale() -> Scale:
    from gridcore.instrument import Instrument

    tenth, thousandth = Decimal("0.1"), Decimal("0.001")
    return Scale(
        Instrument(
            symbol="BTCUSDT",
            tick_size=tenth,
            qty_step=thousandth,
            min_qty=thousandth,
            max_qty=Decimal(100),
            min_notional=Decimal(5),
        )
    )

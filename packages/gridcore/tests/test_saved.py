"""Saved state: what goes out comes back, and what does not fit is refused with the reason."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.instrument import Price
from gridcore.saved import (
    Saved,
    SavedStateError,
    decimal_to_text,
    price_from_text,
    price_to_text,
)

prices = st.one_of(st.integers(), st.fractions(max_denominator=10**6))


@given(price=st.none() | prices)
def test_a_price_comes_back_as_it_was(price: Price | None) -> None:
    back = price_from_text(price_to_text(price))
    assert back == price
    if isinstance(back, Fraction):
        assert back.denominator > 1


def test_a_price_on_the_tick_comes_back_whole() -> None:
    back = price_from_text(price_to_text(Fraction(84, 2)))
    assert isinstance(back, int)
    assert back == 42
    assert price_to_text(Fraction(1_000_003, 10)) == "1000003/10"


@pytest.mark.parametrize("text", ["", "cheap", "1/0", "1/2/3", "nan"])
def test_a_text_that_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(SavedStateError, match="price in ticks"):
        price_from_text(text)


@given(value=st.none() | st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_comes_back_with_all_its_digits(value: Decimal | None) -> None:
    saved = Saved(json.loads(json.dumps({"value": decimal_to_text(value)})))
    back = saved.decimal_or_none("value")
    assert back == value
    if value is not None:
        assert str(back) == str(value)


def test_every_kind_of_field_is_read_back() -> None:
    memory = {
        "text": "grid",
        "flag": False,
        "whole": -3,
        "nothing": None,
        "wholes": [1, 2, 3],
        "pair": [4, 5],
        "decimal": "0.10",
        "price": "7/2",
        "part": {"whole": 1},
        "parts": [{"whole": 1}, {"whole": 2}],
        "list": ["a", None, 3],
    }
    saved = Saved(json.loads(json.dumps(memory)))
    assert saved.text("text") == "grid"
    assert saved.flag("flag") is False
    assert saved.whole("whole") == -3
    assert saved.whole_or_none("whole") == -3
    assert saved.whole_or_none("nothing") is None
    assert saved.wholes("wholes") == [1, 2, 3]
    assert saved.pair_or_none("pair") == (4, 5)
    assert saved.pair_or_none("nothing") is None
    assert saved.decimal("decimal") == Decimal("0.10")
    assert saved.decimal_or_none("nothing") is None
    assert saved.price_or_none("price") == Fraction(7, 2)
    assert saved.price_or_none("nothing") is None
    assert saved.part("part").whole("whole") == 1
    assert [part.whole("whole") for part in saved.parts("parts")] == [1, 2]
    assert saved.list_of("list") == ["a", None, 3]
    assert saved.raw("nothing") is None
    assert saved.names() == list(memory)


@pytest.mark.parametrize("value", [{"whole": 1}, "ab", None])
def test_parts_must_be_a_list(value: object) -> None:
    with pytest.raises(SavedStateError, match="expected a list"):
        Saved({"parts": value}).parts("parts")


def test_a_saved_mapping_may_be_wrapped_again() -> None:
    assert Saved(Saved({"whole": 1})).whole("whole") == 1


@pytest.mark.parametrize("fields", [None, 1, "text", ["whole"]])
def test_anything_but_a_mapping_is_refused(fields: object) -> None:
    with pytest.raises(SavedStateError, match="expected a mapping"):
        Saved(fields)


def test_a_missing_field_is_named_with_those_that_are_there() -> None:
    with pytest.raises(SavedStateError, match=r"'levels', found \['anchor', 'last'\]"):
        Saved({"last": None, "anchor": None}).raw("levels")


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        ("text", 1),
        ("text", None),
        ("flag", 0),
        ("flag", "true"),
        ("whole", True),
        ("whole", 1.0),
        ("whole", "1"),
        ("whole_or_none", "1"),
        ("wholes", 1),
        ("wholes", "123"),
        ("wholes", [1, "2"]),
        ("wholes", [1, True]),
        ("wholes", [1, 2.0]),
        ("pair_or_none", [1]),
        ("pair_or_none", [1, 2, 3]),
        ("pair_or_none", "12"),
        ("decimal", 1),
        ("decimal", "cheap"),
        ("decimal", "NaN"),
        ("decimal", "sNaN"),
        ("decimal", "-Infinity"),
        ("decimal_or_none", "cheap"),
        ("price_or_none", 1),
        ("price_or_none", "cheap"),
        ("part", [1]),
        ("parts", {"whole": 1}),
        ("parts", "ab"),
        ("parts", [1]),
        ("list_of", {"whole": 1}),
        ("list_of", "ab"),
    ],
)
def test_a_field_of_another_kind_is_refused(reader: str, value: object) -> None:
    saved = Saved({"field": value})
    with pytest.raises(SavedStateError, match="expected"):
        getattr(saved, reader)("field")

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_adapter.rest import reading
from bybit_adapter.rest.reading import FieldFault


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_field_is_absent_and_not_zero(value: Any) -> None:
    assert reading.number_or_none({"liqPrice": value}, "liqPrice") is None
    assert reading.text_or_none({"cursor": value}, "cursor") is None
    assert reading.number_or_none({}, "liqPrice") is None


@pytest.mark.parametrize(
    ("value", "found"), [("0.10", Decimal("0.10")), (5, Decimal(5)), ("-1e-4", Decimal("-0.0001"))]
)
def test_a_number_is_read_from_its_text(value: Any, found: Decimal) -> None:
    assert reading.number({"a": value}, "a") == found


@pytest.mark.parametrize("value", ["", None, "NaN", "Infinity", "x", True, 0.1, [], {}])
def test_a_number_that_is_none_is_refused_with_its_name(value: Any) -> None:
    with pytest.raises(FieldFault, match="finite number in tickSize"):
        reading.number({"tickSize": value}, "tickSize")


@pytest.mark.parametrize("value", ["", None, 7, []])
def test_a_text_must_be_one(value: Any) -> None:
    with pytest.raises(FieldFault, match="text in orderId"):
        reading.text({"orderId": value}, "orderId")


@pytest.mark.parametrize("value", ["1.5", "", None, True, 1.0, "a", "²"])
def test_a_whole_number_must_be_one(value: Any) -> None:
    with pytest.raises(FieldFault, match="whole number in code"):
        reading.whole({"code": value}, "code")


def test_a_time_in_milliseconds_becomes_an_instant() -> None:
    assert reading.instant({"t": "1780000000123"}, "t") == 1_780_000_000_123_000
    assert reading.instant({"t": 1780000000123}, "t") == 1_780_000_000_123_000


def test_an_inner_object_may_be_absent_and_not_something_else() -> None:
    assert reading.inner({"lotSizeFilter": None}, "lotSizeFilter") == {}
    assert reading.inner({}, "lotSizeFilter") == {}
    with pytest.raises(FieldFault, match="object in lotSizeFilter"):
        reading.inner({"lotSizeFilter": []}, "lotSizeFilter")


def test_a_list_holds_objects_only() -> None:
    assert reading.rows({"list": [{"a": 1}]}) == ({"a": 1},)
    assert reading.elements({"list": [["1"]]}) == [["1"]]
    with pytest.raises(FieldFault, match="a list in list"):
        reading.rows({"list": None})
    with pytest.raises(FieldFault, match="objects in list"):
        reading.rows({"list": [{"a": 1}, "b"]})


@given(
    st.dictionaries(
        st.just("field"),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    )
)
def test_whatever_a_field_holds_it_is_read_or_refused(row: dict[str, Any]) -> None:
    for read in (reading.number, reading.text, reading.whole, reading.rows, reading.inner):
        with suppress(FieldFault):
            read(row, "field")

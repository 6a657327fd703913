from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_adapter.normalizer.words import BadElement
from bybit_adapter.rest import reading


@pytest.mark.parametrize("value", ["1.5", "", None, True, 1.0, "a", "²", []])
def test_a_whole_number_must_be_one(value: Any) -> None:
    with pytest.raises(BadElement, match="code: expected a whole number"):
        reading.required_whole({"code": value}, "code")


@pytest.mark.parametrize("value", ["1780000000123", 1780000000123])
def test_a_time_in_milliseconds_becomes_an_instant(value: Any) -> None:
    assert reading.required_moment({"t": value}, "t") == 1_780_000_000_123_000


@pytest.mark.parametrize("value", ["", None, "0", 0, "x", [], "99999999999999999999"])
def test_a_time_that_cannot_be_is_refused(value: Any) -> None:
    with pytest.raises(BadElement, match="t: expected a time in ms"):
        reading.required_moment({"t": value}, "t")


def test_an_inner_object_may_be_absent_and_not_something_else() -> None:
    assert reading.inner({"lotSizeFilter": None}, "lotSizeFilter") == {}
    assert reading.inner({}, "lotSizeFilter") == {}
    assert reading.inner({"lotSizeFilter": {"a": 1}}, "lotSizeFilter") == {"a": 1}
    with pytest.raises(BadElement, match="lotSizeFilter: expected an object"):
        reading.inner({"lotSizeFilter": []}, "lotSizeFilter")


def test_a_list_holds_objects_only() -> None:
    assert reading.rows({"list": [{"a": 1}]}) == ({"a": 1},)
    assert reading.elements({"list": [["1"]]}) == [["1"]]
    with pytest.raises(BadElement, match="list: expected a list"):
        reading.rows({"list": None})
    with pytest.raises(BadElement, match="expected an object, found 'b'"):
        reading.rows({"list": [{"a": 1}, "b"]})


@given(
    st.dictionaries(
        st.just("field"),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    )
)
def test_whatever_a_field_holds_it_is_read_or_refused(row: dict[str, Any]) -> None:
    for read in (reading.required_whole, reading.required_moment, reading.rows, reading.inner):
        with suppress(BadElement):
            read(row, "field")

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appkit.configuration.problems import ConfigurationRefused
from appkit.configuration.yaml_text import Document, parse_yaml

FILE = Path("conf/x.yaml")


def parsed(text: str) -> Document:
    return parse_yaml(text, FILE)


def refusal(text: str) -> str:
    with pytest.raises(ConfigurationRefused) as caught:
        parsed(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1", Decimal("0.1")),
        ("-2.50", Decimal("-2.50")),
        ("1e-5", Decimal("0.00001")),
        (".5", Decimal("0.5")),
        ("50", 50),
        ("-7", -7),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("'0.1'", "0.1"),
        ("!!str 0.1", "0.1"),
        ("x0.001", "x0.001"),
        ("[]", []),
        ("{}", {}),
        ("-.inf", Decimal("-Infinity")),
    ],
)
def test_a_value_is_read_exactly(text: str, expected: object) -> None:
    value = parsed(f"key: {text}").value
    assert value == {"key": expected}
    assert isinstance(value, dict)
    assert type(value["key"]) is type(expected)


@pytest.mark.parametrize("text", ["yes", "no", "on", "off", "12:30", "2026-01-01", "0x1F", "1_000"])
def test_what_older_yaml_would_reinterpret_stays_text(text: str) -> None:
    assert parsed(f"key: {text}").value == {"key": text}


def test_not_a_number_is_kept_for_the_model_to_refuse() -> None:
    value = parsed(".nan").value
    assert isinstance(value, Decimal)
    assert value.is_nan()


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_every_decimal_survives_through_its_text(number: Decimal) -> None:
    """B-1: 0.1 must not become 0.1000000000000000055."""
    value = parsed(f"key: {number}").value
    assert isinstance(value, dict)
    assert Decimal(str(value["key"])) == number


def test_every_key_and_item_knows_its_line() -> None:
    document = parsed("a: 1\nlist:\n  - b: 2\n  - c: 3\n")
    assert document.lines[("a",)] == 1
    assert document.lines[("list", 0, "b")] == 3
    assert document.lines[("list", 1, "c")] == 4


def test_an_empty_text_is_none() -> None:
    assert parsed("# nothing\n") == Document(value=None, lines={})


def test_a_key_that_stands_twice_is_refused_with_both_lines() -> None:
    message = refusal("s:\n  a: 1\n  b: 2\n  a: 3\n")
    assert message == (
        "conf/x.yaml: line 4: s.a: the key stands twice, first on line 2; remove one"
    )


def test_merged_keys_yield_to_own_ones_and_earlier_sources_to_later_ones() -> None:
    text = (
        "one: &one {a: 1, b: 1}\ntwo: &two {b: 2, c: 2, d: 2}\n"
        "x:\n  <<: [*one, *two]\n  d: 3\ny:\n  <<: *one\n"
    )
    value = parsed(text).value
    assert isinstance(value, dict)
    assert value["x"] == {"a": 1, "b": 1, "c": 2, "d": 3}
    assert value["y"] == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: b: c\n", "line 1: (top level): column 5: not valid YAML: mapping values"),
        ("a: [1, 2\nb: 3\n", "not valid YAML"),
        ("a: 1\n---\nb: 2\n", "not valid YAML: expected a single document"),
        ("a: *nowhere\n", "found undefined alias"),
        ("a: \x01\n", "not readable as text"),
        ("a: !!python/object:os.system x\n", "the tag tag:yaml.org,2002:python/object:os.system"),
        ("a: !secret [1]\n", "the tag !secret is not known here"),
        ("a: &a [*a]\n", "an anchor that contains itself"),
        ("? [a, b]\n: 1\n", "a key must be a plain word"),
        ("a:\n  <<: 5\n", "`<<` takes a mapping"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_its_place(text: str, told: str) -> None:
    assert told in refusal(text)

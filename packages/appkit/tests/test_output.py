import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from appkit.configuration import StrictModel
from appkit.output import (
    WIDTH_WHEN_PIPED,
    console,
    emit,
    json_text,
    key_value_table,
    number_text,
    percent_text,
    plain,
)


class Side(Enum):
    BUY = "Buy"


class Code(IntEnum):
    DONE = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    side: Side
    price: Decimal


class Account(StrictModel):
    name: str
    key: SecretStr


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Fill(side=Side.BUY, price=Decimal("1E+2")), {"side": "Buy", "price": "100"}),
        (Account(name="a", key=SecretStr("hush")), {"name": "a", "key": "**********"}),
        ({Side.BUY: (1, None, True)}, {"Buy": [1, None, True]}),
        ({"b", "a"}, ["a", "b"]),
        (Code.DONE, 0),
        (Fraction(1, 3), "1/3"),
        (Path("out/x"), "out/x"),
        (float("nan"), None),
        (1.5, 1.5),
        (datetime(2026, 1, 31, tzinfo=UTC), "2026-01-31T00:00:00+00:00"),
        (date(2026, 1, 31), "2026-01-31"),
    ],
)
def test_every_value_has_its_json_form(value: object, expected: object) -> None:
    assert plain(value) == expected


@pytest.mark.parametrize("value", [object(), b"x", Fill])
def test_an_object_without_a_json_form_is_a_defect(value: object) -> None:
    with pytest.raises(TypeError, match="no JSON form"):
        plain(value)


def test_one_result_is_shown_as_json_or_as_drawn() -> None:
    def draw(target: Console, result: Fill) -> None:
        target.print(f"bought at {result.price}")

    fill = Fill(side=Side.BUY, price=Decimal("0.10"))
    as_json, as_text = io.StringIO(), io.StringIO()
    emit(fill, True, draw, as_json)
    emit(fill, False, draw, as_text)
    assert json.loads(as_json.getvalue()) == {"side": "Buy", "price": "0.1"}
    assert as_text.getvalue() == "bought at 0.10\n"


def test_results_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"fills": 3}, True, lambda target, result: None)
    emit({"fills": 3}, False, lambda target, result: target.print(str(result["fills"])))
    assert capsys.readouterr().out == '{\n  "fills": 3\n}\n3\n'


def test_json_keeps_letters_beyond_ascii() -> None:
    assert json_text("µ") == '"µ"\n'


def test_a_piped_console_is_wide_enough_for_tables() -> None:
    assert console(io.StringIO()).width == WIDTH_WHEN_PIPED


def test_a_key_value_table_shows_brackets_as_they_are() -> None:
    out = io.StringIO()
    console(out).print(key_value_table("Run [1]", [("fills", "[red]5,432")]))
    assert "Run [1]" in out.getvalue()
    assert "[red]5,432" in out.getvalue()


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        (lambda: number_text(None), "-"),
        (lambda: number_text(1234567), "1,234,567"),
        (lambda: number_text(Decimal("-1234.5000")), "-1,234.5"),
        (lambda: number_text(Decimal("-0.5")), "-0.5"),
        (lambda: number_text(Decimal("12345.6789"), 2), "12,345.68"),
        (lambda: number_text(Decimal("-0.001"), 2), "0.00"),
        (lambda: number_text(float("inf"), 2), "∞"),
        (lambda: number_text(float("-inf")), "-∞"),
        (lambda: number_text(float("nan")), "-"),
        (lambda: percent_text(Decimal("0.01234")), "1.23 %"),
        (lambda: percent_text(None), "-"),
    ],
)
def test_numbers_for_people(show: Callable[[], str], expected: str) -> None:
    assert show() == expected

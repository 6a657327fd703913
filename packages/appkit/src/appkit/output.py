"""One result, two readers: JSON on stdout for programs, tables and text for people."""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Any, TextIO, TypeVar

from pydantic import BaseModel
from pydantic.types import SecretBytes, SecretStr
from rich.console import Console
from rich.table import Table
from rich.text import Text

from appkit.decimals import plain_text

Result = TypeVar("Result")

WIDTH_WHEN_PIPED = 120
"""Columns of text that does not go to a terminal, so that a log shows whole tables."""


def plain(value: object) -> Any:
    """Only what JSON knows: Decimals as exact text, enums by value, dataclasses as mappings.

    A float that is not a number becomes null; an object of an unknown class is a defect.
    """
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return value if isfinite(value) else None
        case Decimal():
            return plain_text(value)
        case Fraction():
            return str(value)
        case BaseModel():
            return {name: plain(getattr(value, name)) for name in type(value).model_fields}
        case Path() | SecretStr() | SecretBytes():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(plain(key)): plain(item) for key, item in value.items()}
        case Set():
            return sorted(plain(item) for item in value)
        case Sequence() if not isinstance(value, bytes | bytearray):
            return [plain(item) for item in value]
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {
                field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
            }
        case _:
            raise TypeError(f"no JSON form for {type(value).__name__}")


def json_text(value: object) -> str:
    """Indented JSON of any result, ending in a newline."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def console(stream: TextIO | None = None) -> Console:
    """A console on `stream` (stdout by default), wide enough for tables when piped."""
    target = sys.stdout if stream is None else stream
    width = None if target.isatty() else WIDTH_WHEN_PIPED
    return Console(file=target, width=width, highlight=False)


def emit(
    result: Result,
    as_json: bool,
    render: Callable[[Console, Result], None],
    stream: TextIO | None = None,
) -> None:
    """Print the result: as JSON alone, or as `render` draws it for people."""
    target = sys.stdout if stream is None else stream
    if as_json:
        target.write(json_text(result))
    else:
        render(console(target), result)


def key_value_table(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    """Two columns, names left and values right; texts are shown as they are, never as markup."""
    table = Table(
        title=Text(title, style="bold"), title_justify="left", show_header=False, box=None
    )
    table.add_column(style="dim")
    table.add_column(justify="right")
    for name, value in rows:
        table.add_row(Text(name), Text(value))
    return table


def number_text(value: Decimal | int | float | None, places: int | None = None) -> str:
    """A number for people: thousands separated by commas, "-" for an unknown one.

    `places` fixes the digits after the point; without it a Decimal shows all that it has.
    """
    if value is None:
        return "-"
    if isinstance(value, float) and not isfinite(value):
        return "∞" if value > 0 else "-∞" if value < 0 else "-"
    if places is not None:
        text = f"{value:,.{places}f}"
        return text.removeprefix("-") if not text.strip("-0.,") else text
    if isinstance(value, Decimal):
        whole, point, fraction = plain_text(value).partition(".")
        sign = "-" if whole.startswith("-") else ""
        return f"{sign}{int(whole.lstrip('-')):,}{point}{fraction}"
    return f"{value:,}"


def percent_text(ratio: Decimal | float | None, places: int = 2) -> str:
    """A ratio as percent: 0.0123 is "1.23 %"; "-" when unknown."""
    return "-" if ratio is None else f"{number_text(ratio * 100, places)} %"

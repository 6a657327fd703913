"""Turns a model's complaints into problems with path, line, expectation and what was found."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from appkit.configuration.model import known_keys, types_at
from appkit.configuration.problems import KeyPath, Problem
from appkit.configuration.yaml_text import Document, Value
from appkit.decimals import plain_text
from appkit.spelling import did_you_mean

_EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "decimal_parsing": "a number",
    "decimal_type": "a number",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "string_type": "a text (quote it)",
}
_SECRET = re.compile(r"secret|password|passphrase|token|api_?key", re.IGNORECASE)
_LOGIN_IN_URL = re.compile(r"://[^@/\s]*@")
_QUOTED = re.compile(r"'([^']*)'")
_FOUND_MAX = 60
_NUMBERS = frozenset({int, float, Decimal})


def booleans_for_numbers(model: type[BaseModel], document: Document) -> list[Problem]:
    """Every `true` or `false` where the model wants a number; pydantic would read it as 1 or 0."""
    problems = []
    for path, value in _leaves(document.value, ()):
        types = types_at(model, path) if isinstance(value, bool) else []
        if bool not in types and _NUMBERS.intersection(types):
            text = f"expected a number, found {str(value).lower()}"
            problems.append(Problem(path=path, line=_line(path, document), text=text))
    return problems


def problems_of(
    error: ValidationError,
    model: type[BaseModel],
    document: Document,
    migrations: Mapping[str, str],
) -> list[Problem]:
    """One Problem per complaint of pydantic.

    What was found is quoted from the file as written, so that a value that came from the
    environment appears as `${NAME}` and not in clear.
    """
    problems = []
    details = error.errors(include_url=False)
    for detail in details:
        if detail["type"] == "too_short" and _emptied_by_others(detail, details):
            continue
        path = _path_in_file(detail["loc"], document.value)
        text = _text(detail, path, model, document.value, migrations)
        problems.append(Problem(path=path, line=_line(path, document), text=text))
    return problems


def _emptied_by_others(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    """Whether a list only counts as too short because entries with faults of their own left it."""
    place = detail["loc"]
    return any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in details
    )


def _leaves(value: Value, path: KeyPath) -> Iterator[tuple[KeyPath, Value]]:
    match value:
        case dict():
            for key, item in value.items():
                yield from _leaves(item, (*path, key))
        case list():
            for position, item in enumerate(value):
                yield from _leaves(item, (*path, position))
        case _:
            yield path, value


def _text(
    detail: ErrorDetails,
    path: KeyPath,
    model: type[BaseModel],
    value: Value,
    migrations: Mapping[str, str],
) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(path, model, migrations)
    if kind == "missing":
        given = _at(path[:-1], value)
        names = sorted(str(key) for key in given) if isinstance(given, dict) else []
        return f"missing; expected a value for this key{_given(names)}"
    expected, found = _expectation(detail), f", found {_found(path, value)}"
    if ", found " in expected:
        return expected  # a model's own words already quote the value
    return f"{expected}{found}{_near_choice(detail, path, value)}"


def _unknown_key(path: KeyPath, model: type[BaseModel], migrations: Mapping[str, str]) -> str:
    key = str(path[-1])
    for old, message in migrations.items():
        if fnmatchcase(key, old):
            return message
    known = known_keys(model, path[:-1])
    near = did_you_mean(key, known)
    listing = "" if near or not known else f"; known here: {', '.join(sorted(known))}"
    return f"unknown key{near}{listing}"


def _given(names: list[str]) -> str:
    return f" beside {', '.join(names)}" if names else ""


def _expectation(detail: ErrorDetails) -> str:
    expected = _EXPECTED.get(detail["type"])
    if expected is not None:
        return f"expected {expected}"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    message = re.sub(r"^Input should be (?=greater|less)", "expected a number ", message)
    return re.sub(r"^Input should be ", "expected ", message)


def _near_choice(detail: ErrorDetails, path: KeyPath, value: Value) -> str:
    given = _at(path, value)
    if detail["type"] not in ("enum", "literal_error") or not isinstance(given, str):
        return ""
    return did_you_mean(given, _QUOTED.findall(detail["msg"]))


def _found(path: KeyPath, value: Value) -> str:
    if any(isinstance(part, str) and _SECRET.search(part) for part in path):
        return "a value that is not shown here"
    found: Any = _at(path, value)
    match found:
        case None:
            return "nothing"
        case bool():
            return str(found).lower()
        case dict():
            return "a mapping"
        case list():
            return f"a list of {len(found)}"
        case str():
            shown = _LOGIN_IN_URL.sub("://...@", found)
            return repr(shown if len(shown) <= _FOUND_MAX else shown[:_FOUND_MAX] + "...")
        case _:
            return plain_text(found) if not isinstance(found, int) else str(found)


def _path_in_file(location: tuple[str | int, ...], value: Value) -> KeyPath:
    """The location without the words pydantic adds for unions and dictionary keys."""
    path: list[str | int] = []
    here: Any = value
    for position, part in enumerate(location):
        inside = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if inside or (isinstance(here, dict) and part in here):
            path.append(part)
            here = here[part]
        elif isinstance(here, dict) and isinstance(part, str) and position == len(location) - 1:
            path.append(part)
    return tuple(path)


def _at(path: KeyPath, value: Value) -> Value:
    here: Any = value
    for part in path:
        inside = isinstance(here, dict) and part in here
        if not inside and not (isinstance(here, list) and isinstance(part, int)):
            return None
        here = here[part]
    found: Value = here
    return found


def _line(path: KeyPath, document: Document) -> int | None:
    """The line of the nearest place upwards that stands in the file."""
    for length in range(len(path), -1, -1):
        if path[:length] in document.lines:
            return document.lines[path[:length]]
    return None

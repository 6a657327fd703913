"""Reads what must be in an answer: lists, inner objects, whole numbers and times.

Beside normalizer.numbers, which reads single fields; every refusal is a BadElement.
"""

from collections.abc import Mapping

from bybit_adapter.normalizer.numbers import moment, shown, whole
from bybit_adapter.normalizer.words import BadElement, Row
from gridcore.clock import Instant


def required_whole(row: Row, name: str) -> int:
    """A whole number that must be there, as number or text."""
    value = whole(row, name)
    if value is None:
        raise BadElement(f"{name}: expected a whole number, found none")
    return value


def required_moment(row: Row, name: str) -> Instant:
    """A plausible time in milliseconds that must be there."""
    value = moment(row.get(name))
    if value is None:
        raise BadElement(f"{name}: expected a time in ms, found {shown(row.get(name))}")
    return value


def inner(row: Row, name: str) -> Row:
    """An object within a row; an absent one is empty."""
    value = row.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadElement(f"{name}: expected an object, found {shown(value)}")
    return value


def elements(row: Row, name: str = "list") -> list[object]:
    """A list that must be there."""
    value = row.get(name)
    if not isinstance(value, list):
        raise BadElement(f"{name}: expected a list, found {shown(value)}")
    return value


def rows(row: Row, name: str = "list") -> tuple[Row, ...]:
    """A list of objects that must be there."""
    return tuple(as_row(one) for one in elements(row, name))


def as_row(element: object) -> Row:
    """An element that must be an object."""
    if not isinstance(element, Mapping):
        raise BadElement(f"expected an object, found {shown(element)}")
    return element

"""Reads the fields of a row into values; "" and null are absent, and nothing is made up.

It knows how Bybit writes numbers and times; it refuses to know what they mean.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from bybit_adapter.paging import Row
from gridcore.clock import Instant


class FieldFault(ValueError):
    """A field is missing or is not what it should be; the text names it."""


def text(row: Row, name: str) -> str:
    """A field that must be a text with something in it."""
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise FieldFault(f"expected a text in {name}, found {value!r}")
    return value


def text_or_none(row: Row, name: str) -> str | None:
    """A field that may be absent."""
    value = row.get(name)
    return None if value in (None, "") else text(row, name)


def number(row: Row, name: str) -> Decimal:
    """A field that must be a finite number, written as text or as a whole number."""
    value = row.get(name)
    try:
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            found = Decimal(value)
            if found.is_finite():
                return found
    except InvalidOperation:
        pass
    raise FieldFault(f"expected a finite number in {name}, found {value!r}")


def number_or_none(row: Row, name: str) -> Decimal | None:
    """A number that may be absent."""
    return None if row.get(name) in (None, "") else number(row, name)


def whole(row: Row, name: str) -> int:
    """A field that must be a whole number, written as such or as digits."""
    value = row.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lstrip("-").isdecimal() and value.isascii():
        return int(value)
    raise FieldFault(f"expected a whole number in {name}, found {value!r}")


def instant(row: Row, name: str) -> Instant:
    """A time in milliseconds."""
    return Instant(whole(row, name) * 1000)


def inner(row: Row, name: str) -> Row:
    """An object within a row; an absent one is empty."""
    value = row.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise FieldFault(f"expected an object in {name}, found {value!r}")
    return value


def rows(row: Row, name: str = "list") -> tuple[Row, ...]:
    """A field that must be a list of objects."""
    return tuple(_checked(name, elements(row, name)))


def elements(row: Row, name: str = "list") -> list[object]:
    """A field that must be a list."""
    value = row.get(name)
    if not isinstance(value, list):
        raise FieldFault(f"expected a list in {name}, found {type(value).__name__}")
    return value


def _checked(name: str, found: Iterable[object]) -> Iterable[Row]:
    for one in found:
        if not isinstance(one, Mapping):
            raise FieldFault(f"expected objects in {name}, found {one!r}")
        yield one

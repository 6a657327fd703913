"""Reads the fields of a row: absent is absent ("" and null), numbers are finite, times plausible.

It knows no kind of row. Every refusal is a BadElement that names the field.
"""

import re
from decimal import Decimal
from typing import TypeVar

from bybit_adapter.normalizer.words import LATEST_PLAUSIBLE, MS_US, BadElement, Row
from gridcore.clock import EARLIEST_PLAUSIBLE, Instant
from gridcore.instrument import Instrument, InstrumentError, Price, Steps

LONGEST_NUMBER = 64
FARTHEST_EXPONENT = 30
"""No number of a market is farther from 1 than this power of ten."""
WHOLE_MAX = 2**63 - 1
"""Beyond 64 bits JSON readers differ: one gives a float, another an int."""
TEXTS_MAX = 65_536
"""How many texts of one symbol are remembered with what they mean."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,20}", re.ASCII)
_FLAGS: dict[object, bool] = {"true": True, "false": False, 1: True, 0: False}


def is_absent(value: object) -> bool:
    """Whether a field says nothing: null, or an empty text."""
    return value is None or value == ""


def decimal_of(value: object) -> Decimal:
    """A finite decimal from its text, or from a JSON number; BadElement for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = repr(value)
    if isinstance(value, str) and len(value) <= LONGEST_NUMBER and _NUMBER.fullmatch(value):
        number = Decimal(value)
        if not number or -FARTHEST_EXPONENT <= number.adjusted() <= FARTHEST_EXPONENT:
            return number
    raise BadElement(f"expected a finite decimal number as text, found {shown(value)}")


def shown(value: object) -> str:
    """A value for an error text, shortened."""
    text = repr(value) if isinstance(value, (str, int, float, type(None))) else type(value).__name__
    return text if len(text) <= LONGEST_NUMBER else text[:LONGEST_NUMBER] + "..."


def number(row: Row, name: str) -> Decimal | None:
    """A number, None where it is absent."""
    value = row.get(name)
    if value is None or value == "":
        return None
    try:
        return decimal_of(value)
    except BadElement as error:
        raise BadElement(f"{name}: {error}") from error


def required_number(row: Row, name: str) -> Decimal:
    """A number that must be there."""
    value = number(row, name)
    if value is None:
        raise BadElement(f"{name}: expected a number, found none")
    return value


def positive(row: Row, name: str) -> Decimal | None:
    """A number above 0; None where it is absent or 0 (Bybit's other way to say nothing)."""
    value = number(row, name)
    if value is None or not value:
        return None
    if value < 0:
        raise BadElement(f"{name}: expected a number above 0, found {value}")
    return value


def text(row: Row, name: str) -> str:
    """A text, "" where it is absent."""
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadElement(f"{name}: expected a text, found {shown(value)}")
    return value


def required_text(row: Row, name: str) -> str:
    """A text that must be there."""
    value = text(row, name)
    if not value:
        raise BadElement(f"{name}: expected a text, found none")
    return value


def flag(row: Row, name: str) -> bool | None:
    """A truth value, None where it is absent; the text "false" is false (golden rule 7)."""
    value = row.get(name)
    if is_absent(value):
        return None
    if isinstance(value, (bool, int, str)) and value in _FLAGS:
        return _FLAGS[value]
    raise BadElement(f"{name}: expected true or false, found {shown(value)}")


def whole(row: Row, name: str) -> int | None:
    """A whole number from 0 to WHOLE_MAX as number or text, None where it is absent."""
    value = row.get(name)
    if is_absent(value):
        return None
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= WHOLE_MAX:
        return value
    raise BadElement(f"{name}: expected a whole number, found {shown(value)}")


def moment(value: object) -> Instant | None:
    """An Instant from milliseconds as number or text; None when absent, unreadable, implausible.

    A time of 1970, or of a year 9999, is a parsing fault and no time (L77).
    """
    if isinstance(value, str):
        if not _WHOLE.fullmatch(value):
            return None
        at = int(value) * MS_US
    elif isinstance(value, bool):
        return None
    elif isinstance(value, int):
        at = value * MS_US
    elif isinstance(value, float) and 0 < value < LATEST_PLAUSIBLE:
        at = int(value * MS_US)
    else:
        return None
    return Instant(at) if EARLIEST_PLAUSIBLE <= at < LATEST_PLAUSIBLE else None


class Scale:
    """One instrument's prices and sizes: texts to whole ticks and steps, each text read once.

    `prices` and `traded` are for who reads in bulk: by text, above 0, BadElement for anything else.
    """

    __slots__ = ("_sizes", "instrument", "prices", "traded")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.prices = _Prices(instrument)
        self.traded = _Traded(instrument)
        self._sizes = _Sizes(instrument)

    def price(self, row: Row, name: str) -> Price | None:
        """A price in tick units; None where it is absent or 0: never a price of 0."""
        value = row.get(name)
        if value is None or value == "":
            return None
        try:
            return self.prices[value] if isinstance(value, str) else self.prices.read(value)
        except _Zero:
            return None
        except ValueError as error:
            raise BadElement(f"{name}: {error}") from error

    def required_price(self, row: Row, name: str) -> Price:
        """A price above 0 that must be there."""
        price = self.price(row, name)
        if price is None:
            raise BadElement(f"{name}: expected a price above 0, found {shown(row.get(name))}")
        return price

    def size(self, row: Row, name: str) -> Steps | None:
        """A size of 0 or more in steps, None where it is absent."""
        value = row.get(name)
        if value is None or value == "":
            return None
        try:
            return self._sizes[value] if isinstance(value, str) else self._sizes.read(value)
        except ValueError as error:
            raise BadElement(f"{name}: {error}") from error

    def required_size(self, row: Row, name: str) -> Steps:
        """A size of 0 or more that must be there."""
        size = self.size(row, name)
        if size is None:
            raise BadElement(f"{name}: expected a size, found none")
        return size


class _Zero(BadElement):
    """A 0 where there is a price or a size of a trade, or none."""


Meaning = TypeVar("Meaning", Price, Steps)


class _Texts(dict[str, Meaning]):
    """Texts with what they mean on one instrument."""

    __slots__ = ("_instrument",)

    def __init__(self, instrument: Instrument) -> None:
        super().__init__()
        self._instrument = instrument

    def __missing__(self, key: str) -> Meaning:
        meaning = self.read(key)
        if len(self) >= TEXTS_MAX:
            self.clear()
        self[key] = meaning
        return meaning

    def read(self, value: object) -> Meaning:
        """What a value means."""
        raise KeyError(value)


class _Prices(_Texts[Price]):
    """Prices above 0 in tick units."""

    __slots__ = ()

    def read(self, value: object) -> Price:
        number = decimal_of(value)
        if number <= 0:
            kind = BadElement if number else _Zero
            raise kind(f"expected a price above 0, found {number}")
        return self._instrument.to_price(number)


class _Sizes(_Texts[Steps]):
    """Sizes of 0 or more in steps."""

    __slots__ = ()

    def read(self, value: object) -> Steps:
        number = decimal_of(value)
        if number < 0:
            raise BadElement(f"expected a size of 0 or more, found {number}")
        try:
            return self._instrument.to_steps(number)
        except InstrumentError as error:
            raise BadElement(str(error)) from error


class _Traded(_Sizes):
    """Sizes above 0 in steps."""

    __slots__ = ()

    def read(self, value: object) -> Steps:
        size = super().read(value)
        if not size:
            raise _Zero("expected a size above 0, found 0")
        return size

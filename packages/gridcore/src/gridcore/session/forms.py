"""How messages are written as plain JSON values and read back: one form per type, made once from
fields and type hints, so that a new message or field needs nothing here. No line, no file.

Whole numbers stay as they are; a Decimal is its own text with all its digits; a price in ticks is a
whole number or "a/b"; an enum is its value (NO_LIQUIDATION: "no liquidation", which is no number);
tuples are lists; None is null. A message is an object of all its fields in the order of
declaration; where one of several may stand, and only there, it is {"kind":..,"body":..}. A field
with a default may be absent: lines from before it was added are read on.
"""

from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from fractions import Fraction
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, NamedTuple, NoReturn, Union, get_args, get_origin, get_type_hints

from gridcore.instrument import Price
from gridcore.session.effects import Approved

_LONGEST_QUOTE = 200


class JournalError(ValueError):
    """A journal is not as it should be: `expected` and `found` say how, `where` names the place."""

    def __init__(self, expected: str, found: object, where: str = "") -> None:
        quote = repr(found)
        if len(quote) > _LONGEST_QUOTE:
            quote = quote[:_LONGEST_QUOTE] + "..."
        super().__init__(f"{where}expected {expected}, found {quote}")
        self.expected = expected
        self.found = found
        self.where = where


class Form(NamedTuple):
    """How values of one type are written as plain JSON values, and read; reading checks all."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    unchanged: bool = False
    """Writing changes nothing: the value is a JSON value already."""


@cache
def form_of(hint: Any) -> Form:
    """The form of a type, by its hint; TypeError for one that a journal cannot hold."""
    hint = getattr(hint, "__supertype__", hint)  # Instant, Ticks and Steps are new types over int
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _union(hint, parts)
    if origin is Sequence or (origin is tuple and parts[1:] == (Ellipsis,)):
        return _row(form_of(parts[0]))
    if origin is tuple:
        return _fixed_row([form_of(part) for part in parts])
    if origin is Approved:
        return _approved(form_of(parts[0]))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _closed_set(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _message(hint)
    return _unsupported(hint)


def _unsupported(hint: object) -> NoReturn:
    raise TypeError(
        f"journal: expected a text, whole number, truth value, Decimal, price, enum of texts, "
        f"message, or a tuple of these, found {hint}"
    )


# -- messages ----------------------------------------------------------------------------------


def _message(cls: type) -> Form:
    hints = get_type_hints(cls)
    forms: dict[str, Form] = {}
    for field in fields(cls):
        try:
            forms[field.name] = form_of(hints[field.name])
        except TypeError as error:
            raise TypeError(f"{cls.__name__}.{field.name}: {error}") from error
    names = tuple(forms)
    added = {one.name: one.default for one in fields(cls) if one.default is not MISSING}
    changed = [(name, form.write) for name, form in forms.items() if not form.unchanged]

    def write(value: Any) -> dict[str, Any]:
        body = {name: getattr(value, name) for name in names}
        for name, write_field in changed:
            body[name] = write_field(body[name])
        return body

    def read(body: Any) -> Any:
        if not isinstance(body, dict) or tuple(body) != names:
            found = tuple(body) if isinstance(body, dict) else body
            if not isinstance(body, dict) or not _lacks_only(found, names, added):
                raise JournalError(f"the fields {names}", found, f"{cls.__name__}: ")
        values = {}
        for name, form in forms.items():
            try:
                values[name] = form.read(body[name]) if name in body else added[name]
            except JournalError as error:
                where = f"{cls.__name__}.{name}: {error.where}"
                raise JournalError(error.expected, error.found, where) from error
        try:
            return cls(**values)
        except ValueError as error:
            raise JournalError(f"a possible {cls.__name__}", str(error)) from error

    return Form(write, read)


def _lacks_only(found: tuple[Any, ...], names: tuple[str, ...], added: dict[str, Any]) -> bool:
    """Whether fields are missing that have a default, and nothing else is amiss."""
    return found == tuple(name for name in names if name not in added or name in found)


def _approved(form: Form) -> Form:
    """A request that passed the gates is written as the request itself.

    To make the proof again is safe here: what is read from a journal passed the gates before it was
    written, and it is for comparison; a shell sends only what `handle` gives it.
    """
    return Form(lambda value: form.write(value.request), lambda body: Approved(form.read(body)))


def _union(hint: object, stated: tuple[Any, ...]) -> Form:
    parts = tuple(part for part in stated if part is not NoneType)
    if set(parts) == set(get_args(Price)):
        form = Form(_write_price, _read_price)
    elif len(parts) == 1:
        form = form_of(parts[0])
    elif len(parts) == 2 and Decimal in parts:
        form = _decimal_or(hint, parts[parts[0] is Decimal])
    else:
        form = _one_of_messages(hint, parts)
    if NoneType not in stated:
        return form
    write, read = form.write, form.read
    return Form(
        lambda value: None if value is None else write(value),
        lambda body: None if body is None else read(body),
        form.unchanged,
    )


def _one_of_messages(hint: object, parts: Sequence[Any]) -> Form:
    """Each is marked with its class name; an approved request with the name of the request."""
    writers: dict[type, tuple[str, Form]] = {}
    readers: dict[str, Form] = {}
    for part in parts:
        cls = get_args(part)[0] if get_origin(part) is Approved else part
        if not (isinstance(cls, type) and is_dataclass(cls)):
            _unsupported(hint)
        readers[cls.__name__] = form_of(part)
        writers[get_origin(part) or cls] = (cls.__name__, form_of(part))
    if not len(readers) == len(writers) == len(parts):
        raise TypeError(f"journal: expected messages of different names, found {hint}")

    def write(value: Any) -> dict[str, Any]:
        name, form = writers.get(type(value), ("", None))
        if form is None:
            raise TypeError(f"journal: expected one of {', '.join(readers)}, found {type(value)}")
        return {"kind": name, "body": form.write(value)}

    def read(body: Any) -> Any:
        if not isinstance(body, dict) or tuple(body) != ("kind", "body"):
            raise JournalError("an object of kind and body", body)
        if _text(body["kind"]) not in readers:
            raise JournalError(f"one of {', '.join(readers)}", body["kind"])
        return readers[body["kind"]].read(body["body"])

    return Form(write, read)


# -- rows and closed sets ----------------------------------------------------------------------


def _row(item: Form) -> Form:
    write_item, read_item = item.write, item.read

    def read(body: Any) -> tuple[Any, ...]:
        if not isinstance(body, list):
            raise JournalError("a list", body)
        return tuple([read_item(part) for part in body])

    if item.unchanged:
        return Form(list, read)
    return Form(lambda values: [write_item(value) for value in values], read)


def _fixed_row(items: Sequence[Form]) -> Form:
    def write(values: Any) -> list[Any]:
        return [item.write(value) for item, value in zip(items, values, strict=True)]

    def read(body: Any) -> tuple[Any, ...]:
        if not isinstance(body, list) or len(body) != len(items):
            raise JournalError(f"a list of {len(items)}", body)
        return tuple([item.read(part) for item, part in zip(items, body, strict=True)])

    return Form(write, read)


def _closed_set(cls: type[Enum]) -> Form:
    members = {member.value: member for member in cls}
    if not all(type(value) is str for value in members):
        _unsupported(cls)

    def read(body: Any) -> Enum:
        if _text(body) not in members:
            raise JournalError(f"one of {', '.join(members)}", body)
        return members[body]

    return Form(attrgetter("value"), read)


def _decimal_or(hint: object, cls: Any) -> Form:
    """A Decimal, or a member of an enum none of whose values reads as a number."""
    if not (isinstance(cls, type) and issubclass(cls, Enum)):
        _unsupported(hint)
    chosen = _closed_set(cls)
    marks = frozenset(member.value for member in cls)
    if any(_is_number(mark) for mark in marks):
        raise TypeError(f"journal: expected values of {cls} that are no numbers, found {marks}")

    def write(value: Any) -> Any:
        return chosen.write(value) if isinstance(value, cls) else _write_decimal(value)

    def read(body: Any) -> Any:
        return chosen.read(body) if _text(body) in marks else _read_decimal(body)

    return Form(write, read)


# -- scalars -----------------------------------------------------------------------------------


def _text(body: Any) -> str:
    if type(body) is not str:
        raise JournalError("a text", body)
    return body


def _whole(body: Any) -> int:
    if type(body) is not int:
        raise JournalError("a whole number", body)
    return body


def _flag(body: Any) -> bool:
    if type(body) is not bool:
        raise JournalError("true or false", body)
    return body


def _is_number(text: str) -> bool:
    try:
        Decimal(text)
    except InvalidOperation:
        return False
    return True


def _write_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise JournalError("a finite number", value)
    return str(value)


def _read_decimal(body: Any) -> Decimal:
    if not _is_number(_text(body)):
        raise JournalError("a decimal number", body)
    value = Decimal(body)
    if not value.is_finite():
        raise JournalError("a finite number", body)
    return value


def _write_price(value: Price) -> int | str:
    return value.numerator if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def _read_price(body: Any) -> Price:
    if type(body) is int:
        return body
    numerator, _, denominator = _text(body).partition("/")
    try:
        return Fraction(int(numerator), int(denominator))
    except (ValueError, ZeroDivisionError) as error:
        raise JournalError("a price in ticks", body) from error


def _write_memory(value: Any) -> Any:
    """A snapshot: JSON values, tuples as lists. TypeError for what would come back as another."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, list | tuple):
        return [_write_memory(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _write_memory(item) for key, item in value.items()}
    raise TypeError(f"journal: expected texts, whole numbers, lists and objects, found {value!r}")


def _read_memory(body: Any) -> dict[str, object]:
    if not isinstance(body, dict):
        raise JournalError("an object", body)
    return body


_SCALARS: dict[object, Form] = {
    str: Form(_text, _text, unchanged=True),
    int: Form(_whole, _whole, unchanged=True),
    bool: Form(_flag, _flag, unchanged=True),
    Decimal: Form(_write_decimal, _read_decimal),
    dict[str, object]: Form(_write_memory, _read_memory),
}

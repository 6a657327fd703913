"""Records as lines of the journal and back, exactly; it knows no kind of record by name."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType
from typing import Any, cast, get_args, get_type_hints

from event_saver.times import instant, moment
from grid_db.records import (
    DeadLetter,
    FundingPayment,
    Gap,
    OrderState,
    PositionSnapshot,
    PrivateExecution,
    PublicTrade,
    TickerSnapshot,
    WalletSnapshot,
)
from gridcore.clock import Instant
from gridcore.message import message

Record = (
    PublicTrade
    | TickerSnapshot
    | PrivateExecution
    | OrderState
    | PositionSnapshot
    | WalletSnapshot
    | FundingPayment
    | DeadLetter
    | Gap
)
KINDS: dict[str, type[Record]] = {kind.__name__: kind for kind in get_args(Record)}


@message
class Unreadable:
    """A line that is no record of this version of the program, whole, and why."""

    line: str
    text: str


Item = Record | Unreadable


class _Shape:
    """How the fields of one kind become JSON values and back."""

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind
        hints = get_type_hints(kind)
        self.readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}

    def read(self, values: Mapping[str, object]) -> Record:
        read = {name: self.readers[name](value) for name, value in values.items()}
        return cast(Record, self.kind(**read))


def encode(item: Item) -> bytes:
    """A record as one line of JSON; a line that could not be read stays as it was."""
    if isinstance(item, Unreadable):
        return item.line.encode()
    values = {field.name: _plain(getattr(item, field.name)) for field in fields(item)}
    return json.dumps(
        {"kind": type(item).__name__, "values": values}, separators=(",", ":")
    ).encode()


def decode(line: bytes) -> Item:
    """The record of a line; Unreadable for any other line."""
    try:
        content = json.loads(line)
        return _SHAPES[content["kind"]].read(content["values"])
    except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError) as error:
        return Unreadable(
            line=line.decode("utf-8", "replace"), text=f"{type(error).__name__}: {error}"
        )


def time_of(item: Item) -> Instant:
    """The exchange time of a record; 0 where it has none."""
    at = getattr(item, "exchange_ts", None)
    return Instant(0) if at is None else instant(at)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return instant(value)
    return value.value if isinstance(value, StrEnum) else value


def _reader(hint: Any) -> Callable[[Any], object]:
    """Reads a JSON value as the field's type, of which None may be one."""
    [one] = [part for part in get_args(hint) or (hint,) if part is not NoneType]
    optional = NoneType in get_args(hint)
    convert = _CONVERSIONS.get(one)
    if convert is None and issubclass(one, StrEnum):
        convert = one
    if convert is None:
        convert = _exactly(one)

    def read(value: Any) -> object:
        return None if value is None and optional else convert(value)

    return read


def _exactly(kind: type) -> Callable[[Any], object]:
    def read(value: Any) -> object:
        if type(value) is not kind:
            raise TypeError(f"expected {kind.__name__}, found {type(value).__name__}")
        return value

    return read


_CONVERSIONS: dict[type, Callable[[Any], object]] = {
    Decimal: lambda value: Decimal(_exactly(str)(value)),  # type: ignore[arg-type]
    datetime: lambda value: moment(_exactly(int)(value)),  # type: ignore[arg-type]
}
_SHAPES = {name: _Shape(kind) for name, kind in KINDS.items()}

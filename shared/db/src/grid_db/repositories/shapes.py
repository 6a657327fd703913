"""Turns records into rows of their tables and back. It knows no query but "these columns"."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import fields
from enum import StrEnum
from operator import attrgetter
from typing import Any, Generic, TypeVar, cast, get_args, get_type_hints

import sqlalchemy as sa
from sqlalchemy.orm import Session

from grid_db.models import Base

Record = TypeVar("Record")
_BLOCK_ROWS = 5000


class Shape(Generic[Record]):
    """How one kind of record lies in its table: a column for each field, words as text."""

    __slots__ = ("_build", "_names", "_read", "_words", "columns", "model", "table")

    def __init__(self, record: type[Record], model: type[Base]) -> None:
        self.model = model
        self.table = cast(sa.Table, model.__table__)
        self.columns = self.table.c
        self._build = record
        self._names = tuple(field.name for field in fields(cast(Any, record)))
        self._read = attrgetter(*self._names)
        self._words = {
            name: word
            for name, hint in get_type_hints(record).items()
            for word in (hint, *get_args(hint))
            if isinstance(word, type) and issubclass(word, StrEnum)
        }

    def select(self, without: Collection[str] = ()) -> sa.Select[Any]:
        """A query for the columns that make records; those `without` are not read and are None."""
        return sa.select(
            *(
                sa.null().label(name) if name in without else self.columns[name]
                for name in self._names
            )
        )

    def values(self, record: Record) -> dict[str, object]:
        """A record as a row: column name to value."""
        row: dict[str, Any] = dict(zip(self._names, self._read(record), strict=True))
        for name in self._words:
            word = row[name]
            if word is not None:
                row[name] = word.value
        return row

    def rows(self, records: Iterable[Record]) -> list[dict[str, object]]:
        """Records as rows, in their order."""
        return [self.values(record) for record in records]

    def all(self, session: Session, query: sa.Select[Any]) -> list[Record]:
        """The records that a query over `select()` finds."""
        return [self._record(row) for row in session.execute(query)]

    def each(self, session: Session, query: sa.Select[Any]) -> Iterator[Record]:
        """The same one by one, in blocks from the server: for more rows than memory holds."""
        for row in session.execute(query.execution_options(yield_per=_BLOCK_ROWS)):
            yield self._record(row)

    def first(self, session: Session, query: sa.Select[Any]) -> Record | None:
        """The first of them, if any."""
        return self.one(session, query.limit(1))

    def one(self, session: Session, statement: sa.Executable) -> Record | None:
        """The record that a statement gives, in the columns of `select()`, if any."""
        row = session.execute(statement).first()
        return None if row is None else self._record(row)

    def _record(self, row: Sequence[Any]) -> Record:
        found = dict(zip(self._names, row, strict=True))
        for name, word in self._words.items():
            text = found[name]
            if text is not None:
                found[name] = word(text)
        return self._build(**found)

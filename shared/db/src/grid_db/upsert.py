"""Bulk inserts that may be repeated: the one place that knows how each dialect handles conflicts.

It refuses dialects it does not know, rather than to insert without conflict handling.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from grid_db.models import Base

Row = Mapping[str, object]
Key = tuple[object, ...]
Insert = postgresql.Insert | sqlite.Insert

_INSERTS: dict[str, Callable[[sa.Table], Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}


class UnsupportedDialect(ValueError):
    """Nobody knows how this database handles a row that is already there."""


def bulk_insert(
    session: Session, model: type[Base], rows: Sequence[Row], *, update: Sequence[str] = ()
) -> list[int]:
    """Insert rows that are not there yet; the positions in `rows` of those that were inserted.

    Rows are mappings of column names, all with the same names. A row is there already when its
    unique key is: then nothing happens, or the columns named in `update` take its values (and
    its position counts too). Of rows with one key within `rows` the first is taken, with `update`
    the last. A row that breaks another constraint fails them all; nothing is committed here.
    """
    if not rows:
        return []
    table = sa.inspect(model).local_table
    assert isinstance(table, sa.Table)
    key, where = conflict_key(table)
    _check_names(table, rows, key)
    chosen = _without_repeats(rows, key, last=bool(update))
    names = list(rows[0])
    taking = [rows[position] for position in chosen.values()]
    statement = _insert(session.get_bind().dialect.name, table, key, where, update)
    returning = [table.c[name] for name in key]
    if isinstance(statement, postgresql.Insert):
        returned = session.execute(
            statement.from_select(names, _unnested(table, names, taking)).returning(*returning)
        )
    else:
        returned = session.execute(statement.returning(*returning), [dict(row) for row in taking])
    taken = {tuple(row) for row in returned}
    return sorted(
        position for found, position in chosen.items() if _is_unkeyed(found) or found in taken
    )


def insert_for(dialect: str, table: sa.Table) -> Insert:
    """The dialect's own INSERT, which knows ON CONFLICT; UnsupportedDialect when there is none."""
    try:
        return _INSERTS[dialect](table)
    except KeyError:
        raise UnsupportedDialect(
            f"expected one of {', '.join(_INSERTS)}, found {dialect}; "
            "rows that come twice could not be recognised there"
        ) from None


def conflict_key(table: sa.Table) -> tuple[list[str], Any]:
    """The columns that make a row of this table the same row, and the condition of their index.

    A unique constraint if there is one, else a unique index, else the primary key.
    """
    constraints = [one for one in table.constraints if isinstance(one, sa.UniqueConstraint)]
    if len(constraints) > 1:
        raise ValueError(f"{table.name}: expected one unique constraint, found {len(constraints)}")
    if constraints:
        return [column.name for column in constraints[0].columns], None
    indexes = [index for index in table.indexes if index.unique]
    if len(indexes) == 1:
        [index] = indexes
        return [column.name for column in index.columns], index.dialect_options["sqlite"]["where"]
    return [column.name for column in table.primary_key.columns], None


def _insert(
    dialect: str, table: sa.Table, key: Sequence[str], where: Any, update: Sequence[str]
) -> Insert:
    statement = insert_for(dialect, table)
    if not update:
        return statement.on_conflict_do_nothing(index_elements=key, index_where=where)
    return statement.on_conflict_do_update(
        index_elements=key,
        index_where=where,
        set_={name: statement.excluded[name] for name in update},
    )


def _unnested(table: sa.Table, names: Sequence[str], rows: Sequence[Row]) -> sa.Select[Any]:
    """The rows as one array for each column: for PostgreSQL far less work than a value each."""
    arrays = [
        sa.literal([row[name] for row in rows], postgresql.ARRAY(table.c[name].type))
        for name in names
    ]
    columns = [sa.column(name, table.c[name].type) for name in names]
    source = sa.func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
    return sa.select(*(source.c[name] for name in names))


def _check_names(table: sa.Table, rows: Sequence[Row], key: Sequence[str]) -> None:
    names = rows[0].keys()
    unknown = sorted(names - table.c.keys())
    missing = sorted(set(key) - names)
    if unknown or missing:
        raise ValueError(
            f"{table.name}: expected columns of the table and its key, found unknown {unknown}, "
            f"missing {missing}"
        )
    for position, row in enumerate(rows):
        if row.keys() != names:
            differing = sorted(row.keys() ^ names)
            raise ValueError(
                f"{table.name}: expected the same columns in every row, row {position} differs in "
                f"{', '.join(differing)}"
            )


def _without_repeats(rows: Sequence[Row], key: Sequence[str], *, last: bool) -> dict[Key, int]:
    """The position to take of each key; a key with a NULL is like no other."""
    chosen: dict[Key, int] = {}
    for position, row in enumerate(rows):
        found: Key = tuple([row[name] for name in key])
        if None in found:
            chosen[(*found, None, position)] = position
        elif last or found not in chosen:
            chosen[found] = position
    return chosen


def _is_unkeyed(found: Key) -> bool:
    return None in found

"""Which revision of the schema a database has, which one this program needs, and the way there.

It knows revisions, and refuses to work on a schema it does not know.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from grid_db.factory import DatabaseFactory
from grid_db.models import Base
from grid_db.settings import POSTGRESQL, DatabaseRefused

LOCK = 4_820_231_107
"""PostgreSQL's advisory lock that one upgrade at a time holds."""
NOTHING = "base"
NEWEST = "head"


class SchemaState(Enum):
    """How a database stands to this program."""

    CURRENT = "current"
    EMPTY = "empty"
    OLDER = "older"
    UNKNOWN = "unknown"
    UNVERSIONED = "unversioned"


class SchemaRefused(DatabaseRefused):
    """The schema is not the one that this program works with; the message says how to mend it."""


def newest_revision() -> str:
    """The revision that this program works with."""
    head = _scripts().get_current_head()
    assert head is not None
    return head


def revisions() -> list[str]:
    """Every revision this program knows, the oldest first."""
    return [script.revision for script in _scripts().walk_revisions()][::-1]


def current_revision(database: DatabaseFactory) -> str | None:
    """The revision a database has; None when it has none."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def state_of(database: DatabaseFactory) -> SchemaState:
    """How a database stands to this program."""
    revision = current_revision(database)
    if revision is None:
        with database.engine.connect() as connection:
            tables = set(sa.inspect(connection).get_table_names())
        has_rows_of_ours = not tables.isdisjoint(Base.metadata.tables)
        return SchemaState.UNVERSIONED if has_rows_of_ours else SchemaState.EMPTY
    if revision == newest_revision():
        return SchemaState.CURRENT
    return SchemaState.OLDER if revision in revisions() else SchemaState.UNKNOWN


def require_current(database: DatabaseFactory) -> None:
    """Go on only with the schema that this program works with; SchemaRefused else."""
    state = state_of(database)
    if state is SchemaState.CURRENT:
        return
    newest = newest_revision()
    where = database.shown_url
    match state:
        case SchemaState.EMPTY:
            raise SchemaRefused(f"{where} has no tables yet: make them with `grid-db upgrade`")
        case SchemaState.OLDER:
            found = current_revision(database)
            raise SchemaRefused(
                f"{where} has schema revision {found}, this program needs {newest}: stop the "
                "programs that use it, run `grid-db backup FILE`, then `grid-db upgrade`"
            )
        case SchemaState.UNKNOWN:
            raise SchemaRefused(_unknown(database))
        case SchemaState.UNVERSIONED:
            raise SchemaRefused(
                f"{where} has tables of ours and no schema revision: an earlier system made it. "
                "Use a new database, made with `grid-db upgrade`"
            )


def upgrade(database: DatabaseFactory, revision: str = NEWEST) -> None:
    """Bring a database up to a revision, all or nothing; SchemaRefused when it cannot be."""
    _move(database, revision, up=True)


def downgrade(database: DatabaseFactory, revision: str) -> None:
    """Bring a database down to a revision (`base`: no tables); rows of dropped tables are lost."""
    _move(database, revision, up=False)


def differences(database: DatabaseFactory) -> list[str]:
    """What in the tables differs from what this program works with; nothing when all is well."""
    with database.engine.connect() as connection:
        options = {"compare_type": True, "include_object": _is_ours}
        context = MigrationContext.configure(connection, opts=options)
        found = compare_metadata(context, Base.metadata)
    return sorted(_told(difference) for difference in found)


def _is_ours(_item: object, _name: str | None, kind: str, reflected: bool, twin: object) -> bool:
    """Other programs' tables in the same database are none of our business."""
    return not (kind == "table" and reflected and twin is None)


def _told(difference: object) -> str:
    if isinstance(difference, list):
        return "; ".join(_told(one) for one in difference)
    assert isinstance(difference, tuple)
    action, *subjects = difference
    named = [
        str(getattr(subject, "name", subject))
        for subject in subjects
        if subject is not None and not isinstance(subject, dict)
    ]
    return f"{str(action).replace('_', ' ')}: {' '.join(named)}"


def _move(database: DatabaseFactory, revision: str, *, up: bool) -> None:
    wanted = _resolved(revision)
    state = state_of(database)
    if state is SchemaState.UNKNOWN:
        raise SchemaRefused(_unknown(database))
    if state is SchemaState.UNVERSIONED:
        require_current(database)
    _check_direction(current_revision(database), wanted, up=up)
    with _configured(database) as config:
        if up:
            command.upgrade(config, wanted)
        else:
            command.downgrade(config, wanted)


def _resolved(revision: str) -> str:
    known = revisions()
    if revision == NOTHING:
        return NOTHING
    if revision == NEWEST:
        return known[-1]
    if revision not in known:
        raise SchemaRefused(
            f"expected a revision of {', '.join([NOTHING, *known])}, found {revision!r}"
        )
    return revision


def _check_direction(found: str | None, wanted: str, *, up: bool) -> None:
    order = [NOTHING, *revisions()]
    at, to = order.index(found or NOTHING), order.index(wanted)
    if up and to < at:
        raise SchemaRefused(
            f"expected a revision after {order[at]} to upgrade to, found {wanted}: "
            f"to go back, run `grid-db downgrade {wanted}`"
        )
    if not up and to > at:
        raise SchemaRefused(
            f"expected a revision before {order[at]} to downgrade to, found {wanted}: "
            f"to go on, run `grid-db upgrade {wanted}`"
        )


def _unknown(database: DatabaseFactory) -> str:
    return (
        f"{database.shown_url} has schema revision {current_revision(database)}, which this "
        f"program does not know (it knows up to {newest_revision()}): a newer program made it. "
        "Use that program's version, or restore a backup"
    )


@contextmanager
def _configured(database: DatabaseFactory) -> Iterator[Config]:
    """Alembic on one transaction, alone in the database."""
    config = _config()
    try:
        with database.engine.begin() as connection:
            if connection.dialect.name == POSTGRESQL:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            config.attributes["connection"] = connection
            yield config
    except CommandError as error:
        raise SchemaRefused(str(error)) from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "grid_db:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())

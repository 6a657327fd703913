"""Whether the database can be recorded into at all, and what a start says when it cannot."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from appkit.exits import RunFailed, UserError
from event_saver.gaps.filling import StoreAway
from event_saver.sink import told
from grid_db import schema
from grid_db.factory import DatabaseFactory


@contextmanager
def answering(database: DatabaseFactory) -> Iterator[None]:
    """Work that needs this program's schema, writable; RunFailed when it does not answer.

    SchemaRefused for another schema, UserError for a database that is only read.
    """
    try:
        schema.require_current(database)
        if database.is_read_only:
            raise UserError(
                f"expected a database that may be written, {database.shown_url} is read only",
                "unset GRIDBOT_READ_ONLY",
            )
        yield
    except SQLAlchemyError as error:
        raise _away(database, told(error)) from error
    except StoreAway as error:
        raise _away(database, str(error)) from error


def _away(database: DatabaseFactory, text: str) -> RunFailed:
    return RunFailed(
        f"{database.shown_url}: the database does not answer: {text}",
        "start again when it does; what is in the journals waits for it",
    )

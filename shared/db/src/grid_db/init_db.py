"""`python -m grid_db.init_db`: makes the tables of a database and lists them."""

import sys
from collections.abc import Sequence
from typing import Any

from grid_db import schema
from grid_db.cli import Exit, Parser, told
from grid_db.factory import DatabaseFactory
from grid_db.models import Base
from grid_db.settings import DatabaseSettings, DatabaseType


def main(argv: Sequence[str] | None = None) -> int:
    """Make or upgrade the tables that the settings name, and list them; the exit code."""
    return told(lambda: _initialise(argv))


def _initialise(argv: Sequence[str] | None) -> int:
    parser = Parser(prog="grid_db.init_db", description=main.__doc__)
    parser.add_argument("--db-type", choices=[one.value for one in DatabaseType])
    parser.add_argument("--db-name", help="a file, or the name of a PostgreSQL database")
    parser.add_argument("--echo-sql", action="store_true", default=None)
    arguments = parser.parse_args(argv)
    given: dict[str, Any] = {
        name: value for name, value in vars(arguments).items() if value is not None
    }
    if arguments.db_name is not None or arguments.db_type is not None:
        given["database_url"] = None  # what is named here wins over the environment's address
    database = DatabaseFactory(DatabaseSettings(**given))
    try:
        schema.upgrade(database)
    finally:
        database.dispose()
    print(f"{database.shown_url}: revision {schema.newest_revision()}, tables:")
    for table in Base.metadata.sorted_tables:
        print(f"  {table.name}")
    return Exit.DONE


if __name__ == "__main__":
    sys.exit(main())

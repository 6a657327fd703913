"""What Alembic runs around the revisions: they work on the connection that grid_db opened.

It refuses to open one itself, so that there is one way to reach a database.
"""

from typing import Any

from alembic import context


def migrate(arguments: dict[str, Any]) -> None:
    """Run the revisions that were asked for, in the one transaction that is open."""
    connection = arguments.get("connection")
    if connection is None:
        raise RuntimeError("expected to be run by grid_db; run `grid-db upgrade`")
    context.configure(
        connection=connection,
        # SQLite changes a table by making it anew.
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


migrate(context.config.attributes)

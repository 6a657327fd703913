import pytest
from alembic import command
from alembic.config import Config

from grid_db import schema
from grid_db.factory import DatabaseFactory


def test_nothing_else_than_grid_db_runs_the_revisions() -> None:
    """There is one way to reach a database; `alembic upgrade` by hand is told which."""
    config = Config()
    config.set_main_option("script_location", "grid_db:migrations")
    config.set_main_option("path_separator", "os")

    with pytest.raises(RuntimeError, match="run `grid-db upgrade`"):
        command.upgrade(config, "head")


def test_the_revisions_work_in_the_transaction_that_was_opened(
    empty_database: DatabaseFactory,
) -> None:
    schema.upgrade(empty_database)

    assert schema.current_revision(empty_database) == schema.newest_revision()

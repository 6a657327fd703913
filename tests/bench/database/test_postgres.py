"""The server that the bench starts for itself."""

import os
from pathlib import Path

import pytest

from bench.database.postgres import (
    NoPostgres,
    free_port,
    postgres_programs,
    postgres_server,
    unprivileged,
)
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings


def installed() -> bool:
    try:
        postgres_programs()
    except NoPostgres:
        return False
    return True


NEEDS_POSTGRES = pytest.mark.skipif(
    os.environ.get("CI") != "true" and not installed(),
    reason="expected initdb and pg_ctl of PostgreSQL on PATH (Debian: apt-get install postgresql)",
)


@NEEDS_POSTGRES
def test_a_server_of_ones_own_takes_the_schema_and_is_gone_afterwards() -> None:
    with postgres_server() as url:
        database = DatabaseFactory(DatabaseSettings.of_url(url))
        schema.upgrade(database)
        schema.require_current(database)
        with database.get_readonly_session() as session:
            shown = session.connection().exec_driver_sql("SHOW unix_socket_directories").scalar()
        database.dispose()

    assert isinstance(shown, str)
    assert not Path(shown).exists()


def test_programs_are_found_on_path_before_debians(tmp_path: Path) -> None:
    program = tmp_path / "initdb"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert postgres_programs(str(tmp_path), tmp_path / "none") == tmp_path


def test_the_newest_of_debians_versions_is_taken(tmp_path: Path) -> None:
    for version in ("9", "15", "100"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        (folder / "initdb").touch()
    (tmp_path / "200" / "bin").mkdir(parents=True)

    assert postgres_programs(str(tmp_path), tmp_path) == tmp_path / "100" / "bin"


def test_without_programs_the_error_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(NoPostgres, match="apt-get install postgresql"):
        postgres_programs(str(tmp_path), tmp_path)


def test_root_does_not_serve_a_database() -> None:
    assert bool(unprivileged()) == (os.geteuid() == 0)


def test_a_free_port_can_be_had() -> None:
    assert 1024 <= free_port() <= 65535

from pathlib import Path

import pytest

from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.init_db import main
from grid_db.models import Base
from grid_db.settings import DatabaseSettings


def test_it_makes_the_tables_and_lists_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is named on the command line wins over the environment (live.md 2.6)."""
    monkeypatch.setenv("GRIDBOT_DATABASE_URL", "postgresql://u:p@h/elsewhere")
    path = tmp_path / "grid.db"

    assert main(["--db-type", "sqlite", "--db-name", str(path)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert {line.strip() for line in lines[1:]} == set(Base.metadata.tables)
    database = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{path}"))
    schema.require_current(database)
    database.dispose()


def test_it_works_on_the_database_of_the_environment(
    empty_settings: DatabaseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = empty_settings.url().render_as_string(hide_password=False)
    monkeypatch.setenv("GRIDBOT_DATABASE_URL", text)

    assert main([]) == 0

    database = DatabaseFactory(empty_settings)
    schema.require_current(database)
    database.dispose()


@pytest.mark.parametrize("words", [["--db-type", "oracle"], ["--db-nam", "x"]])
def test_what_cannot_be_understood_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 1
    assert capsys.readouterr().err.startswith("error: ")

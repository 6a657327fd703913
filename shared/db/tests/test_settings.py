from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from grid_db.settings import (
    DatabaseRefused,
    DatabaseSettings,
    DatabaseType,
    is_memory,
    parse_url,
    redact_url,
    sqlite_path,
)

SECRET = "p@ss:/wo%rd #1"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no .env of the machine that runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "DB_TYPE", "DB_NAME", "DB_HOST", "DB_PORT", "DB_USER"):
        monkeypatch.delenv(f"GRIDBOT_{name}", raising=False)


def parts(password: str = SECRET) -> DatabaseSettings:
    return DatabaseSettings(
        db_type=DatabaseType.POSTGRESQL,
        db_host="db.example",
        db_port=5432,
        db_user="grid:bot",
        db_password=SecretStr(password),
        db_name="grid/live",
    )


def test_without_any_setting_it_is_a_sqlite_file_beside_the_program() -> None:
    url = DatabaseSettings().url()

    assert str(url) == "sqlite+pysqlite:///grid_bot.db"
    assert sqlite_path(url) == Path("grid_bot.db")


def test_the_environment_and_a_dotenv_file_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("GRIDBOT_DB_NAME=from_file.db\nGRIDBOT_ECHO_SQL=true\n")
    monkeypatch.setenv("GRIDBOT_DB_NAME", "from_environment.db")

    settings = DatabaseSettings()

    assert settings.url().database == "from_environment.db"
    assert settings.echo_sql


def test_a_url_wins_over_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDBOT_DATABASE_URL", "postgres://u:p@h:1/d")
    monkeypatch.setenv("GRIDBOT_DB_NAME", "other.db")

    url = DatabaseSettings().url()

    assert url.render_as_string(hide_password=False) == "postgresql+psycopg://u:p@h:1/d"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_a_password_may_hold_any_character(password: str) -> None:
    url = parts(password).url()

    again = parse_url(url.render_as_string(hide_password=False))

    assert again.password == password
    assert (again.host, again.username, again.database) == ("db.example", "grid:bot", "grid/live")


def test_missing_parts_are_named() -> None:
    settings = DatabaseSettings(db_type=DatabaseType.POSTGRESQL, db_host="h", db_port=1)

    with pytest.raises(DatabaseRefused, match="GRIDBOT_DB_USER, GRIDBOT_DB_PASSWORD; set them"):
        settings.url()


@pytest.mark.parametrize("text", ["mysql://u:p@h/d", "oracle+cx://h"])
def test_other_servers_are_refused(text: str) -> None:
    with pytest.raises(DatabaseRefused, match="expected a database of sqlite or postgresql"):
        parse_url(text)


def test_what_is_no_address_is_refused_without_being_shown() -> None:
    with pytest.raises(DatabaseRefused) as refused:
        parse_url(f"postgresql:/user:{SECRET}")

    assert "expected a database address" in str(refused.value)
    assert SECRET not in str(refused.value)


def test_settings_and_addresses_never_show_a_password() -> None:
    """W36, A49: a start-up line once printed the raw address."""
    settings = parts()
    shown = [repr(settings), str(settings), str(settings.url()), repr(settings.url())]
    shown += [settings.model_dump_json(), redact_url(settings.url())]
    shown.append(repr(DatabaseSettings.of_url(f"postgresql://u:{'s3cr3t'}@h/d")))

    for text in shown:
        assert "wo%" not in text
        assert "wo%25rd" not in text
        assert "s3cr3t" not in text


def test_a_refused_setting_is_not_shown() -> None:
    with pytest.raises(ValidationError) as refused:
        DatabaseSettings.model_validate({"db_port": "s3cr3t"})

    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://grid:s3cr3t@h:5432/d", "postgresql://grid:***@h:5432/d"),
        ("postgresql://h/d?password=s3cr3t", "postgresql://h/d?password=%2A%2A%2A"),
        ("sqlite:///grid.db", "sqlite:///grid.db"),
        ("s3cr3t", "***"),
        ("postgresql://grid:s3cr3t@h:port/d", "***"),
    ],
)
def test_an_address_in_a_log_has_no_secret(url: str, shown: str) -> None:
    assert redact_url(url) == shown


def test_a_database_in_memory_has_no_file() -> None:
    for text in ("sqlite://", "sqlite:///:memory:"):
        assert is_memory(parse_url(text))
        assert sqlite_path(parse_url(text)) is None
    assert not is_memory(parse_url("postgresql://h/d"))
    assert sqlite_path(parse_url("postgresql://h/d")) is None

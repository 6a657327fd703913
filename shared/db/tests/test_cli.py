import json
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from grid_db import repositories, schema
from grid_db.cli import Exit, entry, tables_with_rows, told
from grid_db.factory import DatabaseFactory
from grid_db.models import ApiCredential
from grid_db.models.base import now_utc
from grid_db.repositories import ApiKeys
from grid_db.secrets.master_key import from_file
from grid_db.stored_keys import StoredKeys

Capture = pytest.CaptureFixture[str]


def address(database: DatabaseFactory) -> list[str]:
    return ["--database-url", database.url.render_as_string(hide_password=False)]


def test_from_nothing_to_the_newest_and_back(
    empty_database: DatabaseFactory, capsys: Capture
) -> None:
    where = address(empty_database)

    assert entry(["upgrade", *where]) == Exit.DONE
    assert entry(["check", *where]) == Exit.DONE
    assert entry(["downgrade", "0002", *where]) == Exit.DONE
    assert entry(["current", *where]) == Exit.DONE

    shown = empty_database.shown_url
    assert capsys.readouterr().out.splitlines() == [
        f"{shown}: revision base -> 0004",
        f"{shown}: as it should be",
        f"{shown}: revision 0004 -> 0002",
        f"{shown}: revision 0002 (older; newest 0004)",
    ]


def test_every_result_is_also_json(database: DatabaseFactory, capsys: Capture) -> None:
    assert entry(["current", "--json", *address(database)]) == Exit.DONE

    assert json.loads(capsys.readouterr().out) == {
        "database": database.shown_url,
        "revision": "0004",
        "state": "current",
        "newest": "0004",
    }


@pytest.mark.parametrize(
    "command",
    [["check"], ["prune", "--before", "2026-01-01"]],
    ids=lambda command: command[0],
)
def test_every_command_refuses_a_schema_it_does_not_know(
    empty_database: DatabaseFactory,
    capsys: Capture,
    command: list[str],
) -> None:
    schema.upgrade(empty_database, "0003")

    code = entry([*command, *address(empty_database)])

    assert code == Exit.REFUSED
    assert "then `grid-db upgrade`" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["upgrade"], ["downgrade", "base"], ["check"], ["backup", "copy"]]
)
def test_a_newer_schema_is_left_alone(
    empty_database: DatabaseFactory, capsys: Capture, command: list[str]
) -> None:
    schema.upgrade(empty_database)
    with empty_database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    assert entry([*command, *address(empty_database)]) == Exit.REFUSED
    assert "a newer program made it" in capsys.readouterr().err


def test_a_downgrade_that_may_lose_rows_asks_for_consent(
    filled: DatabaseFactory, empty_database: DatabaseFactory, capsys: Capture
) -> None:
    assert entry(["downgrade", "base", *address(filled)]) == Exit.REFUSED
    assert "users" in capsys.readouterr().err
    assert len(tables_with_rows(filled)) == 16

    schema.upgrade(empty_database)
    with empty_database.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO dead_letters VALUES ('l', 'sim', NULL, NULL, 'trades', 't', 'r', '{}', "
            + ("1, 1)" if connection.dialect.name == "sqlite" else "now(), now())")
        )
    assert entry(["downgrade", "base", "--yes", *address(empty_database)]) == Exit.DONE
    assert tables_with_rows(empty_database) == []


def test_a_check_that_finds_a_difference_fails(
    empty_database: DatabaseFactory, capsys: Capture
) -> None:
    schema.upgrade(empty_database)
    with empty_database.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX ix_runs_status")

    assert entry(["check", *address(empty_database)]) == Exit.VERDICT_FAIL
    assert capsys.readouterr().out == "add index: ix_runs_status\n"


def test_a_backup_tells_its_size(
    database: DatabaseFactory, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "copy"

    assert entry(["backup", str(file), "--json", *address(database)]) == Exit.DONE

    assert json.loads(capsys.readouterr().out)["bytes"] == file.stat().st_size


def test_an_older_database_is_copied_before_it_is_upgraded(
    empty_database: DatabaseFactory, tmp_path: Path, capsys: Capture
) -> None:
    schema.upgrade(empty_database, "0003")
    file = tmp_path / "copy.db"

    assert entry(["backup", str(file), *address(empty_database)]) == Exit.DONE

    assert file.stat().st_size > 0
    if empty_database.dialect == "sqlite":
        copy = ["--database-url", f"sqlite:///{file}"]
        assert entry(["upgrade", *copy]) == Exit.DONE
        assert entry(["check", *copy]) == Exit.DONE
    capsys.readouterr()


def test_a_prune_can_be_tried_first(filled: DatabaseFactory, capsys: Capture) -> None:
    words = ["prune", "--before", "2026-04-01", "--kind", "trades", *address(filled)]

    assert entry([*words, "--dry-run"]) == Exit.DONE
    assert entry([*words, "--vacuum"]) == Exit.DONE
    assert entry([*words, "--json"]) == Exit.DONE

    tried, done, rest = capsys.readouterr().out.split("\n", 2)
    assert tried.startswith("would delete 1 trades of BTCUSDT (sim), ")
    assert done.startswith("deleted 1 trades of BTCUSDT (sim), 2026-03-01T12:00:00.123456+00:00 to")
    assert json.loads(rest)["pruned"] == []


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["upgrade", "--jso"],
        ["prune", "--before", "yesterday"],
        ["upgrade", "--database-url", "mysql://u:s3cr3t@h/d"],
        ["upgrade", "--database-url", "s3cr3t"],
        ["current", "--database-url", "sqlite:///nowhere.db"],
    ],
)
def test_what_cannot_be_understood_is_refused_without_its_secrets(
    words: list[str], capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert entry(words) == Exit.REFUSED

    told_text = capsys.readouterr().err
    assert told_text.startswith("error: ")
    assert "s3cr3t" not in told_text
    assert list(tmp_path.iterdir()) == []


def test_a_refused_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("GRIDBOT_DB_PORT", "s3cr3t")

    assert entry(["current"]) == Exit.REFUSED

    told_text = capsys.readouterr().err
    assert told_text.startswith("error: GRIDBOT_DB_PORT: ")
    assert "s3cr3t" not in told_text


def test_a_server_that_does_not_answer_is_a_failure(capsys: Capture) -> None:
    url = "postgresql://grid:s3cr3t@127.0.0.1:1/d"

    assert entry(["current", "--database-url", url]) == Exit.FAILED

    told_text = capsys.readouterr().err
    assert "127.0.0.1" in told_text
    assert "s3cr3t" not in told_text


def test_the_environment_names_the_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    monkeypatch.setenv("GRIDBOT_DATABASE_URL", f"sqlite:///{tmp_path / 'grid.db'}")

    assert entry(["upgrade"]) == Exit.DONE
    assert (tmp_path / "grid.db").exists()


def test_an_interrupt_has_its_exit_code(capsys: Capture) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    assert told(interrupted) == Exit.INTERRUPTED
    assert capsys.readouterr().err == "error: interrupted\n"


def test_the_master_key_can_be_exchanged(
    filled: DatabaseFactory, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = tmp_path / "old.key", tmp_path / "new.key"
    assert entry(["new-master-key", str(old)]) == Exit.DONE
    assert entry(["new-master-key", str(new)]) == Exit.DONE
    keys = from_file(old), from_file(new)
    pair = ApiKeys(api_key=SecretStr("key"), api_secret=SecretStr("s3cr3t"))
    with filled.get_session() as session:
        session.execute(sa.delete(ApiCredential))
        mine = repositories.for_user(session, "user-1").credentials
        mine.store("account-1", pair, keys[0], now_utc())
    monkeypatch.setenv("GRIDBOT_MASTER_KEY_FILE", str(old))

    words = ["rotate-master-key", "--new-key-file", str(new), *address(filled)]
    assert entry(words) == Exit.DONE

    assert "1 credentials are wrapped by key " + keys[1].key_id in capsys.readouterr().out
    with filled.get_readonly_session() as session:
        mine = repositories.for_user(session, "user-1").credentials
        opened = mine.reveal("account-1", keys[1])
    assert opened.api_secret.get_secret_value() == "s3cr3t"


def typed(words: list[str], stdin: str) -> subprocess.CompletedProcess[str]:
    """The program itself, with these lines on its stdin."""
    command = [sys.executable, "-m", "grid_db", *words]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


def test_a_key_pair_is_sealed_from_two_lines_of_stdin(
    database: DatabaseFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.key"
    entry(["new-master-key", str(file)])
    monkeypatch.setenv("GRIDBOT_MASTER_KEY_FILE", str(file))

    words = ["store-keys", "main", "--environment", "demo", *address(database)]
    done = typed(words, "the-key-of-main\nthe-secret-of-main\n")

    assert done.returncode == Exit.DONE
    assert f"sealed by key {from_file(file).key_id}" in done.stdout
    assert "of-main" not in done.stdout + done.stderr
    stored = StoredKeys(database, {"GRIDBOT_MASTER_KEY_FILE": str(file)}).pair("main")
    assert stored.api_secret.get_secret_value() == "the-secret-of-main"


@pytest.mark.parametrize(
    ("account", "stdin", "said"),
    [
        ("main", "the-key-of-main\n", "API secret: expected a text, found nothing"),
        ("main ", "", "account: expected a name without surrounding blanks"),
    ],
)
def test_half_a_key_pair_and_an_odd_name_are_refused(
    database: DatabaseFactory,
    monkeypatch: pytest.MonkeyPatch,
    account: str,
    stdin: str,
    said: str,
) -> None:
    monkeypatch.setenv("GRIDBOT_MASTER_KEY", "b" * 43 + "=")

    done = typed(["store-keys", account, "--environment", "demo", *address(database)], stdin)

    assert done.returncode == Exit.REFUSED
    assert said in done.stderr
    assert "of-main" not in done.stderr


def test_keys_of_one_account_are_not_stored_for_another_environment(
    filled: DatabaseFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDBOT_MASTER_KEY", "b" * 43 + "=")
    words = ["store-keys", "new", *address(filled), "--environment"]

    first, second = (typed([*words, name], "key\nsecret\n") for name in ("demo", "mainnet"))

    assert (first.returncode, second.returncode) == (Exit.DONE, Exit.REFUSED)
    assert "account: expected none or" in second.stderr


def test_a_key_file_is_never_overwritten(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "a.key"
    entry(["new-master-key", str(file)])
    before = file.read_bytes()

    assert entry(["new-master-key", str(file)]) == Exit.REFUSED
    assert file.read_bytes() == before
    assert before.decode().strip() not in capsys.readouterr().err


def test_help_ends_well(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stopped:
        entry(["--help"])

    assert stopped.value.code == 0
    assert "upgrade" in capsys.readouterr().out

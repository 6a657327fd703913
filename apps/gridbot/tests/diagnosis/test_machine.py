import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings
from gridbot.config.model import GridbotConfig
from gridbot.diagnosis.machine import (
    FREE_LEAST,
    diagnose_database,
    diagnose_folder,
    diagnose_machine,
    diagnose_space,
)
from gridbot.diagnosis.words import Diagnosis, Health

TELEGRAM = {"telegram": {"bot_token": "env:BOT", "chat_id": 1}}


def config(folder: Path, **changes: Any) -> GridbotConfig:
    whole = {
        "accounts": [{"name": "main", "api_key": "env:KEY", "api_secret": "env:SECRET"}],
        "strategies": [{"strat_id": "grid", "account": "main", "symbol": "BTCUSDT"}],
        "data_folder": folder,
        "database_url": f"sqlite:///{folder}/bot.db",
    }
    return GridbotConfig.model_validate(whole | changes)


def machine(found: GridbotConfig, environment: Mapping[str, str]) -> dict[str, Diagnosis]:
    return {one.subject: one for one in diagnose_machine(found, environment)}


def test_a_database_of_this_schema_is_well(tmp_path: Path) -> None:
    found = config(tmp_path)
    schema.upgrade(DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{tmp_path}/bot.db")))

    assert diagnose_database(found).health is Health.WELL


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///{folder}/bot.db", "make them with `grid-db upgrade`"),
        ("postgresql://bot:hunter2@127.0.0.1:9/grid", "does not answer"),
        ("mysql://somewhere/x", "expected a database of sqlite or postgresql"),
    ],
)
def test_a_database_that_cannot_be_used_is_ill_without_its_password(
    tmp_path: Path, url: str, words: str
) -> None:
    found = diagnose_database(config(tmp_path, database_url=url.format(folder=tmp_path)))

    assert found.health is Health.ILL
    assert words in f"{found.text}; {found.remedy}"
    assert "hunter2" not in f"{found.text}{found.remedy}"


def test_a_folder_that_is_to_be_created_is_well_and_is_not_created(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"

    assert diagnose_folder(folder).text == f"{folder}, to be created"
    assert diagnose_folder(tmp_path).text == str(tmp_path)
    assert not folder.exists()


def test_a_file_where_the_folder_should_be_is_ill(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")

    assert diagnose_folder(file / "state").health is Health.ILL


def test_room_on_the_disk_is_held_against_what_journals_may_take(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free

    assert free > FREE_LEAST, "this test needs some room itself"
    assert diagnose_space(tmp_path, 1).health is Health.WELL
    assert diagnose_space(tmp_path / "later", free * 2).health is Health.ODD


def test_pages_without_a_token_take_no_commands(tmp_path: Path) -> None:
    found = machine(config(tmp_path), {})

    assert set(found) == {"database", "data folder", "disk", "surface"}
    assert found["surface"].health is Health.ODD


def test_secrets_beside_the_keys_are_looked_for_and_never_shown(tmp_path: Path) -> None:
    whole = config(tmp_path, surface={"token": "env:TOKEN"}, notification=TELEGRAM)

    there = machine(whole, {"TOKEN": "sesame", "BOT": "123:abc"})
    missing = machine(whole, {})

    assert [there[name].health for name in ("surface", "telegram")] == [Health.WELL] * 2
    assert [missing[name].health for name in ("surface", "telegram")] == [Health.ILL] * 2
    assert "TOKEN" in missing["surface"].text
    assert "sesame" not in str(there)

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from appkit.exits import RunFailed, UserError
from bybit_adapter.credentials import Credentials
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.repositories import ApiKeys
from grid_db.secrets.master_key import MasterKey
from grid_db.settings import DatabaseSettings
from grid_db.stored_keys import store_keys
from grid_db.words import Environment
from gridbot.config.blocks import GuardKey
from gridbot.config.keys import (
    credentials_of,
    database_of,
    database_password,
    guard_credentials_of,
    token_of,
)
from gridbot.config.model import GridbotConfig

MASTER = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def config(**changes: Any) -> GridbotConfig:
    account = {"name": "main", "api_key": "env:KEY", "api_secret": "env:SECRET"}
    strategies = [{"strat_id": "grid", "account": "main", "symbol": "BTCUSDT"}]
    url = changes.pop("database_url", "sqlite:///:memory:")
    return GridbotConfig.model_validate(
        {"accounts": [account | changes], "strategies": strategies, "database_url": url}
    )


def keys(found: GridbotConfig, environment: Mapping[str, str]) -> Credentials:
    return credentials_of(found, found.accounts[0], environment)


def test_a_pair_is_read_from_variables_and_files(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-a-file\n", encoding="utf-8")

    found = keys(config(api_secret=f"file:{file}"), {"KEY": "from-a-variable"})

    assert found == Credentials(key="from-a-variable", secret="from-a-file")


def test_a_private_key_is_known_by_its_form() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"

    assert keys(config(), {"KEY": "key", "SECRET": pem}).rsa


def test_a_pair_is_read_from_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    database = DatabaseFactory(DatabaseSettings.of_url(url))
    schema.upgrade(database)
    pair = ApiKeys(api_key=SecretStr("kept-key"), api_secret=SecretStr("kept-secret"))
    store_keys(database, "main", Environment.TESTNET, pair, MasterKey.parse(MASTER, "a test"), NOW)
    references = {"api_key": "db:main", "api_secret": "db:main", "database_url": url}

    found = keys(config(**references), {"GRIDBOT_MASTER_KEY": MASTER})

    assert found == Credentials(key="kept-key", secret="kept-secret")
    with pytest.raises(UserError, match="GRIDBOT_MASTER_KEY"):
        keys(config(**references), {})
    with pytest.raises(UserError, match="db:other: expected stored keys"):
        keys(config(**references | {"api_key": "db:other"}), {"GRIDBOT_MASTER_KEY": MASTER})


def test_a_reference_that_leads_nowhere_is_named_without_any_secret() -> None:
    """A49."""
    with pytest.raises(UserError, match="environment variable SECRET, found none"):
        keys(config(), {"KEY": "key"})


def test_a_key_that_cannot_be_one_is_refused_without_being_shown() -> None:
    with pytest.raises(UserError, match="account main: expected an API secret") as caught:
        keys(config(), {"KEY": "key", "SECRET": "höchst-geheim"})
    assert "geheim" not in caught.value.message


def test_a_database_that_does_not_answer_is_no_fault_of_the_configuration() -> None:
    url = "postgresql://bot:hunter2@127.0.0.1:9/grid"

    with pytest.raises(RunFailed, match="db:main: the database does not answer") as caught:
        keys(config(api_key="db:main", database_url=url), {})
    assert "hunter2" not in caught.value.message


def test_an_address_of_no_known_database_is_refused() -> None:
    with pytest.raises(UserError, match="database_url: expected a database of sqlite"):
        database_of(config(database_url="mysql://somewhere/x"))


def test_a_token_is_optional() -> None:
    assert token_of(None, {}) is None
    assert token_of("env:TOKEN", {"TOKEN": "open sesame"}) == "open sesame"


def test_the_guard_has_a_pair_of_its_own() -> None:
    pair = GuardKey(api_key="env:GUARD_KEY", api_secret="env:GUARD_SECRET")
    environment = {"GUARD_KEY": "guards-key", "GUARD_SECRET": "guards-secret"}

    found = guard_credentials_of(config(), "main", pair, environment)

    assert found == Credentials(key="guards-key", secret="guards-secret")
    with pytest.raises(UserError, match="environment variable GUARD_SECRET, found none"):
        guard_credentials_of(config(), "main", pair, {"GUARD_KEY": "guards-key"})


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("sqlite:///grid.db", None),
        ("postgresql://bot:sword%2Ffish@db:5432/grid", "sword/fish"),
    ],
)
def test_the_password_of_the_database_is_known_so_that_it_can_be_hidden(
    url: str, password: str | None
) -> None:
    assert database_password(config(database_url=url)) == password


def test_an_address_that_is_none_is_refused_without_being_shown() -> None:
    with pytest.raises(UserError, match="database_url: expected") as refused:
        database_password(config(database_url="mysql://bot:swordfish@db/grid"))

    assert "swordfish" not in refused.value.message

"""db:ACCOUNT: the pair comes back, and every way it cannot is told with what to do (A49)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of, user_id_of
from grid_db.models import ApiCredential
from grid_db.repositories import ApiKeys, Conflict, as_admin, for_user
from grid_db.schema import SchemaRefused
from grid_db.secrets.envelope import Tampered, WrongMasterKey
from grid_db.secrets.master_key import MasterKey, MasterKeyError
from grid_db.stored_keys import KeysMissing, StoredKeys, store_keys
from grid_db.words import Environment

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
MASTER = MasterKey(b"m" * 32)
WITH_KEY = {"GRIDBOT_MASTER_KEY": "bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0="}
OTHER_KEY = {"GRIDBOT_MASTER_KEY": "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="}
KEYS = ApiKeys(api_key=SecretStr("a-key-of-main"), api_secret=SecretStr("a-secret-of-main"))


@pytest.fixture
def stored(database: DatabaseFactory) -> DatabaseFactory:
    store_keys(database, "main", Environment.DEMO, KEYS, MASTER, NOON)
    return database


def test_a_pair_is_found_by_the_name_of_its_account(stored: DatabaseFactory) -> None:
    found = StoredKeys(stored, WITH_KEY).pair("main")

    assert found == KEYS
    assert "of-main" not in repr(found)


def test_the_account_gets_the_ids_that_bot_and_recorder_derive_l86(
    stored: DatabaseFactory,
) -> None:
    with stored.get_readonly_session() as session:
        account = for_user(session, user_id_of("main")).accounts.get(account_id_of("main"))

    assert account is not None
    assert (account.account_name, account.environment) == ("main", Environment.DEMO)


def test_a_new_pair_takes_the_place_of_the_old_one(stored: DatabaseFactory) -> None:
    newer = replace(KEYS, api_secret=SecretStr("another secret"))
    store_keys(stored, "main", Environment.DEMO, newer, MASTER, NOON)

    assert StoredKeys(stored, WITH_KEY).pair("main") == newer
    with stored.get_readonly_session() as session:
        kept = as_admin(session).credentials.all(account_id_of("main"))
    assert [one.is_active for one in kept].count(True) == 1


def test_keys_of_one_environment_are_never_those_of_another(stored: DatabaseFactory) -> None:
    with pytest.raises(Conflict, match="account: expected none or"):
        store_keys(stored, "main", Environment.MAINNET, KEYS, MASTER, NOON)

    assert StoredKeys(stored, WITH_KEY).pair("main") == KEYS


def test_an_account_without_keys_is_told_who_has_some(stored: DatabaseFactory) -> None:
    with pytest.raises(KeysMissing) as refused:
        StoredKeys(stored, {}).pair("mian")

    assert "db:mian: expected stored keys of this account, found keys of main in" in str(
        refused.value
    )
    assert "grid-db store-keys mian" in str(refused.value)


def test_without_a_master_key_nothing_opens_and_its_variables_are_named(
    stored: DatabaseFactory,
) -> None:
    with pytest.raises(MasterKeyError, match=r"expected GRIDBOT_MASTER_KEY .*found neither"):
        StoredKeys(stored, {}).pair("main")


def test_a_wrong_master_key_is_told_which_one_is_meant(stored: DatabaseFactory) -> None:
    with pytest.raises(WrongMasterKey, match=f"expected master key {MASTER.key_id}, found"):
        StoredKeys(stored, OTHER_KEY).pair("main")


def test_a_row_that_was_changed_does_not_open(stored: DatabaseFactory) -> None:
    with stored.get_session() as session:
        session.execute(sa.update(ApiCredential).values(sealed=b"\0" * 64))

    with pytest.raises(Tampered, match="store the credential anew") as refused:
        StoredKeys(stored, WITH_KEY).pair("main")
    assert "of-main" not in str(refused.value)


def test_a_database_without_tables_says_how_to_make_them(empty_database: DatabaseFactory) -> None:
    with pytest.raises(SchemaRefused, match="grid-db upgrade"):
        StoredKeys(empty_database, WITH_KEY).pair("main")

"""The secrets that the configuration refers to: keys of accounts, tokens, and the database.

It hands each one out once and keeps none; its errors name references and never values.
"""

from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError

from appkit.exits import RunFailed, UserError
from appkit.secret_references import secret_of
from bybit_adapter.credentials import Credentials
from grid_db.factory import DatabaseFactory
from grid_db.repositories import ApiKeys
from grid_db.secrets.envelope import EnvelopeError
from grid_db.secrets.master_key import MasterKeyError
from grid_db.settings import DatabaseRefused, DatabaseSettings
from grid_db.stored_keys import KeysMissing, StoredKeys
from gridbot.config.blocks import GuardKey
from gridbot.config.model import AccountConfig, GridbotConfig

_PEM = "-----BEGIN"


def database_of(config: GridbotConfig) -> DatabaseFactory:
    """The database of the configuration, else that of the GRIDBOT_* variables; not opened yet."""
    try:
        return DatabaseFactory(_settings_of(config))
    except DatabaseRefused as error:
        raise UserError(f"database_url: {error}") from error


def database_password(config: GridbotConfig) -> str | None:
    """The password of that database, so that it can be kept out of texts; None without one."""
    try:
        password = _settings_of(config).url().password
    except DatabaseRefused as error:
        raise UserError(f"database_url: {error}") from error
    return None if password is None else str(password)


def credentials_of(
    config: GridbotConfig, account: AccountConfig, environment: Mapping[str, str]
) -> Credentials:
    """The account's key; the database is asked only for a `db:` reference.

    UserError when a reference leads nowhere, RunFailed when the database does not answer.
    """

    return _pair(config, account.name, account.api_key, account.api_secret, environment)


def guard_credentials_of(
    config: GridbotConfig, name: str, key: GuardKey, environment: Mapping[str, str]
) -> Credentials:
    """The guard's key of the account `name`, under the rules of `credentials_of`."""
    return _pair(config, f"{name}, guard", key.api_key, key.api_secret, environment)


def _pair(
    config: GridbotConfig,
    whose: str,
    key_reference: str,
    secret_reference: str,
    environment: Mapping[str, str],
) -> Credentials:
    def pair(name: str) -> ApiKeys:
        return _stored(StoredKeys(database_of(config), environment), name)

    key = secret_of(key_reference, environment, lambda name: pair(name).api_key.get_secret_value())
    secret = secret_of(
        secret_reference, environment, lambda name: pair(name).api_secret.get_secret_value()
    )
    try:
        return Credentials(key=key, secret=secret, rsa=secret.startswith(_PEM))
    except ValueError as error:
        raise UserError(f"account {whose}: {error}") from error


def token_of(reference: str | None, environment: Mapping[str, str]) -> str | None:
    """The token that a reference names; None where there is none. A `db:` reference is refused."""
    return None if reference is None else secret_of(reference, environment)


def _settings_of(config: GridbotConfig) -> DatabaseSettings:
    url = config.database_url
    return DatabaseSettings() if url is None else DatabaseSettings.of_url(url.get_secret_value())


def _stored(stored: StoredKeys, account_name: str) -> ApiKeys:
    try:
        return stored.pair(account_name)
    except (KeysMissing, MasterKeyError, EnvelopeError, DatabaseRefused) as error:
        raise UserError(str(error)) from error
    except SQLAlchemyError:
        # Without the cause, whose text holds the address.
        raise RunFailed(f"db:{account_name}: the database does not answer") from None

"""Key pairs by the name of their account: what `db:ACCOUNT` in a configuration stands for.

It knows where the master key comes from and opens one pair at a time; it keeps none.
"""

from collections.abc import Mapping
from datetime import datetime

from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of, user_id_of
from grid_db.records import Account, Credential, User
from grid_db.repositories import AdminRepositories, ApiKeys, as_admin
from grid_db.secrets.master_key import MasterKey, from_environment
from grid_db.words import Environment


class KeysMissing(LookupError):
    """No key pair is stored for an account; the message says for which there is one."""


class StoredKeys:
    """The key pairs in a database, opened by the master key that the environment names.

    `environment` is read when a pair is asked for, so that a program without references to the
    database needs no master key.
    """

    def __init__(self, database: DatabaseFactory, environment: Mapping[str, str]) -> None:
        self._database = database
        self._environment = environment

    def pair(self, account_name: str) -> ApiKeys:
        """The active pair of the account of this name.

        Raises KeysMissing, MasterKeyError, WrongMasterKey or Tampered, and DatabaseRefused for a
        database whose tables are not those of this program.
        """
        schema.require_current(self._database)
        account_id = account_id_of(account_name)
        with self._database.get_readonly_session() as session:
            rows = as_admin(session)
            if rows.credentials.active(account_id) is None:
                raise KeysMissing(
                    f"db:{account_name}: expected stored keys of this account, found keys of "
                    f"{', '.join(_with_keys(rows)) or 'none'} in {self._database.shown_url}; "
                    f"store them with `grid-db store-keys {account_name} --environment ...`"
                )
            return rows.credentials.reveal(account_id, from_environment(self._environment))


def store_keys(
    database: DatabaseFactory,
    account_name: str,
    environment: Environment,
    keys: ApiKeys,
    master: MasterKey,
    now: datetime,
) -> Credential:
    """Seal a pair as the active one of an account, which is created when there is none.

    The pair before it is kept, inactive. Raises Conflict when an account of this name belongs to
    another environment.
    """
    account = Account(
        account_id=account_id_of(account_name),
        user_id=user_id_of(account_name),
        account_name=account_name,
        environment=environment,
    )
    with database.get_session() as session:
        rows = as_admin(session)
        rows.users.ensure(User(user_id=account.user_id, username=account_name), now)
        rows.accounts.ensure(account, now)
        return rows.credentials.store(account.account_id, keys, master, now)


def _with_keys(rows: AdminRepositories) -> list[str]:
    return [
        account.account_name
        for account in rows.accounts.all()
        if rows.credentials.active(account.account_id) is not None
    ]

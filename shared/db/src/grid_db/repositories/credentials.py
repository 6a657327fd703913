"""Key pairs of the exchange, sealed at rest. A pair is opened for its tenant only, on request."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from pydantic import SecretStr

from grid_db import models
from grid_db.identity import new_id
from grid_db.records import Credential
from grid_db.repositories.scope import NotOwned, Scope
from grid_db.repositories.shapes import Shape
from grid_db.secrets.envelope import Envelope, open_envelope, rewrap, seal
from grid_db.secrets.master_key import MasterKey

_CREDENTIALS: Final = Shape(Credential, models.ApiCredential)
_HINT_DIGITS: Final = 4
_HINTED_FROM: Final = 16
"""Shorter keys give no hint: four characters would be too much of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeys:
    """A key pair; its representation hides both."""

    api_key: SecretStr
    api_secret: SecretStr


class Credentials:
    """The key pairs of the tenant's accounts; at most one of an account is active."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def store(self, account_id: str, keys: ApiKeys, master: MasterKey, now: datetime) -> Credential:
        """Seal a pair and make it the account's active one; the one before is kept, inactive.

        Raises NotOwned.
        """
        self._scope.require_account(account_id)
        columns, session = _CREDENTIALS.columns, self._scope.session
        session.execute(
            sa.update(_CREDENTIALS.table)
            .where(columns.account_id == account_id, columns.is_active)
            .values(is_active=False, rotated_at=now)
        )
        key = keys.api_key.get_secret_value()
        credential = Credential(
            credential_id=new_id(),
            account_id=account_id,
            api_key_hint=key[-_HINT_DIGITS:] if len(key) >= _HINTED_FROM else "",
            master_key_id=master.key_id,
            is_active=True,
            created_at=now,
            rotated_at=None,
        )
        envelope = seal(_packed(keys), master, _name(credential.credential_id, account_id))
        row = _CREDENTIALS.values(credential) | _sealed_columns(envelope)
        session.execute(sa.insert(_CREDENTIALS.table), [row])
        return credential

    def active(self, account_id: str) -> Credential | None:
        """The account's active pair, without its secrets."""
        columns = _CREDENTIALS.columns
        found = self._all(columns.account_id == account_id, columns.is_active)
        return found[0] if found else None

    def all(self, account_id: str) -> list[Credential]:
        """All pairs of an account, the newest first, without their secrets."""
        return self._all(_CREDENTIALS.columns.account_id == account_id)

    def reveal(self, account_id: str, master: MasterKey) -> ApiKeys:
        """The account's active pair. Raises NotOwned, WrongMasterKey or Tampered."""
        columns = _CREDENTIALS.columns
        query = sa.select(columns.credential_id, *_envelope_columns()).where(
            self._scope.account(columns.account_id),
            columns.account_id == account_id,
            columns.is_active,
        )
        found = self._scope.session.execute(query).first()
        if found is None:
            raise NotOwned("active credential of account", account_id)
        credential_id, *sealed = found
        name = _name(credential_id, account_id)
        return _unpacked(open_envelope(_envelope(*sealed), master, name))

    def deactivate(self, credential_id: str, now: datetime) -> bool:
        """Use a pair no longer; False when it was not active."""
        columns = _CREDENTIALS.columns
        statement = (
            sa.update(_CREDENTIALS.table)
            .where(self._scope.account(columns.account_id))
            .where(columns.credential_id == credential_id, columns.is_active)
            .values(is_active=False, rotated_at=now)
            .returning(columns.credential_id)
        )
        return self._scope.session.scalar(statement) is not None

    def rotate(self, old: MasterKey, new: MasterKey) -> int:
        """Wrap every pair of the scope under a new master key; how many there were to wrap.

        Those under the new key already are left alone, so that a rotation can be repeated.
        Raises WrongMasterKey for one under a third key, and Tampered; then the session must be
        rolled back, so that all stay under the old one.
        """
        columns, session = _CREDENTIALS.columns, self._scope.session
        query = (
            sa.select(columns.credential_id, columns.account_id, *_envelope_columns())
            .where(self._scope.account(columns.account_id), columns.master_key_id != new.key_id)
            .order_by(columns.credential_id)
        )
        found = session.execute(query).all()
        for credential_id, account_id, *sealed in found:
            rotated = rewrap(_envelope(*sealed), old, new, _name(credential_id, account_id))
            session.execute(
                sa.update(_CREDENTIALS.table)
                .where(columns.credential_id == credential_id)
                .values(_sealed_columns(rotated))
            )
        return len(found)

    def _all(self, *conditions: sa.ColumnElement[bool]) -> list[Credential]:
        columns = _CREDENTIALS.columns
        query = (
            _CREDENTIALS.select()
            .where(self._scope.account(columns.account_id), *conditions)
            .order_by(columns.created_at.desc(), columns.credential_id)
        )
        return _CREDENTIALS.all(self._scope.session, query)


def _name(credential_id: str, account_id: str) -> str:
    """What an envelope is bound to: this row, of this account."""
    return f"credential {credential_id} of account {account_id}"


def _packed(keys: ApiKeys) -> bytes:
    return json.dumps(
        [keys.api_key.get_secret_value(), keys.api_secret.get_secret_value()]
    ).encode()


def _unpacked(secret: bytes) -> ApiKeys:
    key, value = json.loads(secret)
    return ApiKeys(api_key=SecretStr(key), api_secret=SecretStr(value))


def _envelope_columns() -> tuple[sa.ColumnElement[object], ...]:
    columns = _CREDENTIALS.columns
    return columns.master_key_id, columns.wrapped_key, columns.sealed


def _envelope(master_key_id: str, wrapped_key: bytes, sealed: bytes) -> Envelope:
    return Envelope(master_key_id=master_key_id, wrapped_key=wrapped_key, sealed=sealed)


def _sealed_columns(envelope: Envelope) -> dict[str, object]:
    return {
        "master_key_id": envelope.master_key_id,
        "wrapped_key": envelope.wrapped_key,
        "sealed": envelope.sealed,
    }

"""Leases: at most one holder at a time acts for an account, and later ones can be told apart.

Times are the callers': holders on several machines need clocks that agree within a small part of
the lease's length.
"""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from grid_db import models
from grid_db.records import Lease
from grid_db.repositories.scope import Scope
from grid_db.repositories.shapes import Shape
from grid_db.upsert import bulk_insert

_LEASES: Final = Shape(Lease, models.Lease)


class LeaseLost(Exception):
    """Somebody who believes to hold a lease does not; whatever it was about to do is too late."""


class Leases:
    """The leases on the tenant's accounts. A row stays for good, so that fencing only rises."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def acquire(
        self, account_id: str, name: str, holder: str, now: datetime, length: timedelta
    ) -> Lease | None:
        """Take a lease that is free or has expired; None while somebody holds it.

        `holder` names this process and no other (host, process id, run). Raises NotOwned.
        """
        _require_positive(length)
        self._scope.require_account(account_id)
        columns = _LEASES.columns
        taken = self._change(
            (
                columns.account_id == account_id,
                columns.name == name,
                columns.expires_at <= now,
            ),
            {
                "holder": holder,
                "fencing": columns.fencing + 1,
                "acquired_at": now,
                "renewed_at": now,
                "expires_at": now + length,
            },
        )
        if taken is not None:
            return taken
        first = Lease(
            account_id=account_id,
            name=name,
            holder=holder,
            fencing=1,
            acquired_at=now,
            renewed_at=now,
            expires_at=now + length,
        )
        inserted = bulk_insert(self._scope.session, _LEASES.model, [_LEASES.values(first)])
        return first if inserted else None

    def renew(self, lease: Lease, now: datetime, length: timedelta) -> Lease | None:
        """Hold a lease for `length` from now; None when it is lost or has expired.

        One that has expired is not taken up again, even if nobody took it: acquire it anew.
        """
        _require_positive(length)
        return self._change(
            (*_same(lease), _LEASES.columns.expires_at > now),
            {"renewed_at": now, "expires_at": now + length},
        )

    def release(self, lease: Lease, now: datetime) -> bool:
        """Give a lease back before its end; False when it is not held any more."""
        held = (*_same(lease), _LEASES.columns.expires_at > now)
        return self._change(held, {"expires_at": now}) is not None

    def holder(self, account_id: str, name: str, now: datetime) -> Lease | None:
        """The lease that somebody holds at `now`, if any."""
        columns = _LEASES.columns
        query = _LEASES.select().where(
            self._scope.account(columns.account_id),
            columns.account_id == account_id,
            columns.name == name,
            columns.expires_at > now,
        )
        return _LEASES.first(self._scope.session, query)

    def require(self, lease: Lease, now: datetime) -> None:
        """Raise LeaseLost unless the lease is held; nobody takes it before this transaction ends.

        To be called in the transaction whose writes the lease protects.
        """
        held = (*_same(lease), _LEASES.columns.expires_at > now)
        query = (
            sa.select(_LEASES.columns.fencing)
            .where(self._scope.account(_LEASES.columns.account_id), *held)
            .with_for_update()
        )
        if self._scope.session.scalar(query) is None:
            raise LeaseLost(
                f"lease {lease.name} of account {lease.account_id}: expected it held by "
                f"{lease.holder} with number {lease.fencing}, found it expired or taken; "
                "stop, and acquire it anew"
            )

    def _change(
        self, conditions: tuple[sa.ColumnElement[bool], ...], values: dict[str, object]
    ) -> Lease | None:
        columns = _LEASES.columns
        statement = (
            sa.update(_LEASES.table)
            .where(self._scope.account(columns.account_id), *conditions)
            .values(values)
            .returning(*_LEASES.select().selected_columns)
        )
        return _LEASES.one(self._scope.session, statement)


def _same(lease: Lease) -> tuple[sa.ColumnElement[bool], ...]:
    columns = _LEASES.columns
    return (
        columns.account_id == lease.account_id,
        columns.name == lease.name,
        columns.holder == lease.holder,
        columns.fencing == lease.fencing,
    )


def _require_positive(length: timedelta) -> None:
    if length <= timedelta(0):
        raise ValueError(f"lease: expected a length above 0, found {length}")

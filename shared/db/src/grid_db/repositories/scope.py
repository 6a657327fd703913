"""Whose rows a session may touch: one tenant's, or (admin) everyone's.

Every repository asks here; none decides by itself.
"""

from collections.abc import Iterable
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from grid_db.models import BybitAccount, Run

_ACCOUNTS: Final = cast(sa.Table, BybitAccount.__table__)
_RUNS: Final = cast(sa.Table, Run.__table__)


class NotOwned(LookupError):
    """The tenant has no such row. It says the same of rows of others and of none at all."""

    def __init__(self, kind: str, row_id: str) -> None:
        super().__init__(
            f"{kind} {row_id}: expected a row of this user, found none; "
            "create it first, or open the repositories for the user who owns it"
        )


class Scope:
    """A session and the tenant it is opened for; `user_id` None is the admin scope."""

    __slots__ = ("_verified", "session", "user_id")

    def __init__(self, session: Session, user_id: str | None) -> None:
        self.session = session
        self.user_id = user_id
        self._verified: set[tuple[str, str | None]] = set()

    def account(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """That a column of account ids names an account of the tenant."""
        if self.user_id is None:
            return sa.true()
        return column.in_(
            sa.select(_ACCOUNTS.c.account_id).where(_ACCOUNTS.c.user_id == self.user_id)
        )

    def account_or_public(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """That a column of account ids names an account of the tenant, or none."""
        return sa.or_(column.is_(None), self.account(column))

    def user(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """That a column of user ids names the tenant."""
        return sa.true() if self.user_id is None else column == self.user_id

    def require_user(self, user_id: str) -> None:
        """Raise NotOwned unless `user_id` is the tenant."""
        if self.user_id is not None and user_id != self.user_id:
            raise NotOwned("user", user_id)

    def require_account(self, account_id: str) -> None:
        """Raise NotOwned unless the account is the tenant's."""
        if self.user_id is None or (account_id, None) in self._verified:
            return
        found = self.session.scalar(
            sa.select(_ACCOUNTS.c.account_id).where(
                _ACCOUNTS.c.account_id == account_id, _ACCOUNTS.c.user_id == self.user_id
            )
        )
        if found is None:
            raise NotOwned("account", account_id)
        self._verified.add((account_id, None))

    def require_accounts(self, account_ids: Iterable[str | None]) -> None:
        """Raise NotOwned unless each account is the tenant's; None is no account."""
        for account_id in sorted({found for found in account_ids if found is not None}):
            self.require_account(account_id)

    def require_runs(self, runs: Iterable[tuple[str, str]]) -> None:
        """Raise NotOwned unless each (account id, run id) is a run of the tenant on its account."""
        if self.user_id is None:
            return
        for account_id, run_id in sorted(set(runs)):
            if (account_id, run_id) in self._verified:
                continue
            self.require_account(account_id)
            found = self.session.scalar(
                sa.select(_RUNS.c.run_id).where(
                    _RUNS.c.run_id == run_id,
                    _RUNS.c.account_id == account_id,
                    _RUNS.c.user_id == self.user_id,
                )
            )
            if found is None:
                raise NotOwned("run", run_id)
            self._verified.add((account_id, run_id))

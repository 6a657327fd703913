"""Users, their accounts, and the strategies configured on them."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from grid_db import models
from grid_db.records import Account, Strategy, User
from grid_db.repositories.scope import NotOwned, Scope
from grid_db.repositories.shapes import Shape
from grid_db.upsert import insert_for
from grid_db.words import AccountStatus, UserStatus

_USERS: Final = Shape(User, models.User)
_ACCOUNTS: Final = Shape(Account, models.BybitAccount)
_STRATEGIES: Final = Shape(Strategy, models.Strategy)
_SAME: Final = ("strategy_id", "account_id", "strat_id")
_CHANGES: Final = ("strategy_type", "symbol", "config_json", "is_enabled")


class Conflict(Exception):
    """A row with this id or name exists and says something else; nothing was changed (L86)."""


class Profile:
    """The tenant itself."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def get(self) -> User:
        """The tenant's own row. Raises NotOwned when there is none."""
        user_id = self._scope.user_id or ""
        query = _USERS.select().where(_USERS.columns.user_id == user_id)
        found = _USERS.first(self._scope.session, query)
        if found is None:
            raise NotOwned("user", user_id)
        return found


class Users:
    """All tenants; the admin scope only."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def ensure(self, user: User, now: datetime) -> bool:
        """Create a user, or find it as given; whether it was created.

        A user of that id or name that differs raises Conflict. The status is not compared.
        """
        row = _USERS.values(user) | {"created_at": now, "updated_at": now}
        if _insert_new(self._scope.session, _USERS, row):
            return True
        found = self.get(user.user_id) or self.by_username(user.username)
        _require_same("user", user if found is None else replace(user, status=found.status), found)
        return False

    def get(self, user_id: str) -> User | None:
        """The user with this id."""
        return self._first(_USERS.columns.user_id == user_id)

    def by_username(self, username: str) -> User | None:
        """The user of this name."""
        return self._first(_USERS.columns.username == username)

    def all(self, limit: int = 100, offset: int = 0) -> list[User]:
        """Users ordered by name."""
        query = _USERS.select().order_by(_USERS.columns.username).limit(limit).offset(offset)
        return _USERS.all(self._scope.session, query)

    def active(self) -> list[User]:
        """Users who may be served, ordered by name."""
        is_active = _USERS.columns.status == UserStatus.ACTIVE.value
        query = _USERS.select().where(is_active).order_by(_USERS.columns.username)
        return _USERS.all(self._scope.session, query)

    def set_status(self, user_id: str, status: UserStatus, now: datetime) -> None:
        """Change a user's status. Raises NotOwned when there is no such user."""
        statement = (
            sa.update(_USERS.table)
            .where(_USERS.columns.user_id == user_id)
            .values(status=status.value, updated_at=now)
            .returning(_USERS.columns.user_id)
        )
        if self._scope.session.scalar(statement) is None:
            raise NotOwned("user", user_id)

    def delete(self, user_id: str) -> bool:
        """Delete a user with everything that is theirs; whether there was one."""
        statement = (
            sa.delete(_USERS.table)
            .where(_USERS.columns.user_id == user_id)
            .returning(_USERS.columns.user_id)
        )
        return self._scope.session.scalar(statement) is not None

    def _first(self, condition: sa.ColumnElement[bool]) -> User | None:
        return _USERS.first(self._scope.session, _USERS.select().where(condition))


class Accounts:
    """The tenant's accounts at the exchange."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def ensure(self, account: Account, now: datetime) -> bool:
        """Create an account, or find it as given; whether it was created.

        An account of that id or name that differs (owner, name, environment) raises Conflict: ids
        are derived from names, and merging two accounts would mix their histories. Its status is
        not compared.
        """
        self._scope.require_user(account.user_id)
        row = _ACCOUNTS.values(account) | {"created_at": now}
        if _insert_new(self._scope.session, _ACCOUNTS, row):
            return True
        found = self.get(account.account_id)
        given = account if found is None else replace(account, status=found.status)
        _require_same("account", given, found)
        return False

    def get(self, account_id: str) -> Account | None:
        """The account with this id."""
        found = self._all(_ACCOUNTS.columns.account_id == account_id)
        return found[0] if found else None

    def by_name(self, account_name: str) -> Account | None:
        """The account of this name. In the admin scope the first of the tenants' accounts."""
        found = self._all(_ACCOUNTS.columns.account_name == account_name)
        return found[0] if found else None

    def all(self) -> list[Account]:
        """The accounts, ordered by name."""
        return self._all(sa.true())

    def enabled(self) -> list[Account]:
        """Those that are in use, ordered by name."""
        return self._all(_ACCOUNTS.columns.status == AccountStatus.ENABLED.value)

    def set_status(self, account_id: str, status: AccountStatus) -> None:
        """Change an account's status. Raises NotOwned."""
        self._scope.require_account(account_id)
        statement = (
            sa.update(_ACCOUNTS.table)
            .where(_ACCOUNTS.columns.account_id == account_id)
            .values(status=status.value)
            .returning(_ACCOUNTS.columns.account_id)
        )
        if self._scope.session.scalar(statement) is None:
            raise NotOwned("account", account_id)

    def delete(self, account_id: str) -> bool:
        """Delete an account with everything recorded of it; whether there was one."""
        statement = (
            sa.delete(_ACCOUNTS.table)
            .where(_ACCOUNTS.columns.account_id == account_id)
            .where(self._scope.user(_ACCOUNTS.columns.user_id))
            .returning(_ACCOUNTS.columns.account_id)
        )
        return self._scope.session.scalar(statement) is not None

    def _all(self, condition: sa.ColumnElement[bool]) -> list[Account]:
        columns = _ACCOUNTS.columns
        query = (
            _ACCOUNTS.select()
            .where(condition, self._scope.user(columns.user_id))
            .order_by(columns.account_name, columns.account_id)
        )
        return _ACCOUNTS.all(self._scope.session, query)


class Strategies:
    """The strategies of the tenant's accounts: one enabled strategy for each symbol."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put(self, strategy: Strategy, now: datetime) -> None:
        """Store a strategy as configured now; an enabled one disables its symbol's other one.

        So a renamed strategy takes its symbol over and leaves its history behind (W37, L138).
        Raises NotOwned.
        """
        self._scope.require_account(strategy.account_id)
        columns, session = _STRATEGIES.columns, self._scope.session
        if strategy.is_enabled:
            session.execute(
                sa.update(_STRATEGIES.table)
                .where(columns.account_id == strategy.account_id)
                .where(columns.symbol == strategy.symbol, columns.strat_id != strategy.strat_id)
                .values(is_enabled=False)
            )
        row = _STRATEGIES.values(strategy) | {"created_at": now}
        # The second update is for a row that another session has stored in between.
        if not (self._update(row) or _insert_new(session, _STRATEGIES, row) or self._update(row)):
            raise Conflict(
                f"strategy {strategy.strat_id}: expected an id and a name that are free or this "
                "strategy's, found one in use; give the strategy another strat_id"
            )

    def get(self, strategy_id: str) -> Strategy | None:
        """The strategy with this id."""
        found = self._all(_STRATEGIES.columns.strategy_id == strategy_id)
        return found[0] if found else None

    def by_account(self, account_id: str) -> list[Strategy]:
        """All strategies of an account, disabled ones too."""
        return self._all(_STRATEGIES.columns.account_id == account_id)

    def enabled(self, account_id: str) -> list[Strategy]:
        """The strategies of an account that are in use."""
        columns = _STRATEGIES.columns
        return self._all(columns.account_id == account_id, columns.is_enabled)

    def by_symbol(self, account_id: str, symbol: str) -> Strategy | None:
        """The strategy in use on a symbol of an account."""
        columns = _STRATEGIES.columns
        found = self._all(
            columns.account_id == account_id, columns.symbol == symbol, columns.is_enabled
        )
        return found[0] if found else None

    def _update(self, row: dict[str, object]) -> bool:
        columns = _STRATEGIES.columns
        statement = (
            sa.update(_STRATEGIES.table)
            .where(*(columns[name] == row[name] for name in _SAME))
            .values({name: row[name] for name in _CHANGES})
            .returning(columns.strategy_id)
        )
        return self._scope.session.scalar(statement) is not None

    def _all(self, *conditions: sa.ColumnElement[bool]) -> list[Strategy]:
        columns = _STRATEGIES.columns
        query = (
            _STRATEGIES.select()
            .where(self._scope.account(columns.account_id), *conditions)
            .order_by(columns.account_id, columns.strat_id)
        )
        return _STRATEGIES.all(self._scope.session, query)


def _insert_new(session: Session, shape: Shape[Any], row: dict[str, object]) -> bool:
    """Insert a row unless something of it is taken; whether it was inserted."""
    key = next(iter(shape.table.primary_key))
    insert = insert_for(session.get_bind().dialect.name, shape.table)
    statement = insert.values(row).on_conflict_do_nothing().returning(key)
    return session.scalar(statement) is not None


def _require_same(kind: str, given: object, found: object) -> None:
    if given != found:
        shown = "one of another user or id" if found is None else found
        raise Conflict(
            f"{kind}: expected none or {given}, found {shown}; "
            "give it another name, or mend the configuration"
        )

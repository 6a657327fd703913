"""Who owns what: users, their accounts, the accounts' credentials and strategies."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from grid_db.models.base import (
    UUID_LENGTH,
    AccountKey,
    Base,
    CreatedAt,
    Moment,
    Text,
    UuidKey,
    now_utc,
    one_of,
    owned_by,
)
from grid_db.types import UtcDateTime
from grid_db.words import AccountStatus, Environment, UserStatus


class User(Base):
    """A tenant."""

    __tablename__ = "users"
    __table_args__ = (one_of("status", UserStatus),)

    user_id: Mapped[UuidKey]
    username: Mapped[Text] = mapped_column(unique=True)
    email: Mapped[Text | None] = mapped_column(unique=True)
    status: Mapped[Text] = mapped_column(default=UserStatus.ACTIVE.value)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now_utc, onupdate=now_utc)


class BybitAccount(Base):
    """An exchange account of a user, in one environment."""

    __tablename__ = "bybit_accounts"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "account_name"),
        one_of("environment", Environment),
        one_of("status", AccountStatus),
    )

    account_id: Mapped[UuidKey]
    user_id: Mapped[str] = mapped_column(sa.String(UUID_LENGTH), owned_by("users.user_id"))
    account_name: Mapped[Text]
    environment: Mapped[Text]
    status: Mapped[Text] = mapped_column(default=AccountStatus.ENABLED.value)
    created_at: Mapped[CreatedAt]


class ApiCredential(Base):
    """A key pair of an account: `sealed` opens under a data key, that under the master key.

    `master_key_id` names the master key without telling it, so that a rotation finds what is
    left to do; `api_key_hint` is the end of the key. At most one pair of an account is active.
    """

    __tablename__ = "api_credentials"
    __table_args__ = (
        sa.Index(
            "uq_api_credentials_active",
            "account_id",
            unique=True,
            sqlite_where=sa.text("is_active"),
            postgresql_where=sa.text("is_active"),
        ),
    )

    credential_id: Mapped[UuidKey]
    account_id: Mapped[AccountKey] = mapped_column(index=True)
    api_key_hint: Mapped[Text]
    master_key_id: Mapped[Text] = mapped_column(index=True)
    wrapped_key: Mapped[bytes]
    sealed: Mapped[bytes]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[CreatedAt]
    rotated_at: Mapped[Moment | None]


class Strategy(Base):
    """A strategy on one symbol of an account; `strat_id` is its configured name.

    One enabled strategy per symbol: a renamed one leaves its disabled row and its history behind.
    """

    __tablename__ = "strategies"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "strat_id"),
        sa.Index(
            "uq_strategies_enabled_symbol",
            "account_id",
            "symbol",
            unique=True,
            sqlite_where=sa.text("is_enabled"),
            postgresql_where=sa.text("is_enabled"),
        ),
    )

    strategy_id: Mapped[UuidKey]
    account_id: Mapped[AccountKey]
    strat_id: Mapped[Text]
    strategy_type: Mapped[Text]
    symbol: Mapped[Text]
    config_json: Mapped[Text]
    is_enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[CreatedAt]

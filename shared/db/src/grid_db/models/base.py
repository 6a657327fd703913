"""What all tables share: the metadata, the names of constraints, kinds of columns.

It knows no table.
"""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, mapped_column

from grid_db.types import ExactDecimal, ExchangeTime, Fixed8, UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""How constraints and indexes are called, so that a migration can name them on any dialect."""

UUID_LENGTH = 36


class Base(DeclarativeBase):
    """The base of all models."""

    metadata = sa.MetaData(naming_convention=NAMING)


def now_utc() -> datetime:
    """The time at which a row is made, for columns that only say so."""
    return datetime.now(UTC)


def one_of(column: str, words: type[StrEnum]) -> sa.CheckConstraint:
    """The constraint that a column holds one word of a closed set, on both dialects."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def owned_by(target: str) -> sa.ForeignKey:
    """A foreign key whose row goes when the row that owns it goes."""
    return sa.ForeignKey(target, ondelete="CASCADE")


RowId = Annotated[
    int,
    mapped_column(
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True
    ),
]
"""The order in which rows came to the table."""
UuidKey = Annotated[str, mapped_column(sa.String(UUID_LENGTH), primary_key=True)]
AccountKey = Annotated[
    str, mapped_column(sa.String(UUID_LENGTH), owned_by("bybit_accounts.account_id"))
]
RunKey = Annotated[str, mapped_column(sa.String(UUID_LENGTH), owned_by("runs.run_id"))]
Text = Annotated[str, mapped_column(sa.Text())]
"""Any text: PostgreSQL and SQLite alike put no bound on it. JSON is the text as received."""
CreatedAt = Annotated[datetime, mapped_column(UtcDateTime(), default=now_utc)]
Moment = Annotated[datetime, mapped_column(UtcDateTime())]
MarketMoment = Annotated[datetime, mapped_column(ExchangeTime())]
MarketNumber = Annotated[Decimal, mapped_column(Fixed8())]
Money = Annotated[Decimal, mapped_column(ExactDecimal())]
Whole = Annotated[int, mapped_column(sa.BigInteger())]
Small = Annotated[int, mapped_column(sa.SmallInteger())]

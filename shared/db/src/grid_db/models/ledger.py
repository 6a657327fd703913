"""What is missing and what could not be kept: the gap ledger and the dead letters."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from grid_db.models.base import (
    UUID_LENGTH,
    Base,
    CreatedAt,
    Json,
    Moment,
    RowId,
    Text,
    UuidKey,
    Whole,
    now_utc,
    one_of,
    owned_by,
)
from grid_db.types import UtcDateTime
from grid_db.words import Environment, GapState, Stream


class Gap(Base):
    """A stretch of one stream that was not received; `symbol` is "" for all symbols.

    Public streams have no account. `rows` is what filling it brought.
    """

    __tablename__ = "gaps"
    __table_args__ = (
        sa.Index("ix_gaps_lookup", "environment", "stream", "symbol", "start_ts"),
        one_of("environment", Environment),
        one_of("stream", Stream),
        one_of("state", GapState),
        sa.CheckConstraint("start_ts <= end_ts", name="ordered"),
    )

    gap_id: Mapped[UuidKey]
    environment: Mapped[Text]
    account_id: Mapped[str | None] = mapped_column(
        sa.String(UUID_LENGTH), owned_by("bybit_accounts.account_id"), index=True
    )
    stream: Mapped[Text]
    symbol: Mapped[Text] = mapped_column(default="")
    start_ts: Mapped[Moment]
    end_ts: Mapped[Moment]
    state: Mapped[Text] = mapped_column(default=GapState.OPEN.value, index=True)
    cause: Mapped[Text]
    attempts: Mapped[Whole] = mapped_column(default=0)
    rows: Mapped[Whole] = mapped_column(default=0)
    lost: Mapped[Whole | None]
    next_attempt_at: Mapped[Moment | None]
    last_error: Mapped[Text | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now_utc, onupdate=now_utc)


class DeadLetter(Base):
    """A row or a message that no table took, whole, with the reason.

    The account is NULL where it is unknown, also when that is the fault. The same content is
    kept once.
    """

    __tablename__ = "dead_letters"
    __table_args__ = (
        sa.UniqueConstraint("environment", "stream", "raw_fingerprint"),
        one_of("environment", Environment),
        one_of("stream", Stream),
    )

    id: Mapped[RowId]
    environment: Mapped[Text]
    account_id: Mapped[str | None] = mapped_column(
        sa.String(UUID_LENGTH), owned_by("bybit_accounts.account_id"), index=True
    )
    stream: Mapped[Text]
    symbol: Mapped[Text | None]
    received_at: Mapped[Moment]
    error: Mapped[Text]
    raw_fingerprint: Mapped[Text]
    raw_json: Mapped[Json]
    resolved_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]

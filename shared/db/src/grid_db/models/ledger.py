"""What is missing and what could not be kept: the gap ledger and the dead letters."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from grid_db.models.base import (
    UUID_LENGTH,
    Base,
    CreatedAt,
    Moment,
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
    """A stretch of one stream that was not received, both ends included.

    Public streams have no account; a gap without a symbol is of the whole stream. `rows_filled`
    is what filling it brought.
    """

    __tablename__ = "gaps"
    __table_args__ = (
        sa.Index("ix_gaps_state_next_attempt_at", "state", "next_attempt_at"),
        sa.Index("ix_gaps_lookup", "environment", "stream", "symbol", "from_ts"),
        one_of("environment", Environment),
        one_of("stream", Stream),
        one_of("state", GapState),
        sa.CheckConstraint("from_ts <= to_ts", name="ordered"),
    )

    gap_id: Mapped[UuidKey]
    environment: Mapped[Text]
    account_id: Mapped[str | None] = mapped_column(
        sa.String(UUID_LENGTH), owned_by("bybit_accounts.account_id"), index=True
    )
    stream: Mapped[Text]
    symbol: Mapped[Text | None]
    from_ts: Mapped[Moment]
    to_ts: Mapped[Moment]
    state: Mapped[Text] = mapped_column(default=GapState.OPEN.value)
    reason: Mapped[Text]
    attempts: Mapped[Whole] = mapped_column(default=0)
    rows_filled: Mapped[Whole] = mapped_column(default=0)
    next_attempt_at: Mapped[Moment | None]
    last_error: Mapped[Text | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now_utc, onupdate=now_utc)


class DeadLetter(Base):
    """What was received and no table took, whole, with the reason.

    The run is told without being looked up: that there is no such run may be the fault.
    """

    __tablename__ = "dead_letters"
    __table_args__ = (one_of("environment", Environment), one_of("stream", Stream))

    letter_id: Mapped[UuidKey]
    environment: Mapped[Text]
    account_id: Mapped[str | None] = mapped_column(
        sa.String(UUID_LENGTH), owned_by("bybit_accounts.account_id"), index=True
    )
    run_id: Mapped[str | None] = mapped_column(sa.String(UUID_LENGTH))
    stream: Mapped[Text]
    topic: Mapped[Text]
    reason: Mapped[Text]
    payload: Mapped[Text]
    received_at: Mapped[Moment]
    created_at: Mapped[CreatedAt]

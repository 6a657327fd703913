"""Runs: who worked when, with which configuration and code, and whether it still lives."""

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
    one_of,
    owned_by,
)
from grid_db.words import RunStatus, RunType


class Run(Base):
    """One run of a program for a user.

    A recording run is of an account (None: of public streams only) and of no single strategy.
    `heartbeat_at` tells a running run from an abandoned one (L52).
    """

    __tablename__ = "runs"
    __table_args__ = (
        one_of("run_type", RunType),
        one_of("status", RunStatus),
        sa.Index("ix_runs_account_id_start_ts", "account_id", "start_ts"),
    )

    run_id: Mapped[UuidKey]
    user_id: Mapped[str] = mapped_column(
        sa.String(UUID_LENGTH), owned_by("users.user_id"), index=True
    )
    account_id: Mapped[str | None] = mapped_column(
        sa.String(UUID_LENGTH), owned_by("bybit_accounts.account_id")
    )
    strategy_id: Mapped[str | None] = mapped_column(
        sa.String(UUID_LENGTH), owned_by("strategies.strategy_id"), index=True
    )
    run_type: Mapped[Text]
    status: Mapped[Text] = mapped_column(default=RunStatus.RUNNING.value, index=True)
    start_ts: Mapped[CreatedAt]
    end_ts: Mapped[Moment | None]
    heartbeat_at: Mapped[Moment | None]
    config_snapshot: Mapped[Text | None]
    config_hash: Mapped[Text | None]
    code_version: Mapped[Text | None]
    gridcore_version: Mapped[Text | None]
    host: Mapped[Text | None]
    pid: Mapped[Whole | None]

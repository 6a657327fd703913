"""What the bot writes about itself: its grids over time, and the leases that keep it single."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from grid_db.models.base import (
    AccountKey,
    Base,
    MarketMoment,
    Moment,
    Money,
    RowId,
    RunKey,
    Text,
    Whole,
)


class GridStateSnapshot(Base):
    """A strategy's levels at one time; rows are evidence, and the bot reads none of them back.

    The fingerprint, where there is one, makes a repeated snapshot the same row.
    """

    __tablename__ = "grid_state_snapshots"
    __table_args__ = (
        sa.Index(
            "uq_grid_state_snapshots_fingerprint",
            "run_id",
            "account_id",
            "strat_id",
            "exchange_ts",
            "raw_fingerprint",
            unique=True,
            sqlite_where=sa.text("raw_fingerprint IS NOT NULL"),
            postgresql_where=sa.text("raw_fingerprint IS NOT NULL"),
        ),
        sa.Index(
            "ix_grid_state_snapshots_lookup",
            "run_id",
            "account_id",
            "strat_id",
            "exchange_ts",
            "id",
        ),
        sa.Index(
            "ix_grid_state_snapshots_across_runs",
            "account_id",
            "strat_id",
            "symbol",
            "exchange_ts",
            "id",
        ),
    )

    id: Mapped[RowId]
    run_id: Mapped[RunKey]
    account_id: Mapped[AccountKey]
    strat_id: Mapped[Text]
    symbol: Mapped[Text]
    exchange_ts: Mapped[MarketMoment]
    local_ts: Mapped[MarketMoment]
    grid_json: Mapped[Text]
    grid_step: Mapped[Money]
    grid_count: Mapped[Whole]
    raw_fingerprint: Mapped[Text | None]


class Lease(Base):
    """The right to act for an account in one matter (`name`) until `expires_at`.

    `fencing` rises with every new holder and never falls: rows stay, and what comes with a
    smaller number is of a holder who lost the lease.
    """

    __tablename__ = "leases"

    account_id: Mapped[AccountKey] = mapped_column(primary_key=True)
    name: Mapped[Text] = mapped_column(primary_key=True)
    holder: Mapped[Text]
    fencing: Mapped[Whole]
    acquired_at: Mapped[Moment]
    renewed_at: Mapped[Moment]
    expires_at: Mapped[Moment]

"""Revision 0004: grids, leases, gaps and dead letters.

What stands here never changes, whatever becomes of the models.
"""

import sqlalchemy as sa
from alembic import op

from grid_db.types import ExactDecimal, ExchangeTime, UtcDateTime

revision = "0004"
down_revision = "0003"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STREAM_KNOWN = (
    "stream IN ('trades', 'tickers', 'executions', 'orders', 'positions', 'wallet', 'funding', "
    "'grid', 'unknown')"
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "grid_state_snapshots",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("strat_id", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("exchange_ts", ExchangeTime(), nullable=False),
        sa.Column("local_ts", ExchangeTime(), nullable=False),
        sa.Column("grid_json", sa.Text(), nullable=False),
        sa.Column("grid_step", ExactDecimal(), nullable=False),
        sa.Column("grid_count", sa.BigInteger(), nullable=False),
        sa.Column("raw_fingerprint", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["bybit_accounts.account_id"],
            name="fk_grid_state_snapshots_account_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.run_id"], name="fk_grid_state_snapshots_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_grid_state_snapshots"),
    )
    op.create_index(
        "ix_grid_state_snapshots_across_runs",
        "grid_state_snapshots",
        ["account_id", "strat_id", "symbol", "exchange_ts", "id"],
        unique=False,
    )
    op.create_index(
        "ix_grid_state_snapshots_lookup",
        "grid_state_snapshots",
        ["run_id", "account_id", "strat_id", "exchange_ts", "id"],
        unique=False,
    )
    op.create_index(
        "uq_grid_state_snapshots_fingerprint",
        "grid_state_snapshots",
        ["run_id", "account_id", "strat_id", "exchange_ts", "raw_fingerprint"],
        unique=True,
        sqlite_where=sa.text("raw_fingerprint IS NOT NULL"),
        postgresql_where=sa.text("raw_fingerprint IS NOT NULL"),
    )
    op.create_table(
        "leases",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("fencing", sa.BigInteger(), nullable=False),
        sa.Column("acquired_at", UtcDateTime(), nullable=False),
        sa.Column("renewed_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["bybit_accounts.account_id"],
            name="fk_leases_account_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "name", name="pk_leases"),
    )
    op.create_table(
        "gaps",
        sa.Column("gap_id", sa.String(length=36), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=True),
        sa.Column("from_ts", UtcDateTime(), nullable=False),
        sa.Column("to_ts", UtcDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("rows_filled", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "environment IN ('mainnet', 'testnet', 'demo', 'sim')", name="ck_gaps_environment_known"
        ),
        sa.CheckConstraint(
            "state IN ('open', 'filled', 'unrecoverable')", name="ck_gaps_state_known"
        ),
        sa.CheckConstraint(STREAM_KNOWN, name="ck_gaps_stream_known"),
        sa.CheckConstraint("from_ts <= to_ts", name="ck_gaps_ordered"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["bybit_accounts.account_id"],
            name="fk_gaps_account_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("gap_id", name="pk_gaps"),
    )
    op.create_index("ix_gaps_account_id", "gaps", ["account_id"], unique=False)
    op.create_index(
        "ix_gaps_lookup", "gaps", ["environment", "stream", "symbol", "from_ts"], unique=False
    )
    op.create_index(
        "ix_gaps_state_next_attempt_at", "gaps", ["state", "next_attempt_at"], unique=False
    )
    op.create_table(
        "dead_letters",
        sa.Column("letter_id", sa.String(length=36), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "environment IN ('mainnet', 'testnet', 'demo', 'sim')",
            name="ck_dead_letters_environment_known",
        ),
        sa.CheckConstraint(STREAM_KNOWN, name="ck_dead_letters_stream_known"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["bybit_accounts.account_id"],
            name="fk_dead_letters_account_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("letter_id", name="pk_dead_letters"),
    )
    op.create_index("ix_dead_letters_account_id", "dead_letters", ["account_id"], unique=False)


def downgrade() -> None:
    """Drop the tables with all their rows."""
    op.drop_table("dead_letters")
    op.drop_table("gaps")
    op.drop_table("leases")
    op.drop_table("grid_state_snapshots")

"""Revision 0001: users, accounts, credentials, strategies and runs.

What stands here never changes, whatever becomes of the models.
"""

import sqlalchemy as sa
from alembic import op

from grid_db.types import UtcDateTime

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "users",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "status IN ('active', 'suspended', 'deleted')", name="ck_users_status_known"
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
        sa.UniqueConstraint("username", name="uq_users_username"),
    )
    op.create_table(
        "bybit_accounts",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "environment IN ('mainnet', 'testnet', 'demo', 'sim')",
            name="ck_bybit_accounts_environment_known",
        ),
        sa.CheckConstraint(
            "status IN ('enabled', 'disabled', 'error')", name="ck_bybit_accounts_status_known"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_bybit_accounts_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_bybit_accounts"),
        sa.UniqueConstraint(
            "user_id", "account_name", name="uq_bybit_accounts_user_id_account_name"
        ),
    )
    op.create_table(
        "api_credentials",
        sa.Column("credential_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("api_key_hint", sa.Text(), nullable=False),
        sa.Column("master_key_id", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("rotated_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["bybit_accounts.account_id"],
            name="fk_api_credentials_account_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("credential_id", name="pk_api_credentials"),
    )
    op.create_index(
        "ix_api_credentials_account_id", "api_credentials", ["account_id"], unique=False
    )
    op.create_index(
        "ix_api_credentials_master_key_id", "api_credentials", ["master_key_id"], unique=False
    )
    op.create_index(
        "uq_api_credentials_active",
        "api_credentials",
        ["account_id"],
        unique=True,
        sqlite_where=sa.text("is_active"),
        postgresql_where=sa.text("is_active"),
    )
    op.create_table(
        "strategies",
        sa.Column("strategy_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("strat_id", sa.Text(), nullable=False),
        sa.Column("strategy_type", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("config_json", sa.Text(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["bybit_accounts.account_id"],
            name="fk_strategies_account_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("strategy_id", name="pk_strategies"),
        sa.UniqueConstraint("account_id", "strat_id", name="uq_strategies_account_id_strat_id"),
    )
    op.create_index(
        "uq_strategies_enabled_symbol",
        "strategies",
        ["account_id", "symbol"],
        unique=True,
        sqlite_where=sa.text("is_enabled"),
        postgresql_where=sa.text("is_enabled"),
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("strategy_id", sa.String(length=36), nullable=True),
        sa.Column("run_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("start_ts", UtcDateTime(), nullable=False),
        sa.Column("end_ts", UtcDateTime(), nullable=True),
        sa.Column("heartbeat_at", UtcDateTime(), nullable=True),
        sa.Column("config_snapshot", sa.Text(), nullable=True),
        sa.Column("config_hash", sa.Text(), nullable=True),
        sa.Column("code_version", sa.Text(), nullable=True),
        sa.Column("gridcore_version", sa.Text(), nullable=True),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("pid", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "run_type IN ('live', 'backtest', 'shadow', 'recording')", name="ck_runs_run_type_known"
        ),
        sa.CheckConstraint(
            "status IN ('running', 'completed', 'failed', 'abandoned')", name="ck_runs_status_known"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["bybit_accounts.account_id"],
            name="fk_runs_account_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.strategy_id"],
            name="fk_runs_strategy_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_runs_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
    )
    op.create_index("ix_runs_account_id_start_ts", "runs", ["account_id", "start_ts"], unique=False)
    op.create_index("ix_runs_status", "runs", ["status"], unique=False)
    op.create_index("ix_runs_strategy_id", "runs", ["strategy_id"], unique=False)
    op.create_index("ix_runs_user_id", "runs", ["user_id"], unique=False)


def downgrade() -> None:
    """Drop the tables with all their rows."""
    op.drop_table("runs")
    op.drop_table("strategies")
    op.drop_table("api_credentials")
    op.drop_table("bybit_accounts")
    op.drop_table("users")

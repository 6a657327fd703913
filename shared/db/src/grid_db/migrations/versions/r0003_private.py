"""Revision 0003: executions, orders, positions, wallets and funding.

What stands here never changes, whatever becomes of the models.
"""

import sqlalchemy as sa
from alembic import op

from grid_db.types import ExactDecimal, ExchangeTime

revision = "0003"
down_revision = "0002"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "private_executions",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("strat_id", sa.Text(), nullable=True),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("position_idx", sa.SmallInteger(), nullable=True),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("exec_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("order_link_id", sa.Text(), nullable=True),
        sa.Column("exchange_ts", ExchangeTime(), nullable=False),
        sa.Column("local_ts", ExchangeTime(), nullable=False),
        sa.Column("exec_type", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("exec_price", ExactDecimal(), nullable=False),
        sa.Column("exec_qty", ExactDecimal(), nullable=False),
        sa.Column("closed_size", ExactDecimal(), nullable=True),
        sa.Column("leaves_qty", ExactDecimal(), nullable=True),
        sa.Column("exec_fee", ExactDecimal(), nullable=True),
        sa.Column("fee_currency", sa.Text(), nullable=True),
        sa.Column("fee_rate", ExactDecimal(), nullable=True),
        sa.Column("closed_pnl", ExactDecimal(), nullable=True),
        sa.Column("is_maker", sa.Boolean(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("raw_json", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "attribution IN ('row', 'order', 'wire_id', 'closed_size', 'none')",
            name="ck_private_executions_attribution_known",
        ),
        sa.CheckConstraint("side IN ('Buy', 'Sell')", name="ck_private_executions_side_known"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["bybit_accounts.account_id"],
            name="fk_private_executions_account_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.run_id"], name="fk_private_executions_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_private_executions"),
        sa.UniqueConstraint(
            "account_id", "exec_id", name="uq_private_executions_account_id_exec_id"
        ),
    )
    op.create_index(
        "ix_private_executions_account_id_exchange_ts",
        "private_executions",
        ["account_id", "exchange_ts"],
        unique=False,
    )
    op.create_index(
        "ix_private_executions_lookup",
        "private_executions",
        ["account_id", "strat_id", "symbol", "exchange_ts"],
        unique=False,
    )
    op.create_index(
        "ix_private_executions_order_id", "private_executions", ["order_id"], unique=False
    )
    op.create_index("ix_private_executions_run_id", "private_executions", ["run_id"], unique=False)
    op.create_table(
        "orders",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("strat_id", sa.Text(), nullable=True),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("position_idx", sa.SmallInteger(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("order_link_id", sa.Text(), nullable=True),
        sa.Column("exchange_ts", ExchangeTime(), nullable=False),
        sa.Column("local_ts", ExchangeTime(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.Column("qty", ExactDecimal(), nullable=False),
        sa.Column("leaves_qty", ExactDecimal(), nullable=False),
        sa.Column("cum_exec_qty", ExactDecimal(), nullable=True),
        sa.Column("avg_price", ExactDecimal(), nullable=True),
        sa.Column("reduce_only", sa.Boolean(), nullable=False),
        sa.Column("reject_reason", sa.Text(), nullable=True),
        sa.Column("cancel_type", sa.Text(), nullable=True),
        sa.Column("raw_json", sa.Text(), nullable=True),
        sa.CheckConstraint("side IN ('Buy', 'Sell')", name="ck_orders_side_known"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["bybit_accounts.account_id"],
            name="fk_orders_account_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.run_id"], name="fk_orders_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
        sa.UniqueConstraint(
            "account_id", "order_id", "exchange_ts", "status", "leaves_qty", name="uq_orders_key"
        ),
    )
    op.create_index(
        "ix_orders_account_id_exchange_ts", "orders", ["account_id", "exchange_ts"], unique=False
    )
    op.create_index(
        "ix_orders_lookup",
        "orders",
        ["run_id", "account_id", "symbol", "exchange_ts"],
        unique=False,
    )
    op.create_table(
        "position_snapshots",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("exchange_ts", ExchangeTime(), nullable=False),
        sa.Column("local_ts", ExchangeTime(), nullable=False),
        sa.Column("size", ExactDecimal(), nullable=False),
        sa.Column("entry_price", ExactDecimal(), nullable=True),
        sa.Column("liq_price", ExactDecimal(), nullable=True),
        sa.Column("mark_price", ExactDecimal(), nullable=True),
        sa.Column("leverage", ExactDecimal(), nullable=True),
        sa.Column("unrealised_pnl", ExactDecimal(), nullable=True),
        sa.Column("cum_realised_pnl", ExactDecimal(), nullable=True),
        sa.Column("cur_realised_pnl", ExactDecimal(), nullable=True),
        sa.Column("position_im", ExactDecimal(), nullable=True),
        sa.Column("position_mm", ExactDecimal(), nullable=True),
        sa.Column("position_value", ExactDecimal(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("raw_json", sa.Text(), nullable=True),
        sa.CheckConstraint("side IN ('Buy', 'Sell')", name="ck_position_snapshots_side_known"),
        sa.CheckConstraint(
            "source IN ('live', 'backtest')", name="ck_position_snapshots_source_known"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["bybit_accounts.account_id"],
            name="fk_position_snapshots_account_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.run_id"], name="fk_position_snapshots_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_position_snapshots"),
        sa.UniqueConstraint(
            "account_id",
            "symbol",
            "side",
            "source",
            "exchange_ts",
            "fingerprint",
            name="uq_position_snapshots_key",
        ),
    )
    op.create_index(
        "ix_position_snapshots_account_id_exchange_ts",
        "position_snapshots",
        ["account_id", "exchange_ts"],
        unique=False,
    )
    op.create_index(
        "ix_position_snapshots_lookup",
        "position_snapshots",
        ["run_id", "symbol", "side", "exchange_ts"],
        unique=False,
    )
    op.create_table(
        "wallet_snapshots",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("coin", sa.Text(), nullable=False),
        sa.Column("exchange_ts", ExchangeTime(), nullable=False),
        sa.Column("local_ts", ExchangeTime(), nullable=False),
        sa.Column("wallet_balance", ExactDecimal(), nullable=False),
        sa.Column("available_balance", ExactDecimal(), nullable=True),
        sa.Column("usd_value", ExactDecimal(), nullable=True),
        sa.Column("total_equity", ExactDecimal(), nullable=True),
        sa.Column("total_available_balance", ExactDecimal(), nullable=True),
        sa.Column("total_margin_balance", ExactDecimal(), nullable=True),
        sa.Column("account_im_rate", ExactDecimal(), nullable=True),
        sa.Column("account_mm_rate", ExactDecimal(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("raw_json", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["bybit_accounts.account_id"],
            name="fk_wallet_snapshots_account_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.run_id"], name="fk_wallet_snapshots_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_wallet_snapshots"),
        sa.UniqueConstraint(
            "account_id", "coin", "exchange_ts", "fingerprint", name="uq_wallet_snapshots_key"
        ),
    )
    op.create_index(
        "ix_wallet_snapshots_account_id_exchange_ts",
        "wallet_snapshots",
        ["account_id", "exchange_ts"],
        unique=False,
    )
    op.create_index(
        "ix_wallet_snapshots_lookup",
        "wallet_snapshots",
        ["run_id", "coin", "exchange_ts"],
        unique=False,
    )
    op.create_table(
        "funding_payments",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("strat_id", sa.Text(), nullable=True),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("position_idx", sa.SmallInteger(), nullable=True),
        sa.Column("exec_id", sa.Text(), nullable=False),
        sa.Column("exchange_ts", ExchangeTime(), nullable=False),
        sa.Column("local_ts", ExchangeTime(), nullable=False),
        sa.Column("qty", ExactDecimal(), nullable=False),
        sa.Column("funding_rate", ExactDecimal(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.Column("fee_currency", sa.Text(), nullable=True),
        sa.Column("raw_json", sa.Text(), nullable=True),
        sa.CheckConstraint("side IN ('Buy', 'Sell')", name="ck_funding_payments_side_known"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["bybit_accounts.account_id"],
            name="fk_funding_payments_account_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.run_id"], name="fk_funding_payments_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_funding_payments"),
        sa.UniqueConstraint("account_id", "exec_id", name="uq_funding_payments_account_id_exec_id"),
    )
    op.create_index(
        "ix_funding_payments_account_id_exchange_ts",
        "funding_payments",
        ["account_id", "exchange_ts"],
        unique=False,
    )
    op.create_index("ix_funding_payments_run_id", "funding_payments", ["run_id"], unique=False)


def downgrade() -> None:
    """Drop the tables with all their rows."""
    op.drop_table("funding_payments")
    op.drop_table("wallet_snapshots")
    op.drop_table("position_snapshots")
    op.drop_table("orders")
    op.drop_table("private_executions")

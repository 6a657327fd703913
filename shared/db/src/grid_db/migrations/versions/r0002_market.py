"""Revision 0002: public trades and tickers.

What stands here never changes, whatever becomes of the models.
"""

import sqlalchemy as sa
from alembic import op

from grid_db.types import ExchangeTime, Fixed8

revision = "0002"
down_revision = "0001"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "public_trades",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("trade_id", sa.Text(), nullable=False),
        sa.Column("exchange_ts", ExchangeTime(), nullable=False),
        sa.Column("local_ts", ExchangeTime(), nullable=False),
        sa.Column("side", sa.Text(), nullable=True),
        sa.Column("price", Fixed8(), nullable=False),
        sa.Column("size", Fixed8(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "environment IN ('mainnet', 'testnet', 'demo', 'sim')",
            name="ck_public_trades_environment_known",
        ),
        sa.CheckConstraint("side IN ('Buy', 'Sell')", name="ck_public_trades_side_known"),
        sa.CheckConstraint("price > 0 AND size > 0", name="ck_public_trades_positive"),
        sa.PrimaryKeyConstraint("id", name="pk_public_trades"),
        sa.UniqueConstraint(
            "environment", "symbol", "exchange_ts", "trade_id", name="uq_public_trades_key"
        ),
    )
    op.create_table(
        "ticker_snapshots",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("exchange_ts", ExchangeTime(), nullable=False),
        sa.Column("local_ts", ExchangeTime(), nullable=False),
        sa.Column("last_price", Fixed8(), nullable=False),
        sa.Column("mark_price", Fixed8(), nullable=True),
        sa.Column("bid1_price", Fixed8(), nullable=True),
        sa.Column("ask1_price", Fixed8(), nullable=True),
        sa.Column("funding_rate", Fixed8(), nullable=True),
        sa.Column("raw_json", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "environment IN ('mainnet', 'testnet', 'demo', 'sim')",
            name="ck_ticker_snapshots_environment_known",
        ),
        sa.CheckConstraint("last_price > 0", name="ck_ticker_snapshots_positive"),
        sa.PrimaryKeyConstraint("id", name="pk_ticker_snapshots"),
        sa.UniqueConstraint("environment", "symbol", "exchange_ts", name="uq_ticker_snapshots_key"),
    )


def downgrade() -> None:
    """Drop the tables with all their rows."""
    op.drop_table("ticker_snapshots")
    op.drop_table("public_trades")

"""What an account's streams tell: executions, order states, positions, wallet, funding.

Every row belongs to a run and an account and keeps the message it was read from. Unknown is NULL.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from grid_db.models.base import (
    AccountKey,
    Base,
    MarketMoment,
    Money,
    RowId,
    RunKey,
    Small,
    Text,
    Whole,
    one_of,
)
from grid_db.words import Attribution, SnapshotSource
from gridcore.sides import SideType


class PrivateExecution(Base):
    """One execution, of any execType.

    `attribution` says how `strat_id` and `position_idx` (1 long, 2 short) were found.
    `closed_size` > 0 is a close (a break-even one has no profit); `exec_fee` < 0 a rebate.
    """

    __tablename__ = "private_executions"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "exec_id"),
        sa.Index("ix_private_executions_account_id_exchange_ts", "account_id", "exchange_ts"),
        sa.Index("ix_private_executions_lookup", "account_id", "strat_id", "symbol", "exchange_ts"),
        one_of("side", SideType),
        one_of("attribution", Attribution),
    )

    id: Mapped[RowId]
    run_id: Mapped[RunKey] = mapped_column(index=True)
    account_id: Mapped[AccountKey]
    strat_id: Mapped[Text | None]
    symbol: Mapped[Text]
    position_idx: Mapped[Small | None]
    attribution: Mapped[Text]
    exec_id: Mapped[Text]
    order_id: Mapped[Text] = mapped_column(index=True)
    order_link_id: Mapped[Text | None]
    exchange_ts: Mapped[MarketMoment]
    local_ts: Mapped[MarketMoment]
    exec_type: Mapped[Text]
    side: Mapped[Text]
    exec_price: Mapped[Money]
    exec_qty: Mapped[Money]
    closed_size: Mapped[Money | None]
    leaves_qty: Mapped[Money | None]
    exec_fee: Mapped[Money | None]
    fee_currency: Mapped[Text | None]
    fee_rate: Mapped[Money | None]
    closed_pnl: Mapped[Money | None]
    is_maker: Mapped[bool | None]
    seq: Mapped[Whole | None]
    raw_json: Mapped[Text | None]


class OrderState(Base):
    """One change of an order's state: a log, not the current state.

    Two changes in one millisecond differ in status or in what is left, hence the key.
    """

    __tablename__ = "orders"
    __table_args__ = (
        sa.UniqueConstraint(
            "account_id", "order_id", "exchange_ts", "status", "leaves_qty", name="uq_orders_key"
        ),
        sa.Index("ix_orders_account_id_exchange_ts", "account_id", "exchange_ts"),
        sa.Index("ix_orders_lookup", "run_id", "account_id", "symbol", "exchange_ts"),
        one_of("side", SideType),
    )

    id: Mapped[RowId]
    run_id: Mapped[RunKey]
    account_id: Mapped[AccountKey]
    strat_id: Mapped[Text | None]
    symbol: Mapped[Text]
    position_idx: Mapped[Small | None]
    order_id: Mapped[Text]
    order_link_id: Mapped[Text | None]
    exchange_ts: Mapped[MarketMoment]
    local_ts: Mapped[MarketMoment]
    status: Mapped[Text]
    side: Mapped[Text]
    price: Mapped[Money]
    qty: Mapped[Money]
    leaves_qty: Mapped[Money]
    cum_exec_qty: Mapped[Money | None]
    avg_price: Mapped[Money | None]
    reduce_only: Mapped[bool]
    reject_reason: Mapped[Text | None]
    cancel_type: Mapped[Text | None]
    raw_json: Mapped[Text | None]


class PositionSnapshot(Base):
    """One leg at one time. `side` Buy is the long leg, Sell the short one, not a fill's side.

    A flat leg has size 0 and keeps its realised amounts. `position_value` is the exchange's, at
    mark price (L81); `cum_realised_pnl` is of the position's lifetime, `cur_realised_pnl` of its
    current cycle (L80). `fingerprint` tells two states of one time apart and makes a repeated
    message the same row.
    """

    __tablename__ = "position_snapshots"
    __table_args__ = (
        sa.UniqueConstraint(
            "account_id",
            "symbol",
            "side",
            "source",
            "exchange_ts",
            "fingerprint",
            name="uq_position_snapshots_key",
        ),
        sa.Index("ix_position_snapshots_account_id_exchange_ts", "account_id", "exchange_ts"),
        sa.Index("ix_position_snapshots_lookup", "run_id", "symbol", "side", "exchange_ts"),
        one_of("side", SideType),
        one_of("source", SnapshotSource),
    )

    id: Mapped[RowId]
    run_id: Mapped[RunKey]
    account_id: Mapped[AccountKey]
    source: Mapped[Text] = mapped_column(default=SnapshotSource.LIVE.value)
    symbol: Mapped[Text]
    side: Mapped[Text]
    exchange_ts: Mapped[MarketMoment]
    local_ts: Mapped[MarketMoment]
    size: Mapped[Money]
    entry_price: Mapped[Money | None]
    liq_price: Mapped[Money | None]
    mark_price: Mapped[Money | None]
    leverage: Mapped[Money | None]
    unrealised_pnl: Mapped[Money | None]
    cum_realised_pnl: Mapped[Money | None]
    cur_realised_pnl: Mapped[Money | None]
    position_im: Mapped[Money | None]
    position_mm: Mapped[Money | None]
    position_value: Mapped[Money | None]
    fingerprint: Mapped[Text]
    raw_json: Mapped[Text | None]


class WalletSnapshot(Base):
    """One coin at one time, with the account's totals of the same message repeated.

    The stream tells changed coins only: the last row of a quiet coin is old by design.
    """

    __tablename__ = "wallet_snapshots"
    __table_args__ = (
        sa.UniqueConstraint(
            "account_id", "coin", "exchange_ts", "fingerprint", name="uq_wallet_snapshots_key"
        ),
        sa.Index("ix_wallet_snapshots_account_id_exchange_ts", "account_id", "exchange_ts"),
        sa.Index("ix_wallet_snapshots_lookup", "run_id", "coin", "exchange_ts"),
    )

    id: Mapped[RowId]
    run_id: Mapped[RunKey]
    account_id: Mapped[AccountKey]
    coin: Mapped[Text]
    exchange_ts: Mapped[MarketMoment]
    local_ts: Mapped[MarketMoment]
    wallet_balance: Mapped[Money]
    available_balance: Mapped[Money | None]
    usd_value: Mapped[Money | None]
    total_equity: Mapped[Money | None]
    total_available_balance: Mapped[Money | None]
    total_margin_balance: Mapped[Money | None]
    account_im_rate: Mapped[Money | None]
    account_mm_rate: Mapped[Money | None]
    fingerprint: Mapped[Text]
    raw_json: Mapped[Text | None]


class FundingPayment(Base):
    """Funding of one leg: `amount` > 0 was received; the rate is positive when longs pay."""

    __tablename__ = "funding_payments"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "exec_id"),
        sa.Index("ix_funding_payments_account_id_exchange_ts", "account_id", "exchange_ts"),
        one_of("side", SideType),
    )

    id: Mapped[RowId]
    run_id: Mapped[RunKey] = mapped_column(index=True)
    account_id: Mapped[AccountKey]
    strat_id: Mapped[Text | None]
    symbol: Mapped[Text]
    side: Mapped[Text]
    position_idx: Mapped[Small | None]
    exec_id: Mapped[Text]
    exchange_ts: Mapped[MarketMoment]
    local_ts: Mapped[MarketMoment]
    qty: Mapped[Money]
    funding_rate: Mapped[Money]
    price: Mapped[Money]
    amount: Mapped[Money]
    fee_currency: Mapped[Text | None]
    raw_json: Mapped[Text | None]

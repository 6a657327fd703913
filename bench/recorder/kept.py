"""What the database holds, read by its own driver: no line of grid_db is between.

It reads; it refuses to compare.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from bench.recorder.market import Traded
from bench.recorder.rows import (
    Execution,
    Leg,
    LegState,
    OrderChange,
    Paid,
    WalletState,
    above_zero,
    number,
    timeless,
)

UNIT = Decimal(100_000_000)
"""Public market numbers are counts of 1e-8."""


class GapRow(NamedTuple):
    """A row of the gap ledger; times in microseconds."""

    stream: str
    state: str
    from_us: int
    to_us: int
    reason: str


class Letter(NamedTuple):
    """A dead letter."""

    stream: str
    topic: str
    reason: str
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Every row that is compared, oldest first, with the times that legs and wallets came at."""

    trades: Sequence[Traded]
    executions: Sequence[Execution]
    funding: Sequence[Paid]
    orders: Sequence[OrderChange]
    legs: Sequence[LegState]
    wallets: Sequence[WalletState]
    gaps: Sequence[GapRow]
    letters: Sequence[Letter]


def read(path: Path) -> Kept:
    """Read a database file that nobody writes any more."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:

        def rows(columns: str, table: str, order: str = "exchange_ts, id") -> list[Any]:
            query = f"SELECT {columns} FROM {table} ORDER BY {order}"
            return connection.execute(query).fetchall()

        return Kept(
            trades=[
                Traded(trade_id, at, price / UNIT, size / UNIT, side, seq)
                for trade_id, at, price, size, side, seq in rows(
                    "trade_id, exchange_ts, price, size, side, seq",
                    "public_trades",
                    "exchange_ts, seq, id",
                )
            ],
            executions=[
                Execution._make(
                    [
                        *row[:7],
                        *map(Decimal, row[7:9]),
                        *map(number, row[9:13]),
                        bool(row[13]),
                        *row[14:],
                    ]
                )
                for row in rows(
                    "exec_id, order_id, order_link_id, symbol, position_idx, exec_type, side,"
                    " exec_price, exec_qty, closed_size, leaves_qty, exec_fee, fee_rate, is_maker,"
                    " seq, exchange_ts",
                    "private_executions",
                )
            ],
            funding=[
                Paid._make([*row[:3], *map(Decimal, row[3:6]), row[6]])
                for row in rows(
                    "exec_id, symbol, side, qty, price, amount, exchange_ts", "funding_payments"
                )
            ],
            orders=[
                OrderChange._make(
                    [
                        *row[:3],
                        Decimal(row[3]),
                        *row[4:8],
                        *map(Decimal, row[8:10]),
                        *map(number, row[10:12]),
                        bool(row[12]),
                        *row[13:],
                    ]
                )
                for row in rows(
                    "order_id, exchange_ts, status, leaves_qty, order_link_id, symbol,"
                    " position_idx, side, price, qty, cum_exec_qty, avg_price, reduce_only,"
                    " reject_reason, cancel_type",
                    "orders",
                )
            ],
            legs=[
                LegState(
                    timeless(
                        Leg._make(
                            [*row[:3], Decimal(row[3]), above_zero(row[4]), *map(number, row[5:7])]
                        )
                    ),
                    *(number(value) for value in row[7:]),
                )
                for row in rows(
                    "symbol, side, exchange_ts, size, entry_price, cum_realised_pnl,"
                    " cur_realised_pnl, mark_price, liq_price, leverage, unrealised_pnl,"
                    " position_im, position_mm, position_value",
                    "position_snapshots",
                )
            ],
            wallets=[
                WalletState(row[0], Decimal(row[1]), *(number(value) for value in row[2:]))
                for row in rows(
                    "coin, wallet_balance, available_balance, usd_value, total_equity,"
                    " total_available_balance, total_margin_balance, account_im_rate,"
                    " account_mm_rate",
                    "wallet_snapshots",
                )
            ],
            gaps=[
                GapRow(*row)
                for row in rows("stream, state, from_ts, to_ts, reason", "gaps", "from_ts")
            ],
            letters=[
                Letter(*row)
                for row in rows("stream, topic, reason, payload", "dead_letters", "created_at")
            ],
        )

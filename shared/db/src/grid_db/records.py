"""What the repositories take and give: one plain immutable record for each table.

It knows no session and no dialect. Field names are column names; times are aware datetimes, money
is Decimal, JSON is text as it was received. Unknown is None, never 0.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from grid_db.words import (
    AccountStatus,
    Attribution,
    Environment,
    GapState,
    RunStatus,
    RunType,
    SnapshotSource,
    Stream,
    UserStatus,
)
from gridcore.sides import SideType


def fingerprint(text: str) -> str:
    """32 hex digits that identify a received text: a row delivered twice is stored once."""
    return sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A tenant."""

    user_id: str
    username: str
    email: str | None = None
    status: UserStatus = UserStatus.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account at the exchange; its environment never changes."""

    account_id: str
    user_id: str
    account_name: str
    environment: Environment
    status: AccountStatus = AccountStatus.ENABLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A stored key pair without its secrets; `api_key_hint` is the end of the key."""

    credential_id: str
    account_id: str
    api_key_hint: str
    master_key_id: str
    is_active: bool
    created_at: datetime
    rotated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A configured strategy of an account."""

    strategy_id: str
    account_id: str
    strat_id: str
    strategy_type: str
    symbol: str
    config_json: str
    is_enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One life of a process: what it ran with, where, and when it was last alive."""

    run_id: str
    user_id: str
    account_id: str | None
    strategy_id: str | None
    run_type: RunType
    start_ts: datetime
    end_ts: datetime | None = None
    status: RunStatus = RunStatus.RUNNING
    heartbeat_at: datetime | None = None
    config_snapshot: str | None = None
    config_hash: str | None = None
    gridcore_version: str | None = None
    code_version: str | None = None
    host: str | None = None
    pid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicTrade:
    """One trade of the market; `side` is the taker's."""

    environment: Environment
    symbol: str
    trade_id: str
    exchange_ts: datetime
    local_ts: datetime
    side: SideType | None
    price: Decimal
    size: Decimal
    seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerSnapshot:
    """The market at an instant; one row for each exchange time."""

    environment: Environment
    symbol: str
    exchange_ts: datetime
    local_ts: datetime
    last_price: Decimal
    mark_price: Decimal | None
    bid1_price: Decimal | None
    ask1_price: Decimal | None
    funding_rate: Decimal | None
    raw_json: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateExecution:
    """One execution of an order of ours.

    `closed_size` > 0 says that it reduced a position (a break-even close has no profit, yet it
    closes). `position_idx`: 1 long, 2 short, found as `attribution` says.
    """

    run_id: str
    account_id: str
    strat_id: str | None
    symbol: str
    position_idx: int | None
    attribution: Attribution
    exec_id: str
    order_id: str
    order_link_id: str | None
    exchange_ts: datetime
    local_ts: datetime
    exec_type: str
    side: SideType
    exec_price: Decimal
    exec_qty: Decimal
    closed_size: Decimal | None
    leaves_qty: Decimal | None
    exec_fee: Decimal | None
    fee_currency: str | None
    fee_rate: Decimal | None
    closed_pnl: Decimal | None
    is_maker: bool | None
    seq: int | None
    raw_json: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """One state of one order, as the exchange reported it: the table is a log of changes."""

    run_id: str
    account_id: str
    strat_id: str | None
    symbol: str
    position_idx: int | None
    order_id: str
    order_link_id: str | None
    exchange_ts: datetime
    local_ts: datetime
    status: str
    side: SideType
    price: Decimal
    qty: Decimal
    leaves_qty: Decimal
    cum_exec_qty: Decimal | None
    avg_price: Decimal | None
    reduce_only: bool
    reject_reason: str | None
    cancel_type: str | None
    raw_json: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSnapshot:
    """One leg of a position; Buy is the long leg, Sell the short one; size 0 is flat.

    `cum_realised_pnl` is of the position's lifetime, `cur_realised_pnl` of its current cycle
    (L80); `position_value` is at mark price (L81).
    """

    run_id: str
    account_id: str
    source: SnapshotSource
    symbol: str
    side: SideType
    exchange_ts: datetime
    local_ts: datetime
    size: Decimal
    entry_price: Decimal | None
    liq_price: Decimal | None
    mark_price: Decimal | None
    leverage: Decimal | None
    unrealised_pnl: Decimal | None
    cum_realised_pnl: Decimal | None
    cur_realised_pnl: Decimal | None
    position_im: Decimal | None
    position_mm: Decimal | None
    position_value: Decimal | None
    fingerprint: str
    raw_json: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletSnapshot:
    """One coin of a wallet, with the account's totals as stated beside it."""

    run_id: str
    account_id: str
    coin: str
    exchange_ts: datetime
    local_ts: datetime
    wallet_balance: Decimal
    available_balance: Decimal | None
    usd_value: Decimal | None
    total_equity: Decimal | None
    total_available_balance: Decimal | None
    total_margin_balance: Decimal | None
    account_im_rate: Decimal | None
    account_mm_rate: Decimal | None
    fingerprint: str
    raw_json: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPayment:
    """Funding settled on one leg; `amount` is the change of the wallet (negative: paid)."""

    run_id: str
    account_id: str
    strat_id: str | None
    symbol: str
    side: SideType
    position_idx: int | None
    exec_id: str
    exchange_ts: datetime
    local_ts: datetime
    qty: Decimal
    funding_rate: Decimal
    price: Decimal
    amount: Decimal
    fee_currency: str | None
    raw_json: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GridState:
    """The grid of a strategy after a change; `grid_json` is a list of {side, price}."""

    run_id: str
    account_id: str
    strat_id: str
    symbol: str
    exchange_ts: datetime
    local_ts: datetime
    grid_json: str
    grid_step: Decimal
    grid_count: int
    raw_fingerprint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A window of a stream that was not received: both ends belong to it.

    `account_id` None: a public stream. `symbol` None: the whole stream.
    """

    gap_id: str
    environment: Environment
    account_id: str | None
    stream: Stream
    symbol: str | None
    from_ts: datetime
    to_ts: datetime
    reason: str
    state: GapState = GapState.OPEN
    attempts: int = 0
    rows_filled: int = 0
    next_attempt_at: datetime | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """What was received and could not be stored, whole, with the reason."""

    letter_id: str
    environment: Environment
    account_id: str | None
    run_id: str | None
    stream: Stream
    topic: str
    reason: str
    payload: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to act for an account until `expires_at`.

    `fencing` is greater for each later holder: what comes with a smaller one comes too late.
    """

    account_id: str
    name: str
    holder: str
    fencing: int
    acquired_at: datetime
    renewed_at: datetime
    expires_at: datetime

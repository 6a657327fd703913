"""The closed sets of words that columns hold, as enums; it knows no table."""

from enum import StrEnum


class Environment(StrEnum):
    """Whose market and whose money: rows of two environments never meet."""

    MAINNET = "mainnet"
    TESTNET = "testnet"
    DEMO = "demo"
    SIM = "sim"


class UserStatus(StrEnum):
    """Whether a user may be served."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETED = "deleted"


class AccountStatus(StrEnum):
    """Whether an account is to be traded or recorded."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    ERROR = "error"


class RunType(StrEnum):
    """What kind of work a run did."""

    LIVE = "live"
    BACKTEST = "backtest"
    SHADOW = "shadow"
    RECORDING = "recording"


class RunStatus(StrEnum):
    """How a run stands; ABANDONED: it ended without saying so, and its heartbeat stopped (L52)."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    ABANDONED = "abandoned"


class FoundBy(StrEnum):
    """How the strategy or the position index of a row was found, the surest first."""

    ROW = "row"
    WIRE_ID = "wire_id"
    ORDER = "order"
    CLOSED_SIZE = "closed_size"


class SnapshotSource(StrEnum):
    """Who tells a state: the account's stream, a listing asked by REST, or a simulation."""

    LIVE = "live"
    REST = "rest"
    BACKTEST = "backtest"


class FundingSource(StrEnum):
    """Where a funding payment was read."""

    EXECUTION = "execution"
    TRANSACTION_LOG = "transaction_log"


class Stream(StrEnum):
    """What was recorded, in gaps and dead letters."""

    TRADES = "trades"
    TICKERS = "tickers"
    EXECUTIONS = "executions"
    ORDERS = "orders"
    POSITIONS = "positions"
    WALLET = "wallet"
    FUNDING = "funding"
    GRID = "grid"
    UNKNOWN = "unknown"


class GapState(StrEnum):
    """What became of a gap."""

    OPEN = "open"
    FILLED = "filled"
    UNRECOVERABLE = "unrecoverable"

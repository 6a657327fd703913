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


class Attribution(StrEnum):
    """How the strategy and the position index of an execution were found, the surest first."""

    ROW = "row"
    """The exchange's row says it."""
    ORDER = "order"
    """From the order that was executed."""
    WIRE_ID = "wire_id"
    """From the order's wire id, which names strategy and direction."""
    CLOSED_SIZE = "closed_size"
    """From side and closed size: a fill that closes belongs to the opposite side's position."""
    NONE = "none"


class SnapshotSource(StrEnum):
    """Who tells a position: the exchange, by stream or on request, or a simulation."""

    LIVE = "live"
    BACKTEST = "backtest"


class Stream(StrEnum):
    """What is recorded, one by one: each has its own gaps and its own dead letters."""

    TRADES = "trades"
    TICKERS = "tickers"
    EXECUTIONS = "executions"
    ORDERS = "orders"
    POSITIONS = "positions"
    WALLET = "wallet"
    FUNDING = "funding"
    GRID = "grid"
    UNKNOWN = "unknown"
    """A message of which not even this could be read; dead letters only."""


class GapState(StrEnum):
    """What became of a gap: OPEN is tried again, the others are final."""

    OPEN = "open"
    FILLED = "filled"
    UNRECOVERABLE = "unrecoverable"

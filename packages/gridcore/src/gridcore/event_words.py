"""The closed sets that events speak in: states, kinds, actions."""

from decimal import Decimal
from enum import Enum, StrEnum


class NoLiquidation(Enum):
    """The exchange says that a position has no liquidation price ("" in a received row)."""

    NO_LIQUIDATION = "no liquidation"


NO_LIQUIDATION = NoLiquidation.NO_LIQUIDATION
Liquidation = Decimal | NoLiquidation | None
"""A liquidation price in quote currency, none at all, or None: unknown."""


class OrderStatus(StrEnum):
    """Order status as the exchange spells it (spec/bybit.md A.7); V3's "Active" does not exist."""

    NEW = "New"
    PARTIALLY_FILLED = "PartiallyFilled"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    REJECTED = "Rejected"


class ExecType(StrEnum):
    """What kind of execution it is (spec/bybit.md A.7)."""

    TRADE = "Trade"
    FUNDING = "Funding"
    ADL = "AdlTrade"
    BUST = "BustTrade"
    SETTLE = "Settle"
    DELIVERY = "Delivery"
    UNKNOWN = "Unknown"


class FillEvidence(StrEnum):
    """Why the simulated venue says that an order filled; absent on the real exchange."""

    CROSSED = "crossed"
    TOUCHED = "touched"
    PASSED = "passed"
    BOOK = "book"
    QUEUE = "queue"
    TAKER = "taker"
    LIQUIDATION = "liquidation"


class CashKind(StrEnum):
    """Movements of cash that no trade causes."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER = "transfer"
    INTEREST = "interest"
    BONUS = "bonus"
    INSURANCE = "insurance"


class HostCondition(StrEnum):
    """What may be wrong with the process that drives a session."""

    JOURNAL_UNWRITABLE = "journal-unwritable"
    LEASE_UNRENEWED = "lease-unrenewed"
    LEASE_LOST = "lease-lost"


class OperatorAction(StrEnum):
    """What an operator may tell a session."""

    RESUME = "resume"
    NO_OPEN = "no-open"
    CLOSE_ONLY = "close-only"
    HALT = "halt"
    CANCEL_ALL = "cancel-all"
    ORPHANS_ADOPT = "orphans-adopt"
    ORPHANS_CANCEL = "orphans-cancel"

"""The tables, as SQLAlchemy models. They leave this package only inside repositories."""

from grid_db.models.base import Base
from grid_db.models.ledger import DeadLetter, Gap
from grid_db.models.market import PublicTrade, TickerSnapshot
from grid_db.models.private import (
    FundingPayment,
    OrderState,
    PositionSnapshot,
    PrivateExecution,
    WalletSnapshot,
)
from grid_db.models.runs import Run
from grid_db.models.state import GridStateSnapshot, Lease
from grid_db.models.tenants import ApiCredential, BybitAccount, Strategy, User

__all__ = [
    "ApiCredential",
    "Base",
    "BybitAccount",
    "DeadLetter",
    "FundingPayment",
    "Gap",
    "GridStateSnapshot",
    "Lease",
    "OrderState",
    "PositionSnapshot",
    "PrivateExecution",
    "PublicTrade",
    "Run",
    "Strategy",
    "TickerSnapshot",
    "User",
    "WalletSnapshot",
]

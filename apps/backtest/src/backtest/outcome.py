"""What a finished run leaves behind, before anything is computed from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gridcore.clock import Instant
from gridcore.events import FillEvidence
from gridcore.instrument import Instrument, Steps
from gridcore.message import message
from gridcore.session.effects import LedgerEntry
from gridcore.sides import DirectionType, SideType

MONEY_UNIT = Decimal("1e-8")
"""Equity is held as int64 in this unit of USDT."""


class FillKind(StrEnum):
    """What caused a fill."""

    GRID = "grid"
    WIND_DOWN = "wind_down"
    LIQUIDATION = "liquidation"


@message
class Fill:
    """One fill of the run. Price in quote currency, quantities in base coin."""

    at: Instant
    symbol: str
    strat_id: str
    direction: DirectionType
    side: SideType
    price: Decimal
    qty: Decimal
    closed_qty: Decimal
    fee: Decimal
    realised: Decimal
    client_order_id: str
    order_id: str
    exec_id: str
    level: int
    is_maker: bool
    evidence: FillEvidence
    kind: FillKind


@message
class FinalLeg:
    """One leg at the end of the run; a flat leg has size 0 and entry None."""

    symbol: str
    direction: DirectionType
    size: Steps
    qty: Decimal
    entry: Decimal | None
    mark: Decimal | None
    liquidation: Decimal | None


@message
class GridChange:
    """The levels of one strategy's grid from `at` on, in quote currency, ascending."""

    at: Instant
    strat_id: str
    symbol: str
    cause: str
    levels: tuple[Decimal, ...]


@message
class Drawdown:
    """The deepest fall of equity below the peak then in force; exact over every ticker.

    `pct` is amount / peak * 100 for the deepest amount; `deepest_pct` is the greatest percentage,
    which may lie elsewhere. `longest_us` is the longest time spent below a peak.
    """

    amount: Decimal
    peak: Decimal
    deepest_pct: Decimal
    peak_at: Instant | None
    trough_at: Instant | None
    recovered_at: Instant | None
    longest_us: int

    @property
    def pct(self) -> Decimal:
        """Depth in percent of the peak in force."""
        return self.amount / self.peak * 100 if self.peak > 0 else Decimal(0)


@message
class LiquidationOutcome:
    """A forced liquidation: equity at mark no longer covered the maintenance margin."""

    at: Instant
    equity: Decimal
    maintenance_margin: Decimal


@dataclass(slots=True, kw_only=True)
class RunOutcome:
    """Everything a run produced. Times in int64 microseconds, equity in int64 MONEY_UNIT."""

    instruments: Mapping[str, Instrument]
    strategies: Mapping[str, str]
    """strat_id -> symbol."""
    start: Instant
    end: Instant
    initial_balance: Decimal
    final_wallet: Decimal
    final_equity: Decimal
    fills: Sequence[Fill]
    ledger: Sequence[LedgerEntry]
    equity_at: NDArray[np.int64]
    equity: NDArray[np.int64]
    hourly_at: NDArray[np.int64]
    hourly_equity: NDArray[np.int64]
    """Forward-filled equity at every whole UTC hour inside the run, and at its end."""
    price_at: Mapping[str, NDArray[np.int64]]
    price: Mapping[str, NDArray[np.float64]]
    """Down-sampled market price per symbol, for pictures only."""
    drawdown: Drawdown
    legs: Sequence[FinalLeg]
    grid_changes: Sequence[GridChange]
    liquidations: Sequence[LiquidationOutcome]
    min_liquidation_distance_pct: Mapping[str, Decimal]
    """Per symbol: smallest |liquidation / price - 1| * 100 seen; absent when there was none."""
    ticks: int
    wakes: int
    orders_placed: int
    orders_cancelled: int
    orders_rejected: Mapping[str, int]
    """Venue's rejections by code."""
    denials: Mapping[str, int]
    """Orders that the session's gates denied, by reason."""
    max_open_orders: int
    alerts: Sequence[str]

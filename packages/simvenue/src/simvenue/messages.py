"""The words of the simulated venue: its settings, its quiet band, and its view of a leg.

It refuses to know how anything is computed.
"""

from decimal import Decimal
from enum import StrEnum

from gridcore.clock import HOUR_US
from gridcore.config import require
from gridcore.instrument import Instrument, Steps
from gridcore.message import message
from gridcore.pnl import RiskTiers
from gridcore.sides import DirectionType


class FillModel(StrEnum):
    """What counts as evidence that a resting order was filled (F-1 to F-4, 18.1)."""

    STRICT_CROSS = "strict_cross"
    TOUCH = "touch"
    LAST_CROSS = "last_cross"
    BOOK_TOUCH = "book_touch"
    QUEUE = "queue"


class FundingPrice(StrEnum):
    """The price at which funding values a position."""

    MARK = "mark"
    LAST = "last"


class LiquidationPolicy(StrEnum):
    """Whether a run ends with the liquidation of its wallet or goes on with what is left."""

    STOP = "stop"
    CONTINUE = "continue"


@message
class SymbolSpec:
    """One symbol of the venue.

    `funding_rate` is used while no rate is recorded; None: only recorded rates count.
    `typical_trade` in steps scales the queue model. `has_trades`: the tape of this symbol holds its
    trades, so that the last price of a ticker is not matched a second time.
    """

    instrument: Instrument
    tiers: RiskTiers
    leverage: Decimal
    funding_interval_us: int = 8 * HOUR_US
    funding_rate: Decimal | None = None
    typical_trade: Steps = Steps(1)
    has_trades: bool = True

    def __post_init__(self) -> None:
        require(self.leverage >= 1, "leverage", "a number of 1 or more", self.leverage)
        require(
            self.funding_interval_us > 0,
            "funding_interval_us",
            "microseconds above 0",
            self.funding_interval_us,
        )
        require(self.typical_trade >= 0, "typical_trade", "0 or more steps", self.typical_trade)


@message
class VenueConfig:
    """Settings of the venue. Fees are fractions of the value; a negative maker fee is a rebate.

    `queue_ahead_factor`: how many typical trades wait in front of a new order (18.1, q0).
    `repeat_in_pushes`: push order states that the reply or the execution just before already told
    (New after an accepted placement, Filled after the last execution), as the exchange does.
    `partial_fills`: so many of a thousand fills are cut to a part, by a seed.
    """

    initial_balance: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    fill_model: FillModel = FillModel.STRICT_CROSS
    place_latency_us: int = 0
    cancel_latency_us: int = 0
    funding_enabled: bool = True
    funding_price: FundingPrice = FundingPrice.MARK
    queue_ahead_factor: Decimal = Decimal(1)
    max_orders_per_symbol: int = 500
    liquidation_policy: LiquidationPolicy = LiquidationPolicy.STOP
    repeat_in_pushes: bool = True
    partial_fills: int = 0
    partial_fills_seed: str = ""

    def __post_init__(self) -> None:
        require(
            self.initial_balance.is_finite() and self.initial_balance >= 0,
            "initial_balance",
            "a finite number, 0 or more",
            self.initial_balance,
        )
        for name in ("maker_fee", "taker_fee"):
            fee = getattr(self, name)
            require(
                fee.is_finite() and abs(fee) <= Decimal("0.01"),
                name,
                "a fraction from -0.01 to 0.01",
                fee,
            )
        require(
            0 <= self.partial_fills <= 1000,
            "partial_fills",
            "from 0 to 1000 of a thousand",
            self.partial_fills,
        )
        for name in ("place_latency_us", "cancel_latency_us"):
            latency = getattr(self, name)
            require(latency >= 0, name, "0 or more microseconds", latency)
        require(
            self.queue_ahead_factor.is_finite() and self.queue_ahead_factor >= 0,
            "queue_ahead_factor",
            "a finite number, 0 or more",
            self.queue_ahead_factor,
        )
        require(
            self.max_orders_per_symbol > 0,
            "max_orders_per_symbol",
            "a whole number above 0",
            self.max_orders_per_symbol,
        )


@message
class VenueBand:
    """Where the rows of one symbol change nothing: strictly between these bounds; None: no bound.

    A trade at or below `trade_low` or at or above `trade_high` matters; so does the last price of a
    ticker when the tape has no trades. Likewise the mark, a bid at or above `bid_high` and an ask
    at or below `ask_low`. Prices in whole ticks, the mark in quote currency.
    """

    trade_low: int | None
    trade_high: int | None
    mark_low: Decimal | None
    mark_high: Decimal | None
    bid_high: int | None
    ask_low: int | None


@message
class LegState:
    """One leg of a hedged pair as the venue holds it; a flat leg has size 0 and no entry."""

    direction: DirectionType
    size: Steps
    entry: Decimal | None

"""What a comparison is asked to do: which run, which backtest, how much may differ.

It holds values and checks them; it opens nothing.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from appkit.dates import Window
from comparator.certificate.bounds import Allowances
from comparator.made_now import ExchangeModel
from comparator.metrics import Tolerances
from comparator.quality.findings import QualityLimits
from comparator.verdict import Thresholds
from gridcore.config import require
from simvenue.messages import FillModel

PARTS = 1_000
"""Partial fills are so many of a thousand."""
MAKER_FEE = Decimal("0.0002")
"""Where no maker's execution states a rate: Bybit's for linear perpetuals without a VIP level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOptions:
    """How the simulated exchange is to fill. `maker_fee` None: the rate that was recorded.

    Latencies in microseconds; `partial_fills` of a thousand fills are cut, drawn from the seed.
    """

    fill_model: FillModel = FillModel.STRICT_CROSS
    queue_ahead_factor: Decimal = Decimal(1)
    place_latency_us: int = 0
    cancel_latency_us: int = 0
    partial_fills: int = 0
    partial_fills_seed: str = ""
    maker_fee: Decimal | None = None

    def __post_init__(self) -> None:
        factor = self.queue_ahead_factor
        require(
            factor.is_finite() and factor >= 0,
            "queue_ahead_factor",
            "a number of 0 or more",
            factor,
        )
        for name in ("place_latency_us", "cancel_latency_us"):
            latency = getattr(self, name)
            require(latency >= 0, name, "0 or more", latency)
        parts = self.partial_fills
        require(0 <= parts <= PARTS, "partial_fills", f"0 to {PARTS}", parts)
        fee = self.maker_fee
        require(fee is None or abs(fee) < 1, "maker_fee", "a fraction of the value below 1", fee)

    def model(self, recorded_fee: Decimal | None) -> ExchangeModel:
        """The exchange of a backtest; `recorded_fee` is used where none was asked for."""
        recorded = MAKER_FEE if recorded_fee is None else recorded_fee
        return ExchangeModel(
            fill_model=self.fill_model,
            queue_ahead_factor=self.queue_ahead_factor,
            place_latency_us=self.place_latency_us,
            cancel_latency_us=self.cancel_latency_us,
            partial_fills=self.partial_fills,
            partial_fills_seed=self.partial_fills_seed,
            maker_fee=recorded if self.maker_fee is None else self.maker_fee,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One comparison. `database_url` None: as the environment says (GRIDBOT_*).

    `run_id` None: the latest recording run. `trades_file` and `config_file` exclude each other;
    without both the backtest is made now, with what the bot was set up with. `tapes`: a folder in
    which the recorded markets are kept from one comparison to the next. `output`: where the report
    goes. `coin`: whose wallet gives the live equity. `every_model`: which fill model fits best.
    """

    database_url: str | None
    run_id: str | None = None
    symbol: str | None = None
    window: Window = field(default_factory=lambda: Window(start=None, end=None))
    trades_file: Path | None = None
    config_file: Path | None = None
    exchange: ExchangeOptions = field(default_factory=ExchangeOptions)
    every_model: bool = False
    tapes: Path | None = None
    output: Path | None = None
    equity_file: Path | None = None
    coin: str = "USDT"
    tolerances: Tolerances = field(default_factory=Tolerances)
    allowances: Allowances = field(default_factory=Allowances)
    thresholds: Thresholds = field(default_factory=Thresholds)
    limits: QualityLimits = field(default_factory=QualityLimits)

    def __post_init__(self) -> None:
        require(
            self.trades_file is None or self.config_file is None,
            "backtest",
            "trades or a configuration",
            "both",
        )

"""The configuration of a backtest, as written by the user; what it means is resolved in wiring.

Every key either has an effect or is refused with the reason (LS-26).
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from appkit.configuration import StrictModel, find, load
from appkit.dates import Window, parse_window
from appkit.exits import UserError
from appkit.instruments import DEFAULT_CACHE_FILE, InstrumentKeys
from appkit.numbers import FeeRate, FundingRate, Positive, Rate, Symbol
from appkit.safety_block import SafetyBlock
from appkit.strategy_keys import STRATEGY_MIGRATIONS, StrategyKeys
from backtest.config_parts import FeesConfig, FillModelConfig, LatencyConfig, WindDownMode
from bybit_adapter.endpoints import Endpoint, endpoint
from gridcore.config import CloseGate, ConfigError, SidePolicy, SizingConfig
from simvenue.messages import FundingPrice, LiquidationPolicy

PROGRAM = "backtest"

MIGRATIONS = {
    "database_url": (
        "a backtest reads tapes, not databases; make a tape with `backtest tape import FILE` and "
        "name it under `tapes:`"
    ),
    "hedge_smaller_buffer_factor": (
        "the fitted buffer of the hedged leg is not built: margin is the full requirement of each "
        "leg, which is never too low; remove this key"
    ),
    "fill_mode": "renamed: write `fill_model: {name: strict_cross}`",
    **STRATEGY_MIGRATIONS,
}
"""Keys of older configurations, and what to do about each."""


class StrategyConfig(StrategyKeys):
    """A strategy of a backtest: what the exchange would state of a live one is stated here."""

    leverage: Positive = SizingConfig().leverage
    maintenance_margin_rate: Rate | None = None
    risk_limits_cache_path: Path | None = None
    commission_rate: FeeRate | None = None
    taker_fee_rate: FeeRate | None = None

    @model_validator(mode="after")
    def _leverage_must_fit(self) -> "StrategyConfig":
        try:
            self.sizing()
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return self

    def sizing(self) -> SizingConfig:
        """The kernel's sizing settings."""
        return self.sizing_at(self.leverage)


class BacktestConfig(StrictModel):
    """A whole run (B-2): strategies that share one wallet, the market, and how it is simulated."""

    strategies: Annotated[tuple[StrategyConfig, ...], Field(min_length=1, max_length=100)]
    tapes: dict[Symbol, Path] = Field(default_factory=dict)
    start: str | None = None
    end: str | None = None
    initial_balance: Positive = Decimal(10000)
    wind_down_mode: WindDownMode = WindDownMode.LEAVE_OPEN
    side_policy: SidePolicy = SidePolicy.FOLLOW
    close_gate: CloseGate = CloseGate.ALLOW_EQUAL
    fill_model: FillModelConfig = FillModelConfig()
    latency: LatencyConfig = LatencyConfig()
    fees: FeesConfig = FeesConfig()
    enable_funding: bool = True
    funding_rate: FundingRate = Decimal("0.0001")
    funding_price: FundingPrice = FundingPrice.MARK
    liquidation_policy: LiquidationPolicy = LiquidationPolicy.STOP
    safety: SafetyBlock = SafetyBlock()
    instruments: dict[Symbol, InstrumentKeys] = Field(default_factory=dict)
    instrument_cache: Path = DEFAULT_CACHE_FILE
    instrument_cache_ttl_hours: Annotated[int, Field(gt=0)] = 24
    instrument_endpoint: str | None = None

    @field_validator("instrument_endpoint")
    @classmethod
    def _endpoint_must_parse(cls, value: str | None) -> str | None:
        if value is not None:
            endpoint(value)
        return value

    @field_validator("start", "end", mode="before")
    @classmethod
    def _date_as_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _must_fit_together(self) -> "BacktestConfig":
        _refuse_twice("strat_id", [strategy.strat_id for strategy in self.strategies])
        # Two grids on one symbol would cancel each other's orders as foreign (E-11).
        _refuse_twice("symbol", [strategy.symbol for strategy in self.strategies])
        traded = {strategy.symbol for strategy in self.strategies}
        for key in ("tapes", "instruments"):
            for symbol in getattr(self, key):
                if symbol not in traded:
                    raise ValueError(
                        f"expected under `{key}` only symbols of a strategy "
                        f"({', '.join(sorted(traded))}); {symbol} has no effect"
                    )
        for symbol, keys in self.instruments.items():
            for name in ("min_price", "max_price"):
                if getattr(keys, name) is not None:
                    raise ValueError(
                        f"instruments.{symbol}.{name} has no effect: the simulated venue has no "
                        "price limits; remove it"
                    )
        self.fee_rates()
        try:
            self.window()
        except UserError as error:
            raise ValueError(error.message) from error
        return self

    def exchange(self) -> Endpoint | None:
        """Where the exchange may be asked about instruments; None: nobody is asked."""
        return None if self.instrument_endpoint is None else endpoint(self.instrument_endpoint)

    def window(self) -> Window:
        """The stretch of time of the run; a date-only end means that whole day (LS-83)."""
        return parse_window(self.start, self.end)

    def fee_rates(self) -> FeesConfig:
        """The fee rates of the one account that all strategies share.

        `commission_rate` and `taker_fee_rate` of the strategies win over `fees`; they must agree,
        since an account has one fee tier.
        """
        maker = {one.commission_rate for one in self.strategies if one.commission_rate is not None}
        taker = {one.taker_fee_rate for one in self.strategies if one.taker_fee_rate is not None}
        for name, rates in (("commission_rate", maker), ("taker_fee_rate", taker)):
            if len(rates) > 1:
                found = ", ".join(sorted(str(rate) for rate in rates))
                raise ValueError(
                    f"expected one {name} for all strategies, since they share one account and "
                    f"its fee tier; found {found}"
                )
        return FeesConfig(
            maker=maker.pop() if maker else self.fees.maker,
            taker=taker.pop() if taker else self.fees.taker,
        )


def _refuse_twice(key: str, values: list[str]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"expected a different {key} for each strategy; {', '.join(twice)} twice")


def find_config(given: Path | None) -> Path:
    """The configuration file: --config, BACKTEST_CONFIG_PATH, conf/backtest.yaml, backtest.yaml."""
    return find(PROGRAM, given)


def load_config(path: Path) -> BacktestConfig:
    """Read a configuration file, or refuse it with every problem and its place."""
    return load(BacktestConfig, path, migrations=MIGRATIONS)

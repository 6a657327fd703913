"""The keys of one strategy that backtest and live read alike, as the kernel's settings.

What only one of them knows (fees of a simulation, the account of a live strategy) is added there.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator, model_validator

from appkit.configuration.model import StrictModel
from appkit.numbers import Name, NotNegative, Positive, Symbol
from gridcore.config import (
    CloseGate,
    ConfigError,
    GridConfig,
    IdentitySalt,
    RiskConfig,
    SidePolicy,
    SizingConfig,
)
from gridcore.session.effects import TimeInForce
from gridcore.sizing import parse_amount

STRATEGY_MIGRATIONS: Mapping[str, str] = {
    "long_koef": "renamed: write early_imbalance_multiplier",
    "chase_*": "chasing closes with repriced orders is not part of this bot; remove this key",
}
"""Keys of older strategies, and what to do about each."""

_GRID = GridConfig()
_RISK = RiskConfig()
_SIZING = SizingConfig()


def _amount_text(value: Any) -> Any:
    """A bare number in YAML is an amount in USDT; its text is what counts."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return value


class StrategyKeys(StrictModel):
    """One grid on one symbol (B-1). Keys left out take the kernel's defaults.

    `tick_size` only checks the instrument's (N-2).
    """

    strat_id: Name
    symbol: Symbol
    tick_size: Positive | None = None
    grid_count: Annotated[int, Field(ge=4, le=1000)] = _GRID.grid_count
    grid_step: Positive = _GRID.grid_step
    rebalance_threshold: Positive = _GRID.rebalance_threshold
    max_last_mark_gap_pct: Positive = _GRID.max_last_mark_gap_pct
    side_policy: SidePolicy | None = None
    close_gate: CloseGate | None = None
    amount: Annotated[str, BeforeValidator(_amount_text)] = _SIZING.amount
    early_imbalance_multiplier: Positive = _SIZING.early_imbalance_multiplier
    enable_risk_multipliers: bool = _RISK.enabled
    min_liq_ratio: Positive = _RISK.min_liq_ratio
    max_liq_ratio: Positive = _RISK.max_liq_ratio
    max_margin: Positive = _RISK.max_margin
    min_total_margin: NotNegative = _RISK.min_total_margin
    increase_same_position_on_low_margin: bool = _RISK.increase_same_position_on_low_margin
    emergency_cancels_opens: bool = _RISK.emergency_cancels_opens
    anchor_price: Positive | None = None
    time_in_force: TimeInForce = TimeInForce.POST_ONLY
    identity_salt: IdentitySalt = IdentitySalt.STRAT_ID

    @field_validator("amount")
    @classmethod
    def _amount_must_parse(cls, value: str) -> str:
        try:
            parse_amount(value)
        except ValueError as error:
            raise ValueError(str(error)) from error
        return value

    @model_validator(mode="after")
    def _kernel_must_accept(self) -> "StrategyKeys":
        try:
            self.grid(SidePolicy.FOLLOW)
            self.risk()
            self.sizing_at(_SIZING.leverage)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return self

    def grid(self, default: SidePolicy) -> GridConfig:
        """The kernel's grid settings; `default` is the policy where the strategy states none."""
        return GridConfig(
            grid_count=self.grid_count,
            grid_step=self.grid_step,
            rebalance_threshold=self.rebalance_threshold,
            side_policy=self.side_policy or default,
            max_last_mark_gap_pct=self.max_last_mark_gap_pct,
        )

    def risk(self) -> RiskConfig:
        """The kernel's risk settings."""
        return RiskConfig(
            enabled=self.enable_risk_multipliers,
            min_liq_ratio=self.min_liq_ratio,
            max_liq_ratio=self.max_liq_ratio,
            max_margin=self.max_margin,
            min_total_margin=self.min_total_margin,
            increase_same_position_on_low_margin=self.increase_same_position_on_low_margin,
            emergency_cancels_opens=self.emergency_cancels_opens,
        )

    def sizing_at(self, leverage: Decimal) -> SizingConfig:
        """The kernel's sizing settings at a leverage; ConfigError when it is out of range."""
        return SizingConfig(
            amount=self.amount,
            early_imbalance_multiplier=self.early_imbalance_multiplier,
            leverage=leverage,
        )

"""One live strategy as the user writes it: the keys that backtests share, and its account."""

from dataclasses import replace

from pydantic import model_validator

from appkit.numbers import Name, Positive
from appkit.strategy_keys import StrategyKeys
from gridcore.config import CloseGate, RiskConfig, SidePolicy
from gridcore.preview import MAX_ORDERS_PER_SYMBOL


class StrategyConfig(StrategyKeys):
    """One grid on one symbol of one account.

    `tick_size` and `leverage` only check what the exchange says: a disagreement refuses the start.
    """

    account: Name
    side_policy: SidePolicy = SidePolicy.FOLLOW
    close_gate: CloseGate = CloseGate.ALLOW_EQUAL
    leverage: Positive | None = None
    low_balance_fraction: Positive = RiskConfig().low_balance_fraction

    @model_validator(mode="after")
    def _must_fit_the_exchange(self) -> "StrategyConfig":
        # Beside the middle level, each may carry an open and a close.
        orders = 2 * (self.grid(self.side_policy).level_count - 1)
        if orders > MAX_ORDERS_PER_SYMBOL:
            raise ValueError(
                f"grid_count: expected at most {MAX_ORDERS_PER_SYMBOL // 2}, found "
                f"{self.grid_count}: its up to {orders} orders are more than the "
                f"{MAX_ORDERS_PER_SYMBOL} that the exchange takes on one symbol"
            )
        if self.leverage is not None and not 1 <= self.leverage <= 125:
            raise ValueError(f"leverage: expected a number from 1 to 125, found {self.leverage}")
        if self.min_liq_ratio >= self.max_liq_ratio:
            raise ValueError(
                f"expected min_liq_ratio below max_liq_ratio, found {self.min_liq_ratio} and "
                f"{self.max_liq_ratio}"
            )
        return self

    def risk(self) -> RiskConfig:
        """The kernel's risk settings."""
        return replace(super().risk(), low_balance_fraction=self.low_balance_fraction)

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from appkit.strategy_keys import STRATEGY_MIGRATIONS, StrategyKeys
from gridcore.config import ConfigError, GridConfig, RiskConfig, SidePolicy, SizingConfig

WHO = {"strat_id": "grid", "symbol": "BTCUSDT"}


def test_keys_left_out_take_the_kernels_defaults() -> None:
    """B-1; the bots' own defaults are the kernel's (live.md 4.2)."""
    keys = StrategyKeys.model_validate(WHO)

    assert keys.grid(SidePolicy.FOLLOW) == GridConfig()
    assert keys.risk() == RiskConfig()
    assert keys.sizing_at(Decimal(10)) == SizingConfig(leverage=Decimal(10))


def test_every_key_reaches_the_kernel() -> None:
    written = {
        "grid_count": 20,
        "grid_step": "0.3",
        "rebalance_threshold": "0.4",
        "max_last_mark_gap_pct": "2",
        "amount": Decimal("12.5"),
        "early_imbalance_multiplier": "2",
        "enable_risk_multipliers": False,
        "min_liq_ratio": "0.7",
        "max_liq_ratio": "1.3",
        "max_margin": "4",
        "min_total_margin": "0",
        "increase_same_position_on_low_margin": True,
        "emergency_cancels_opens": False,
    }

    keys = StrategyKeys.model_validate(WHO | written)

    assert keys.grid(SidePolicy.ON_FILL) == GridConfig(
        grid_count=20,
        grid_step=Decimal("0.3"),
        rebalance_threshold=Decimal("0.4"),
        side_policy=SidePolicy.ON_FILL,
        max_last_mark_gap_pct=Decimal(2),
    )
    assert keys.risk() == RiskConfig(
        enabled=False,
        min_liq_ratio=Decimal("0.7"),
        max_liq_ratio=Decimal("1.3"),
        max_margin=Decimal(4),
        min_total_margin=Decimal(0),
        increase_same_position_on_low_margin=True,
        emergency_cancels_opens=False,
    )
    assert keys.sizing_at(Decimal(5)) == SizingConfig(
        amount="12.5", early_imbalance_multiplier=Decimal(2), leverage=Decimal(5)
    )


def test_a_policy_of_its_own_wins_over_that_of_all() -> None:
    keys = StrategyKeys.model_validate(WHO | {"side_policy": "on_fill"})

    assert keys.grid(SidePolicy.FOLLOW).side_policy is SidePolicy.ON_FILL


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("amount", "x0", "amount"),
        ("amount", "half", "amount"),
        ("grid_count", 3, "greater than or equal to 4"),
        ("grid_step", "100", "a percentage above 0 and below 100"),
        ("rebalance_threshold", "1", "strictly between 0 and 1"),
        ("early_imbalance_multiplier", "101", "a number in"),
    ],
)
def test_what_the_kernel_would_refuse_is_refused_when_it_is_read(
    key: str, value: Any, reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        StrategyKeys.model_validate(WHO | {key: value})


def test_a_leverage_out_of_range_is_the_kernels_to_refuse() -> None:
    with pytest.raises(ConfigError, match="from 1 to 125"):
        StrategyKeys.model_validate(WHO).sizing_at(Decimal(126))


def test_older_keys_are_no_keys_any_more() -> None:
    assert not set(STRATEGY_MIGRATIONS) & set(StrategyKeys.model_fields)

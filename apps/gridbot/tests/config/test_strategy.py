from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from gridbot.config.strategy import StrategyConfig
from gridcore.config import CloseGate, RiskConfig, SidePolicy

WHO = {"strat_id": "grid", "account": "main", "symbol": "BTCUSDT"}


def test_a_live_strategy_follows_the_market_by_default() -> None:
    found = StrategyConfig.model_validate(WHO)

    assert (found.side_policy, found.close_gate) == (SidePolicy.FOLLOW, CloseGate.ALLOW_EQUAL)
    assert found.risk() == RiskConfig()


def test_the_fraction_of_a_low_balance_reaches_the_risk_rules() -> None:
    found = StrategyConfig.model_validate(WHO | {"low_balance_fraction": "0.25"})

    assert found.risk().low_balance_fraction == Decimal("0.25")


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("grid_count", 252, "expected at most 250, found 252: its up to 504 orders are more than"),
        ("leverage", 126, "expected a number from 1 to 125"),
        ("min_liq_ratio", "1.2", "expected min_liq_ratio below max_liq_ratio"),
    ],
)
def test_what_cannot_work_at_the_exchange_is_refused(key: str, value: Any, reason: str) -> None:
    """W24: 500 open orders on one symbol."""
    with pytest.raises(ValidationError, match=reason):
        StrategyConfig.model_validate(WHO | {key: value})


def test_a_grid_of_exactly_500_orders_is_accepted() -> None:
    assert StrategyConfig.model_validate(WHO | {"grid_count": 251}).grid_count == 251

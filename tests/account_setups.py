"""Set-ups of a strategy and of an account, for the tests of every part that makes a session."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from appkit.account_setup import AccountSetup, account_setup
from gridcore.config import GridConfig, RiskConfig, SafetyConfig, SizingConfig
from gridcore.instrument import Instrument
from gridcore.session.setup import AccountPolicies, StrategySetup
from gridcore.tiers import RiskTier, RiskTiers


def strategy_setup(symbol: str = "BTCUSDT", strat_id: str = "grid") -> StrategySetup:
    """Five levels 1 % apart, 0.1 coins per order; tick 0.1, step 0.01."""
    return StrategySetup(
        strat_id=strat_id,
        instrument=Instrument(
            symbol=symbol,
            tick_size=Decimal("0.1"),
            qty_step=Decimal("0.01"),
            min_qty=Decimal("0.01"),
            max_qty=Decimal(1000),
            min_notional=Decimal(5),
        ),
        tiers=RiskTiers(
            (
                RiskTier(
                    max_value=None,
                    maintenance_rate=Decimal("0.01"),
                    deduction=Decimal(0),
                    initial_rate=Decimal("0.02"),
                ),
            )
        ),
        taker_fee=Decimal("0.0006"),
        grid=GridConfig(grid_count=4, grid_step=Decimal(1)),
        risk=RiskConfig(),
        sizing=SizingConfig(amount="b0.1"),
        safety=SafetyConfig(),
    )


def setup_of(*setups: StrategySetup, config_hash: str = "c0ffee") -> AccountSetup:
    """An account with these strategies; without any, one on BTCUSDT."""
    strategies = list(setups) or [strategy_setup()]
    return account_setup("main", config_hash, strategies, SafetyConfig(), AccountPolicies())


@pytest.fixture(scope="session")
def make_account_setup() -> Callable[..., AccountSetup]:
    """Builds the setup of an account."""
    return setup_of


@pytest.fixture(scope="session")
def make_strategy_setup() -> Callable[..., StrategySetup]:
    """Builds the setup of a strategy on a symbol."""
    return strategy_setup

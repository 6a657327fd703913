"""One instrument and its tiers, as the tests of the cache and its sources know them."""

from decimal import Decimal

import pytest

from appkit.instruments import InstrumentFacts, RiskTier


@pytest.fixture
def tiers() -> tuple[RiskTier, ...]:
    """The first two steps of a BTCUSDT table (spec/bybit.md A.3), the second open-ended."""
    return (
        RiskTier(
            max_value=Decimal(300000),
            maintenance_rate=Decimal("0.0033"),
            deduction=Decimal(0),
            initial_rate=Decimal("0.01"),
        ),
        RiskTier(
            max_value=None,
            maintenance_rate=Decimal("0.005"),
            deduction=Decimal(510),
            initial_rate=Decimal("0.01"),
        ),
    )


@pytest.fixture
def btc() -> InstrumentFacts:
    """The limits of BTCUSDT without its tiers."""
    return InstrumentFacts(
        symbol="BTCUSDT",
        tick_size=Decimal("0.1"),
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal(1500),
        min_notional=Decimal(5),
        max_leverage=Decimal(100),
        funding_interval_minutes=480,
        status="Trading",
    )

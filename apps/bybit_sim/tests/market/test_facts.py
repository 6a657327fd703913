"""The built-in instruments are what the documentation states (bybit.md A.3)."""

from decimal import Decimal
from itertools import pairwise

import pytest

from bybit_sim.market.facts import BTCUSDT, KNOWN, SymbolFacts
from gridcore.clock import HOUR_US


def test_bitcoin_has_the_documented_tick_step_and_limits() -> None:
    instrument = BTCUSDT.instrument

    assert str(instrument.tick_size) == "0.10"
    assert str(instrument.qty_step) == "0.001"
    assert str(instrument.max_qty) == "1190.000"
    assert instrument.min_notional == 5


def test_funding_is_settled_every_eight_hours() -> None:
    assert BTCUSDT.funding_interval_us == 8 * HOUR_US


@pytest.mark.parametrize("facts", KNOWN.values(), ids=KNOWN)
def test_the_deduction_of_a_tier_follows_from_the_tier_below(facts: SymbolFacts) -> None:
    """deduction_n = deduction_{n-1} + riskLimitValue_{n-1} * (mm_n - mm_{n-1}) (bybit.md A.3)."""
    for lower, upper in pairwise(facts.tiers.tiers):
        assert lower.max_value is not None
        rise = upper.maintenance_rate - lower.maintenance_rate
        assert upper.deduction == lower.deduction + lower.max_value * rise


@pytest.mark.parametrize("facts", KNOWN.values(), ids=KNOWN)
def test_limits_lie_on_ticks_and_steps(facts: SymbolFacts) -> None:
    instrument = facts.instrument

    assert instrument.to_ticks(facts.min_price) == 1
    assert instrument.to_ticks(facts.max_price) > 0
    assert instrument.to_steps(facts.max_market_qty) < instrument.max_steps
    assert facts.top_limit > Decimal(facts.tiers.tiers[-2].max_value or 0)

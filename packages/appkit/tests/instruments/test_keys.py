from decimal import Decimal
from pathlib import Path

import pytest

from appkit.configuration import ConfigurationRefused, parse
from appkit.instruments import InstrumentFacts, InstrumentKeys, RiskTier


def keys(text: str) -> InstrumentKeys:
    return parse(InstrumentKeys, text, Path("x.yaml"), environment={})


def test_stated_keys_become_facts_and_the_rest_stays_unknown(tiers: tuple[RiskTier, ...]) -> None:
    made = keys(
        "tick_size: 0.1\n"
        "funding_interval_minutes: 480\n"
        "tiers:\n"
        "  - {max_value: 300000, maintenance_rate: 0.0033, initial_rate: 0.01}\n"
        "  - {maintenance_rate: 0.005, deduction: 510, initial_rate: 0.01}\n"
    )
    assert made.facts("BTCUSDT") == InstrumentFacts(
        symbol="BTCUSDT", tick_size=Decimal("0.1"), funding_interval_minutes=480, tiers=tiers
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tick_size: 0", "tick_size: expected a number greater than 0"),
        ("tik_size: 1", "did you mean tick_size?"),
        ("min_qty: 2\nmax_qty: 1", "min_qty 2 is above max_qty 1"),
        ("tiers: []", "tiers must not be empty"),
        ("tiers: [{maintenance_rate: 2, initial_rate: 0}]", "less than or equal to 1"),
    ],
)
def test_impossible_keys_are_refused_when_the_file_is_loaded(text: str, told: str) -> None:
    with pytest.raises(ConfigurationRefused) as caught:
        keys(text)
    assert told in str(caught.value)

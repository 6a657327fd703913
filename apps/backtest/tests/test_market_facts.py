from decimal import Decimal
from pathlib import Path

import pytest

from appkit.exits import UserError
from appkit.instruments import InstrumentCache, InstrumentFacts, StampedFacts
from appkit.instruments import RiskTier as StatedTier
from backtest.config import load_config
from backtest.market_facts import MarketFacts, resolve_market
from gridcore.clock import HOUR_US, Instant
from gridcore.instrument import Instrument
from gridcore.tiers import RiskTier

NOW = Instant(1_780_000_000_000_000)
INSTRUMENT = Instrument(
    symbol="BTCUSDT",
    tick_size=Decimal("0.1"),
    qty_step=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    max_qty=Decimal(100),
    min_notional=Decimal(5),
)
TIERS_IN_FILE = """
    tiers:
      - {max_value: 2000000, maintenance_rate: 0.005, deduction: 0, initial_rate: 0.01}
      - {maintenance_rate: 0.01, deduction: 10000, initial_rate: 0.02}"""


def resolved(project: Path, *changes: tuple[str, str]) -> MarketFacts:
    file = project / "backtest.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    config = load_config(file)
    return resolve_market(config, config.strategies[0], file, NOW)


def cache_tiers(path: Path, age_us: int = 0) -> None:
    tier = StatedTier(
        max_value=None,
        maintenance_rate=Decimal("0.02"),
        deduction=Decimal(0),
        initial_rate=Decimal("0.04"),
    )
    facts = InstrumentFacts(symbol="BTCUSDT", tiers=(tier,))
    stamped = StampedFacts(facts=facts, as_of=Instant(NOW - age_us), source="test")
    InstrumentCache(path).store([stamped])


def test_what_the_configuration_states_is_used_as_it_is(project: Path) -> None:
    facts = resolved(project)

    assert facts.instrument == INSTRUMENT
    assert facts.tiers.tier_of(Decimal(2000001)).maintenance_rate == Decimal("0.01")
    assert facts.funding_interval_us == 8 * HOUR_US
    assert (facts.instrument_source, facts.tier_source) == ("configuration", "configuration")


def test_an_unknown_tick_is_refused_and_never_made_up(project: Path) -> None:
    """N-1, LS-12."""
    with pytest.raises(UserError, match="unknown tick_size") as caught:
        resolved(project, ("    tick_size: 0.1\n", ""))

    assert "instruments.BTCUSDT" in str(caught.value.hint)


def test_an_unknown_funding_interval_is_refused_while_funding_is_on(project: Path) -> None:
    with pytest.raises(UserError, match="unknown funding_interval_minutes"):
        resolved(project, ("    funding_interval_minutes: 480\n", ""))


def test_without_funding_its_interval_need_not_be_known(project: Path) -> None:
    facts = resolved(
        project,
        ("    funding_interval_minutes: 480\n", ""),
        ("initial_balance: 10000", "enable_funding: false"),
    )

    assert facts.warnings == ()


def test_unknown_tiers_are_refused_with_the_three_ways_to_supply_them(project: Path) -> None:
    with pytest.raises(UserError, match="no risk tiers are known") as caught:
        resolved(project, (TIERS_IN_FILE, ""))

    hint = str(caught.value.hint)
    assert "instruments.BTCUSDT.tiers" in hint
    assert "instruments import" in hint
    assert "maintenance_margin_rate" in hint


def test_a_flat_rate_stands_in_for_unknown_tiers_only_when_stated(project: Path) -> None:
    facts = resolved(
        project, (TIERS_IN_FILE, ""), ("grid_count: 6", "maintenance_margin_rate: 0.005")
    )

    assert facts.tiers.tiers == (
        RiskTier(
            max_value=None,
            maintenance_rate=Decimal("0.005"),
            deduction=Decimal(0),
            initial_rate=Decimal("0.005"),
        ),
    )
    assert facts.tier_source == "flat rate 0.005"


def test_a_flat_rate_beside_known_tiers_is_told_to_be_unused(project: Path) -> None:
    facts = resolved(project, ("grid_count: 6", "maintenance_margin_rate: 0.005"))

    assert any("maintenance_margin_rate is not used" in text for text in facts.warnings)


def test_tiers_come_from_the_named_cache_file_beside_the_configuration(project: Path) -> None:
    """L-4: the path is taken from the configuration, relative to its folder."""
    cache_tiers(project / "limits.json")

    facts = resolved(
        project, (TIERS_IN_FILE, ""), ("grid_count: 6", "risk_limits_cache_path: limits.json")
    )

    assert facts.tiers.tiers[0].maintenance_rate == Decimal("0.02")
    assert (facts.tier_source, facts.warnings) == ("limits.json", ())


def test_old_tiers_of_the_named_file_are_used_with_a_warning(project: Path) -> None:
    cache_tiers(project / "limits.json", age_us=25 * HOUR_US)

    facts = resolved(
        project, (TIERS_IN_FILE, ""), ("grid_count: 6", "risk_limits_cache_path: limits.json")
    )

    assert any("limits.json are of" in text for text in facts.warnings)


def test_a_named_tier_file_without_the_symbol_is_refused(project: Path) -> None:
    with pytest.raises(UserError, match="holds no tiers"):
        resolved(
            project, (TIERS_IN_FILE, ""), ("grid_count: 6", "risk_limits_cache_path: none.json")
        )


def test_tiers_from_two_places_are_refused(project: Path) -> None:
    cache_tiers(project / "limits.json")

    with pytest.raises(UserError, match="both state tiers"):
        resolved(project, ("grid_count: 6", "risk_limits_cache_path: limits.json"))


def test_a_tick_that_contradicts_the_instrument_is_refused(project: Path) -> None:
    """N-2, LS-12: another tick is tried by stating the instrument, never in passing."""
    with pytest.raises(UserError, match=r"tick_size 0\.5 of strategy grid contradicts"):
        resolved(project, ("grid_count: 6", "grid_count: 6\n    tick_size: 0.5"))


def test_a_tick_that_agrees_is_accepted(project: Path) -> None:
    assert resolved(project, ("grid_count: 6", "tick_size: 0.10")).instrument == INSTRUMENT


def test_leverage_above_the_instruments_maximum_is_refused(project: Path) -> None:
    with pytest.raises(UserError, match="leverage 50 is above the instrument's maximum 20"):
        resolved(
            project, ("max_leverage: 100", "max_leverage: 20"), ("grid_count: 6", "leverage: 50")
        )

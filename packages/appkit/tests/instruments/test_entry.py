from decimal import Decimal

import pytest

from appkit.instruments import InstrumentFacts, RiskTier, StampedFacts
from appkit.instruments.entry import Entry, from_entry, to_entry
from appkit.instruments.facts import FactsRefused
from gridcore.clock import Instant

NOON = Instant(1_769_860_800_000_000)  # 2026-01-31T12:00:00Z


def test_an_entry_is_written_in_texts(btc: InstrumentFacts, tiers: tuple[RiskTier, ...]) -> None:
    """13.7, L-5: the names of the earlier caches."""
    limits = to_entry(StampedFacts(facts=btc, as_of=NOON, source="exchange"))
    margins = InstrumentFacts(symbol="BTCUSDT", tiers=tiers)
    assert limits == {
        "tick_size": "0.1",
        "qty_step": "0.001",
        "min_qty": "0.001",
        "max_qty": "1500",
        "min_notional": "5",
        "max_leverage": "100",
        "funding_interval_minutes": 480,
        "min_price": None,
        "max_price": None,
        "status": "Trading",
        "cached_at": "2026-01-31T12:00:00.000000Z",
        "source": "exchange",
    }
    assert to_entry(StampedFacts(facts=margins, as_of=NOON, source="file")) == {
        "tiers": [
            {"max_value": "300000", "mmr_rate": "0.0033", "deduction": "0", "imr_rate": "0.01"},
            {"max_value": None, "mmr_rate": "0.005", "deduction": "510", "imr_rate": "0.01"},
        ],
        "tiers_cached_at": "2026-01-31T12:00:00.000000Z",
        "tiers_source": "file",
    }


def test_both_halves_of_an_entry_read_back_with_their_own_stamps(
    btc: InstrumentFacts, tiers: tuple[RiskTier, ...]
) -> None:
    halves = (
        StampedFacts(facts=btc, as_of=NOON, source="exchange"),
        StampedFacts(
            facts=InstrumentFacts(symbol="BTCUSDT", tiers=tiers), as_of=Instant(5), source="file"
        ),
    )
    entry = to_entry(halves[0]) | to_entry(halves[1])
    assert from_entry("BTCUSDT", entry) == halves


def test_an_entry_without_a_stamp_is_as_old_as_can_be() -> None:
    (half,) = from_entry("X", {"tick_size": "0.1"})
    assert (half.as_of, half.source) == (0, "unknown")


def test_the_tier_cache_of_the_earlier_bots_is_read(tiers: tuple[RiskTier, ...]) -> None:
    """L-5: one stamp, and "Infinity" for the open end."""
    entry = {
        "tiers": [
            {"max_value": "300000", "mmr_rate": "0.0033", "deduction": "0", "imr_rate": "0.01"},
            {
                "max_value": "Infinity",
                "mmr_rate": "0.005",
                "deduction": "510",
                "imr_rate": "0.01",
            },
        ],
        "cached_at": "2026-01-31T12:00:00+00:00",
    }
    (half,) = from_entry("BTCUSDT", entry)
    assert (half.facts.tiers, half.as_of) == (tiers, NOON)


def test_an_empty_entry_has_no_halves() -> None:
    assert from_entry("X", {}) == ()


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"tick_size": 0.1}, "tick_size must be a number written as text, found 0.1"),
        ({"tick_size": "abc"}, "tick_size must be a number"),
        ({"tick_size": True}, "tick_size must be a number"),
        ({"tick_size": "-1"}, "tick_size must be above zero"),
        ({"status": 5}, "status must be a text"),
        ({"funding_interval_minutes": "480"}, "funding_interval_minutes must be a whole number"),
        ({"tick_size": "1", "cached_at": "soon"}, "cached_at: expected a UTC date"),
        ({"tick_size": "1", "cached_at": 5}, "cached_at must be a UTC time in text"),
        ({"tiers": "none"}, "tiers must be a list of mappings"),
        ({"tiers": [5]}, "tiers must be a list of mappings"),
        ({"tiers": [{"mmr_rate": "0.1", "deduction": "0"}]}, "imr_rate must be a number"),
    ],
)
def test_an_entry_that_cannot_be_trusted_is_refused_by_field(entry: Entry, told: str) -> None:
    with pytest.raises(FactsRefused, match=told):
        from_entry("X", entry)


def test_an_entry_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(FactsRefused, match="must be a mapping"):
        from_entry("X", [1])


def test_numbers_are_exact() -> None:
    (half,) = from_entry("X", {"tick_size": "0.1000000000000000055"})
    assert half.facts.tick_size == Decimal("0.1000000000000000055")

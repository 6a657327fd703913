from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from appkit.exits import ExitCode, UserError
from appkit.instruments import (
    InstrumentCache,
    InstrumentFacts,
    Origin,
    RiskTier,
    SourceSilent,
    StampedFacts,
    resolve_instrument,
)
from gridcore.clock import HOUR_US, Instant

NOW = Instant(1_769_860_800_000_000)  # 2026-01-31T12:00:00Z


class Exchange:
    """A source that answers what it was given, and counts the questions."""

    def __init__(self, answer: InstrumentFacts | SourceSilent) -> None:
        self.answer, self.asked = answer, 0

    def fetch(self, symbol: str) -> InstrumentFacts | SourceSilent:
        self.asked += 1
        return self.answer


@pytest.fixture
def cache(tmp_path: Path) -> InstrumentCache:
    return InstrumentCache(tmp_path / "instruments.json")


def keep(cache: InstrumentCache, facts: InstrumentFacts, age_hours: int) -> None:
    as_of = Instant(NOW - age_hours * HOUR_US)
    cache.store([StampedFacts(facts=facts, as_of=as_of, source="exchange")])


def test_given_facts_need_no_other_source(cache: InstrumentCache, btc: InstrumentFacts) -> None:
    exchange = Exchange(SourceSilent(reason="offline"))
    found = resolve_instrument("BTCUSDT", now=NOW, cache=cache, given=btc, source=exchange)
    assert found.spec.tick_size == Decimal("0.1")
    assert set(found.origins.values()) == {Origin.CONFIGURATION}
    assert (found.warnings, exchange.asked) == ((), 0)


def test_a_fresh_cache_is_used_without_asking(cache: InstrumentCache, btc: InstrumentFacts) -> None:
    keep(cache, btc, age_hours=23)
    exchange = Exchange(btc)
    found = resolve_instrument("BTCUSDT", now=NOW, cache=cache, source=exchange)
    assert set(found.origins.values()) == {Origin.FRESH_CACHE}
    assert (found.warnings, exchange.asked) == ((), 0)


def test_a_stale_cache_is_used_with_a_warning(cache: InstrumentCache, btc: InstrumentFacts) -> None:
    """N-3."""
    keep(cache, btc, age_hours=24)
    found = resolve_instrument("BTCUSDT", now=NOW, cache=cache)
    assert found.origins["tick_size"] is Origin.STALE_CACHE
    (warning,) = found.warnings
    assert warning.startswith("BTCUSDT: tick_size, qty_step, min_qty")
    assert "exchange as of 2026-01-30 12:00:00 UTC; fresh is 24 h" in warning


def test_how_long_a_cache_stays_fresh_is_configurable(
    cache: InstrumentCache, btc: InstrumentFacts
) -> None:
    keep(cache, btc, age_hours=47)
    found = resolve_instrument("BTCUSDT", now=NOW, cache=cache, ttl_hours=Decimal(48))
    assert found.warnings == ()


def test_a_stamp_from_the_future_is_not_fresh(cache: InstrumentCache, btc: InstrumentFacts) -> None:
    keep(cache, btc, age_hours=-1)
    found = resolve_instrument("BTCUSDT", now=NOW, cache=cache)
    assert found.origins["tick_size"] is Origin.STALE_CACHE


def test_the_exchange_comes_before_a_stale_cache_and_its_answer_is_kept(
    cache: InstrumentCache, btc: InstrumentFacts
) -> None:
    keep(cache, replace(btc, tick_size=Decimal("0.5")), age_hours=100)
    exchange = Exchange(btc)
    found = resolve_instrument("BTCUSDT", now=NOW, cache=cache, source=exchange)
    assert found.spec.tick_size == Decimal("0.1")
    assert found.origins["tick_size"] is Origin.EXCHANGE
    again = resolve_instrument("BTCUSDT", now=NOW, cache=cache, source=exchange)
    assert again.origins["tick_size"] is Origin.FRESH_CACHE
    assert exchange.asked == 1


def test_a_silent_exchange_leaves_the_stale_cache_with_both_warnings(
    cache: InstrumentCache, btc: InstrumentFacts
) -> None:
    keep(cache, btc, age_hours=100)
    silent = Exchange(SourceSilent(reason="no route to host"))
    found = resolve_instrument("BTCUSDT", now=NOW, cache=cache, source=silent)
    assert found.warnings[0] == "BTCUSDT: the exchange gave no answer: no route to host"
    assert len(found.warnings) == 2


def test_an_answer_that_cannot_be_kept_is_used_all_the_same(
    tmp_path: Path, btc: InstrumentFacts
) -> None:
    (tmp_path / "instruments.json.lock").mkdir()
    blocked = InstrumentCache(tmp_path / "instruments.json")
    found = resolve_instrument("BTCUSDT", now=NOW, cache=blocked, source=Exchange(btc))
    assert found.origins["tick_size"] is Origin.EXCHANGE
    assert "the answer could not be kept: Is a directory" in found.warnings[0]


def test_given_facts_are_completed_from_the_cache_and_win_over_it(
    cache: InstrumentCache, btc: InstrumentFacts, tiers: tuple[RiskTier, ...]
) -> None:
    """N-2: the configuration wins with a warning (a what-if); an equal number is no news."""
    keep(cache, replace(btc, tiers=tiers), age_hours=1)
    given = InstrumentFacts(
        symbol="BTCUSDT",
        tick_size=Decimal("0.5"),
        qty_step=Decimal("0.0010"),
        tiers=(replace(tiers[1], deduction=Decimal(0)),),
    )
    found = resolve_instrument("BTCUSDT", now=NOW, cache=cache, given=given)
    assert found.spec.tick_size == Decimal("0.5")
    assert found.spec.max_qty == Decimal(1500)
    assert found.warnings == (
        "BTCUSDT: the configuration's tick_size 0.5 instead of 0.1 wins over the fresh cache",
        "BTCUSDT: the configuration's tiers wins over the fresh cache",
    )


def test_needed_tiers_are_asked_for_when_only_the_limits_are_cached(
    cache: InstrumentCache, btc: InstrumentFacts, tiers: tuple[RiskTier, ...]
) -> None:
    keep(cache, btc, age_hours=1)
    exchange = Exchange(replace(btc, tiers=tiers))
    found = resolve_instrument("BTCUSDT", now=NOW, cache=cache, source=exchange, needed={"tiers"})
    assert found.spec.tiers == tiers
    assert found.origins["tiers"] is Origin.EXCHANGE
    assert found.origins["tick_size"] is Origin.FRESH_CACHE


def test_what_nobody_states_is_refused_with_the_ways_to_supply_it(
    cache: InstrumentCache, btc: InstrumentFacts
) -> None:
    """WK-29, WK-32: nothing is ever made up."""
    keep(cache, replace(btc, min_notional=None), age_hours=1)
    with pytest.raises(UserError) as caught:
        resolve_instrument("BTCUSDT", now=NOW, cache=cache, needed={"tiers"})
    assert caught.value.code is ExitCode.REFUSED
    assert caught.value.message.startswith("BTCUSDT: unknown min_notional, tiers (looked into")
    assert str(cache.path) in caught.value.message
    assert "instruments.BTCUSDT" in str(caught.value.hint)
    assert "backtest instruments import FILE" in str(caught.value.hint)
    assert "backtest instruments fetch BTCUSDT" in str(caught.value.hint)


def test_a_silent_exchange_is_named_where_nothing_else_knows(cache: InstrumentCache) -> None:
    source = Exchange(SourceSilent(reason="no connection"))

    with pytest.raises(UserError, match="the exchange gave no answer: no connection"):
        resolve_instrument("BTCUSDT", now=NOW, cache=cache, source=source)


def test_an_unknown_symbol_names_its_neighbour(
    cache: InstrumentCache, btc: InstrumentFacts
) -> None:
    keep(cache, btc, age_hours=1)
    with pytest.raises(UserError) as caught:
        resolve_instrument("BTCUSD", now=NOW, cache=cache)
    assert str(caught.value.hint).startswith("did you mean BTCUSDT? Otherwise state them")


def test_a_corrupt_cache_is_told_even_when_it_was_not_needed(
    cache: InstrumentCache, btc: InstrumentFacts
) -> None:
    cache.path.write_text("?")
    found = resolve_instrument("BTCUSDT", now=NOW, cache=cache, given=btc)
    assert "is corrupt" in found.warnings[0]


def test_a_fact_that_does_not_exist_is_a_defect(cache: InstrumentCache) -> None:
    with pytest.raises(AssertionError, match="no such fact"):
        resolve_instrument("BTCUSDT", now=NOW, cache=cache, needed={"colour"})

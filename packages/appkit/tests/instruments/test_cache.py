import json
import multiprocessing
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from appkit.exits import UserError
from appkit.instruments import InstrumentCache, InstrumentFacts, RiskTier, StampedFacts
from gridcore.clock import Instant


@pytest.fixture
def cache(tmp_path: Path) -> InstrumentCache:
    return InstrumentCache(tmp_path / "conf" / "instruments.json")


def stamped(facts: InstrumentFacts, as_of: int = 1) -> StampedFacts:
    return StampedFacts(facts=facts, as_of=Instant(as_of), source="test")


def store_many(path: Path, prefix: str) -> None:
    cache = InstrumentCache(path)
    for number in range(15):
        facts = InstrumentFacts(symbol=f"{prefix}{number}", tick_size=Decimal(1))
        assert cache.store([stamped(facts)]) == ()


def test_a_missing_file_is_an_empty_cache_and_is_not_made(cache: InstrumentCache) -> None:
    contents = cache.read()
    assert (contents.by_symbol, contents.warnings) == ({}, ())
    assert not cache.path.parent.exists()


def test_what_was_stored_is_read_back(cache: InstrumentCache, btc: InstrumentFacts) -> None:
    assert cache.store([stamped(btc)]) == ()
    assert cache.read().by_symbol == {"BTCUSDT": (stamped(btc),)}


def test_limits_and_tiers_are_renewed_apart(
    cache: InstrumentCache, btc: InstrumentFacts, tiers: tuple[RiskTier, ...]
) -> None:
    margins = InstrumentFacts(symbol="BTCUSDT", tiers=tiers)
    cache.store([stamped(btc, 1)])
    cache.store([stamped(margins, 2)])
    cache.store([stamped(btc, 3)])
    assert cache.read().by_symbol["BTCUSDT"] == (stamped(btc, 3), stamped(margins, 2))


def test_the_stamp_is_renewed_when_nothing_else_changed(
    cache: InstrumentCache, btc: InstrumentFacts
) -> None:
    """L-5: a stamp that is never renewed makes the cache stale for ever."""
    cache.store([stamped(btc, 1)])
    cache.store([stamped(btc, 2)])
    assert cache.read().by_symbol["BTCUSDT"][0].as_of == 2


def test_a_limit_that_is_no_longer_stated_does_not_linger(
    cache: InstrumentCache, btc: InstrumentFacts
) -> None:
    cache.store([stamped(btc)])
    cache.store([stamped(replace(btc, min_notional=None))])
    assert cache.read().by_symbol["BTCUSDT"][0].facts.min_notional is None


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_a_corrupt_file_is_kept_aside_and_reported(cache: InstrumentCache, content: bytes) -> None:
    cache.path.parent.mkdir()
    cache.path.write_bytes(content)
    (warning,) = cache.read().warnings
    aside = cache.path.with_name("instruments.json.corrupt")
    assert aside.read_bytes() == content
    assert not cache.path.exists()
    assert "is corrupt" in warning
    assert str(aside) in warning


def test_a_second_corrupt_file_does_not_replace_the_first(cache: InstrumentCache) -> None:
    cache.path.parent.mkdir()
    for content in ("one", "two"):
        cache.path.write_text(content)
        cache.read()
    folder = cache.path.parent
    assert (folder / "instruments.json.corrupt").read_text() == "one"
    assert (folder / "instruments.json.corrupt-1").read_text() == "two"


def test_storing_over_a_corrupt_file_reports_it_too(
    cache: InstrumentCache, btc: InstrumentFacts
) -> None:
    cache.path.parent.mkdir()
    cache.path.write_text("?")
    assert "is corrupt" in cache.store([stamped(btc)])[0]
    assert list(cache.read().by_symbol) == ["BTCUSDT"]


def test_one_bad_entry_is_reported_and_the_others_are_used(
    cache: InstrumentCache, btc: InstrumentFacts
) -> None:
    cache.path.parent.mkdir()
    cache.path.write_text(json.dumps({"BAD": {"tick_size": "0"}}))
    cache.store([stamped(btc)])
    contents = cache.read()
    assert list(contents.by_symbol) == ["BTCUSDT"]
    assert contents.warnings == (
        f"{cache.path}: the entry of BAD is ignored: tick_size must be above zero, found 0",
    )
    assert "BAD" in json.loads(cache.path.read_text())


def test_a_full_disk_leaves_the_previous_cache(
    cache: InstrumentCache,
    btc: InstrumentFacts,
    full_disk: Callable[[], AbstractContextManager[None]],
) -> None:
    cache.store([stamped(btc)])
    many = [stamped(replace(btc, symbol=f"X{number}")) for number in range(50)]
    with full_disk(), pytest.raises(OSError, match="File too large"):
        cache.store(many)
    assert list(cache.read().by_symbol) == ["BTCUSDT"]
    names = sorted(path.name for path in cache.path.parent.iterdir())
    assert names == ["instruments.json", "instruments.json.lock"]


def test_two_processes_lose_nothing_of_each_other(cache: InstrumentCache) -> None:
    """EC-25."""
    start = multiprocessing.get_context("spawn").Process
    others = [start(target=store_many, args=(cache.path, prefix)) for prefix in "AB"]
    for other in others:
        other.start()
    for other in others:
        other.join(timeout=60)
    assert [other.exitcode for other in others] == [0, 0]
    assert len(cache.read().by_symbol) == 30


def test_a_file_that_cannot_be_a_cache_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read the instrument cache"):
        InstrumentCache(tmp_path).read()
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(10 * 1024 * 1024 + 1)
    with pytest.raises(UserError, match="is larger than 10485760 bytes"):
        InstrumentCache(huge).read()

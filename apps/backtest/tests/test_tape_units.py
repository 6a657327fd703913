"""Tick and step of an import are stated somewhere, or the import is refused."""

from decimal import Decimal
from pathlib import Path

import pytest

from appkit.exits import UserError
from appkit.instruments import InstrumentCache, InstrumentFacts, StampedFacts
from backtest.tape_units import find_units
from gridcore.clock import Instant

AS_OF = Instant(1_767_571_200_000_000)
CONFIG = """
instrument_cache: cache.json
strategies:
  - {strat_id: a, symbol: BTCUSDT, amount: "100"}
instruments:
  BTCUSDT: {tick_size: 0.5}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BACKTEST_CONFIG_PATH", raising=False)
    return tmp_path


def fill_cache(path: Path, symbol: str = "BTCUSDT") -> None:
    facts = InstrumentFacts(symbol=symbol, tick_size=Decimal("0.10"), qty_step=Decimal("0.001"))
    InstrumentCache(path).store([StampedFacts(facts=facts, as_of=AS_OF, source="a listing")])


def test_the_options_win_over_everything(here: Path) -> None:
    fill_cache(here / "instruments.json")

    units = find_units("BTCUSDT", "0.2", "0.01", None)

    assert (units.tick_size, units.qty_step, units.origin) == ("0.2", "0.01", "the options")


def test_the_cache_in_the_current_folder_serves_without_a_configuration(here: Path) -> None:
    fill_cache(here / "instruments.json")

    units = find_units("BTCUSDT", None, None, None)

    assert (units.tick_size, units.qty_step) == ("0.1", "0.001")
    assert units.origin == "instruments.json (a listing as of 2026-01-05 00:00:00 UTC)"


@pytest.mark.parametrize("named", [True, False])
def test_a_configuration_states_some_and_its_cache_the_rest(here: Path, named: bool) -> None:
    (here / "backtest.yaml").write_text(CONFIG)
    fill_cache(here / "cache.json")

    units = find_units(None, None, None, here / "backtest.yaml" if named else None)

    assert (units.symbol, units.tick_size, units.qty_step) == ("BTCUSDT", "0.5", "0.001")
    assert units.origin.startswith("the configuration and ")


def test_one_option_and_the_cache_complete_each_other(here: Path) -> None:
    fill_cache(here / "instruments.json")

    units = find_units("BTCUSDT", None, "0.01", None)

    assert (units.tick_size, units.qty_step) == ("0.1", "0.01")
    assert units.origin.startswith("the options and instruments.json")


@pytest.mark.parametrize(
    ("tick", "step", "words"),
    [
        (None, None, "unknown tick and step"),
        ("0.1", None, "unknown step"),
        (None, "0.1", "unknown tick"),
    ],
)
def test_what_nobody_states_is_refused_with_the_ways_to_supply_it(
    here: Path, tick: str | None, step: str | None, words: str
) -> None:
    fill_cache(here / "instruments.json", symbol="ETHUSDT")

    with pytest.raises(UserError, match=words) as caught:
        find_units("BTCUSDT", tick, step, None)

    assert "instruments.BTCUSDT" in str(caught.value.hint)
    assert "backtest instruments import" in str(caught.value.hint)


def test_a_symbol_that_nobody_names_is_refused(here: Path) -> None:
    for tick, step in (("0.1", "0.001"), (None, None)):
        with pytest.raises(UserError, match="symbol of the import is not known"):
            find_units(None, tick, step, None)


def test_a_configuration_that_was_named_must_exist(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="--config"):
        find_units("BTCUSDT", None, None, here / "nothing.yaml")

    monkeypatch.setenv("BACKTEST_CONFIG_PATH", "nothing.yaml")
    with pytest.raises(UserError, match="BACKTEST_CONFIG_PATH"):
        find_units("BTCUSDT", None, None, None)

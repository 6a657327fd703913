from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from appkit.configuration import ConfigurationRefused
from appkit.exits import UserError
from appkit.instruments import InstrumentCache, InstrumentFacts, SourceSilent
from backtest.config import load_config
from backtest.exchange import opened
from backtest.main import entry
from backtest.market_facts import MarketFacts, resolve_market
from bybit_adapter.endpoints import endpoint
from gridcore.clock import HOUR_US, Instant

NOW = Instant(1_780_000_000_000_000)


def configured(project: Path, url: str | None) -> Path:
    """The project without its `instruments:` block, asking the exchange at `url`."""
    file = project / "backtest.yaml"
    text = file.read_text(encoding="utf-8").partition("instruments:")[0]
    asking = "" if url is None else f"instrument_endpoint: {url}\n"
    file.write_text(text + asking, encoding="utf-8")
    return file


def resolved(file: Path, now: Instant = NOW) -> MarketFacts:
    config = load_config(file)
    with opened(config.exchange()) as source:
        return resolve_market(config, config.strategies[0], file, now, source)


def test_nobody_is_asked_where_no_endpoint_is_named() -> None:
    with opened(None) as source:
        assert source is None


def test_the_exchange_states_an_instrument_with_its_tiers(listed_exchange: Any) -> None:
    with opened(endpoint(listed_exchange.url)) as source:
        assert source is not None
        found = source.fetch("BTCUSDT")
        unknown = source.fetch("NOPEUSDT")

    assert isinstance(found, InstrumentFacts)
    assert (found.tick_size, found.funding_interval_minutes) == (Decimal("0.1"), 240)
    assert found.tiers is not None
    assert [tier.max_value for tier in found.tiers] == [Decimal(300000), None]
    assert isinstance(unknown, SourceSilent)
    assert "does not list NOPEUSDT" in unknown.reason


def test_a_run_takes_what_nobody_else_states_from_the_exchange_and_keeps_it(
    listed_exchange: Any, project: Path
) -> None:
    """N-3: fresh cache, exchange, stale cache with a warning, refusal."""
    file = configured(project, listed_exchange.url)

    first = resolved(file)
    again = resolved(file)

    assert (first.instrument_source, first.tier_source) == ("exchange", "exchange")
    assert first.instrument.max_qty == Decimal(1190)
    assert first.funding_interval_us == 4 * HOUR_US
    assert (again.instrument_source, again.tier_source) == ("fresh cache", "fresh cache")
    assert len(listed_exchange.asked) == 2
    assert "BTCUSDT" in InstrumentCache(project / "instruments.json").read().by_symbol


def test_an_exchange_that_is_silent_leaves_the_stale_cache_with_a_warning(
    listed_exchange: Any, project: Path
) -> None:
    file = configured(project, listed_exchange.url)
    resolved(file)
    listed_exchange.maintenance = True

    later = resolved(file, Instant(NOW + 25 * HOUR_US))

    assert later.instrument_source == "stale cache"
    assert any("HTTP 503" in text for text in later.warnings)
    assert any("from the stale cache" in text for text in later.warnings)


def test_an_exchange_that_is_silent_and_an_empty_cache_are_a_refusal(
    listed_exchange: Any, project: Path
) -> None:
    listed_exchange.maintenance = True

    with pytest.raises(UserError, match="the exchange gave no answer"):
        resolved(configured(project, listed_exchange.url))


def test_by_default_the_network_is_left_alone(listed_exchange: Any, project: Path) -> None:
    with pytest.raises(UserError, match="unknown"):
        resolved(configured(project, None))

    assert listed_exchange.asked == []


def test_the_exchange_is_not_asked_for_what_the_configuration_states(
    listed_exchange: Any, project: Path
) -> None:
    file = project / "backtest.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"instrument_endpoint: {listed_exchange.url}\n{text}", encoding="utf-8")

    assert resolved(file).instrument_source == "configuration"
    assert listed_exchange.asked == []


def test_run_and_preview_ask_the_exchange_that_the_configuration_names(
    listed_exchange: Any, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = configured(project, listed_exchange.url)

    ran = entry(["run", "--config", str(file), "--json"])
    asked = len(listed_exchange.asked)
    (project / "instruments.json").unlink()
    shown = entry(["preview", "--config", str(file), "--price", "100000"])

    assert (ran, shown) == (0, 0)
    assert (asked, len(listed_exchange.asked)) == (2, 4)
    assert "exchange" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["mainet", "http://api.bybit.com", "5"])
def test_an_endpoint_that_is_none_is_refused_with_its_place(project: Path, text: str) -> None:
    file = configured(project, f'"{text}"')

    with pytest.raises(ConfigurationRefused, match="instrument_endpoint"):
        load_config(file)

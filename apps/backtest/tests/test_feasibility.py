from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from appkit.exits import UserError
from backtest.config import BacktestConfig, load_config
from backtest.feasibility import check_ladder, ladder_at
from backtest.market_facts import MarketFacts, resolve_market
from gridcore.clock import Instant


@pytest.fixture
def config(project: Path) -> BacktestConfig:
    """The configuration of the golden scenarios."""
    return load_config(project / "backtest.yaml")


@pytest.fixture
def market(project: Path, config: BacktestConfig) -> MarketFacts:
    """Its instrument and tiers."""
    file = project / "backtest.yaml"
    return resolve_market(config, config.strategies[0], file, Instant(1_780_000_000_000_000))


def strategy_with(config: BacktestConfig, **changes: Any) -> Any:
    return config.strategies[0].model_copy(update=changes)


def test_a_ladder_that_works_has_nothing_to_tell(
    config: BacktestConfig, market: MarketFacts
) -> None:
    assert check_ladder(config, config.strategies[0], market, Decimal(100000)) == []


def test_a_step_under_two_ticks_at_the_first_price_is_refused(
    config: BacktestConfig, market: MarketFacts
) -> None:
    """LS-11: 0.2 % of 60 is 1.2 ticks."""
    with pytest.raises(UserError, match="no grid can be built at 60: ") as caught:
        check_ladder(config, config.strategies[0], market, Decimal(60))

    assert "raise grid_step" in str(caught.value.hint)


def test_a_ladder_that_cannot_be_paid_in_full_is_told_and_not_refused(
    config: BacktestConfig, market: MarketFacts
) -> None:
    rich = strategy_with(config, amount="90000")

    (first, *_) = check_ladder(config, rich, market, Decimal(100000))

    assert "BTCUSDT: all long orders filled need a margin of" in first


def test_the_anchor_of_a_strategy_is_where_its_ladder_stands(
    config: BacktestConfig, market: MarketFacts
) -> None:
    anchored = strategy_with(config, anchor_price=Decimal(50000))

    assert ladder_at(config, anchored, market, Decimal(100000)).price == Decimal(50000)


def test_a_coarser_tick_is_judged_by_the_instrument(
    config: BacktestConfig, market: MarketFacts
) -> None:
    coarse = replace(market, instrument=replace_tick(market, "200"))

    with pytest.raises(UserError, match="no grid can be built"):
        check_ladder(config, config.strategies[0], coarse, Decimal(100000))


def replace_tick(market: MarketFacts, tick: str) -> Any:
    return replace(market.instrument, tick_size=Decimal(tick))

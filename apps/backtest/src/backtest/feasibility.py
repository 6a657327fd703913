"""Whether a strategy's grid can work at a price, before anything runs; it changes nothing."""

from decimal import Decimal

from appkit.exits import UserError
from backtest.config import BacktestConfig, StrategyConfig
from backtest.market_facts import MarketFacts
from gridcore.preview import Feasibility, Preview, preview
from gridcore.sizing import parse_amount


def ladder_at(
    config: BacktestConfig, strategy: StrategyConfig, market: MarketFacts, price: Decimal
) -> Preview:
    """The ladder of a strategy when the market stands at `price`; a configured anchor wins."""
    return preview(
        price if strategy.anchor_price is None else strategy.anchor_price,
        grid=strategy.grid(config.side_policy),
        amount=parse_amount(strategy.amount),
        instrument=market.instrument,
        wallet=config.initial_balance,
        tiers=market.tiers,
        leverage=strategy.leverage,
    )


def check_ladder(
    config: BacktestConfig, strategy: StrategyConfig, market: MarketFacts, price: Decimal
) -> list[str]:
    """Refuse levels that cannot be built at the first price; tell everything else that is odd.

    A run may still be worth its while when the whole ladder cannot be filled, but without levels
    there is nothing to run (LS-11).
    """
    ladder = ladder_at(config, strategy, market, price)
    for finding in ladder.findings:
        if finding.kind is Feasibility.LEVELS_IMPOSSIBLE:
            raise UserError(
                f"{strategy.symbol}: no grid can be built at {ladder.price}: {finding.text}",
                "raise grid_step or lower grid_count; `backtest preview --price P` shows a ladder",
            )
    return [f"{strategy.symbol}: {finding.text}" for finding in ladder.findings]

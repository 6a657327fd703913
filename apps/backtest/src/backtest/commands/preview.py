"""`backtest preview`: the ladder of a configuration at a price, before any run."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console

from appkit.arguments import add_common_options
from appkit.decimals import parse_decimal
from appkit.exits import ExitCode, UserError
from appkit.ladder_table import print_findings, print_ladder
from appkit.output import emit, number_text
from backtest.commands.clock import wall_clock
from backtest.config import StrategyConfig, find_config, load_config
from backtest.exchange import opened
from backtest.feasibility import ladder_at
from backtest.market_facts import MarketFacts, resolve_market
from backtest.wiring import selected_strategies
from gridcore.preview import Preview


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyPreview:
    """The ladder of one strategy."""

    strat_id: str
    symbol: str
    preview: Preview


def add_parser(commands: Any) -> None:
    """Add the command with its options."""
    parser: ArgumentParser = commands.add_parser(
        "preview",
        help="print the ladder of a configuration at a price",
        description="Prints levels, sizes, spacing, margin and liquidation of a grid built at a "
        "price, and refuses what cannot work (exit 1).",
    )
    parser.add_argument("--config", type=Path, help="configuration file (YAML)")
    parser.add_argument("--price", required=True, help="market price at which the grid is built")
    parser.add_argument("--symbol", help="only the strategy of this symbol")
    add_common_options(parser)
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Run the command; exit 1 when a ladder cannot work."""
    file = find_config(arguments.config)
    config = load_config(file)
    price = _price(arguments.price)
    strategies = selected_strategies(config, arguments.symbol)
    if len(strategies) > 1:
        symbols = ", ".join(one.symbol for one in strategies)
        raise UserError(
            f"one price cannot be that of several symbols ({symbols})", "choose one with --symbol"
        )
    (strategy,) = strategies
    with opened(config.exchange()) as source:
        market = resolve_market(config, strategy, file, wall_clock(), source)
    ladder = StrategyPreview(
        strat_id=strategy.strat_id,
        symbol=strategy.symbol,
        preview=ladder_at(config, strategy, market, price),
    )
    emit(ladder, arguments.json, lambda out, found: _print(out, found, strategy, market))
    return ExitCode.DONE if ladder.preview.feasible else ExitCode.REFUSED


def _price(text: str) -> Decimal:
    price = parse_decimal(text)
    if price is None or price <= 0:
        raise UserError(f"--price: expected a number above 0, found {text!r}")
    return price


def _print(
    out: Console, ladder: StrategyPreview, strategy: StrategyConfig, market: MarketFacts
) -> None:
    print_ladder(
        out,
        f"{ladder.strat_id} on {ladder.symbol}",
        ladder.preview,
        (("leverage", number_text(strategy.leverage)), ("tiers from", market.tier_source)),
    )
    print_findings(out, ladder.preview.findings)

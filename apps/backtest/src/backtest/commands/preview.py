"""`backtest preview`: the ladder of a configuration at a price, before any run."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from appkit.arguments import add_common_options
from appkit.decimals import parse_decimal
from appkit.exits import ExitCode, UserError
from appkit.output import emit, key_value_table, number_text
from backtest.commands.clock import wall_clock
from backtest.config import StrategyConfig, find_config, load_config
from backtest.exchange import opened
from backtest.feasibility import ladder_at
from backtest.market_facts import MarketFacts, resolve_market
from backtest.wiring import selected_strategies
from gridcore.preview import Preview, SideTotal, Spread
from gridcore.sizing import SizeFlag


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
    found = ladder.preview
    if found.rows:
        out.print(_ladder_table(ladder))
        out.print(key_value_table("", _facts(found, strategy, market)))
    for finding in found.findings:
        word = "impossible" if finding.blocking else "note"
        style = "bold red" if finding.blocking else ""
        out.print(Text(f"{word}: {finding.text}", style=style), soft_wrap=True)


def _ladder_table(ladder: StrategyPreview) -> Table:
    title = f"{ladder.strat_id} on {ladder.symbol} at {number_text(ladder.preview.price)}"
    table = Table(title=Text(title, style="bold"), title_justify="left", box=None)
    for name in ("level", "price", "side", "qty", "notional", ""):
        table.add_column(name, justify="left" if name in ("side", "") else "right")
    for row in reversed(ladder.preview.rows):
        flag = "" if row.flag in (None, SizeFlag.AS_ASKED) else str(row.flag.value)
        cells = (
            str(row.level),
            number_text(row.price),
            row.side.value,
            number_text(row.qty) if row.qty else "-",
            number_text(row.notional, 2) if row.qty else "-",
            flag,
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _facts(found: Preview, strategy: StrategyConfig, market: MarketFacts) -> list[tuple[str, str]]:
    rows = [
        ("spacing in ticks (least / median / most)", _spread(found.spacing_ticks, 0)),
        ("spacing in % (least / median / most)", _spread(found.spacing_pct, 4)),
        ("to the lowest level", f"{number_text(found.down_pct, 2)} %"),
        ("to the highest level", f"{number_text(found.up_pct, 2)} %"),
    ]
    for name, total in (
        ("all buys filled, long", found.long),
        ("all sells filled, short", found.short),
    ):
        if total is not None:
            rows.append((name, _total(total)))
    rows.append(("leverage", number_text(strategy.leverage)))
    rows.append(("tiers from", market.tier_source))
    return rows


def _spread(spread: Spread | None, places: int) -> str:
    if spread is None:
        return "-"
    return " / ".join(
        number_text(value, places) for value in (spread.least, spread.median, spread.most)
    )


def _total(total: SideTotal) -> str:
    if total.entry is None:
        return "no order"
    liquidation = total.liquidation
    where = f"{liquidation:,.8g}" if isinstance(liquidation, Decimal) else "none"
    return (
        f"{total.orders} orders, {number_text(total.qty)} at {total.entry:,.8g}, notional "
        f"{number_text(total.notional, 2)}, margin {number_text(total.margin, 2)}, "
        f"liquidation {where}"
    )

"""`backtest instruments`: fills and shows the instrument cache; only `fetch` asks the exchange."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from appkit.arguments import add_common_options
from appkit.configuration import resolve_beside
from appkit.dates import instant_text
from appkit.exits import ExitCode, UserError
from appkit.instruments import (
    DEFAULT_CACHE_FILE,
    InstrumentCache,
    SourceSilent,
    StampedFacts,
    import_listing,
)
from appkit.output import emit, number_text
from appkit.spelling import did_you_mean
from backtest.commands.clock import wall_clock
from backtest.config import find_config, load_config
from backtest.exchange import opened
from bybit_adapter.endpoints import MAINNET, Endpoint, EndpointRefused, endpoint
from gridcore.clock import SECOND_US


def add_parser(commands: Any) -> None:
    """Add the command and its three sub-commands."""
    parser: ArgumentParser = commands.add_parser(
        "instruments", help="fill or show the cache of instruments and risk tiers"
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    importing: ArgumentParser = actions.add_parser(
        "import",
        help="read a saved exchange listing into the cache",
        description="Reads a saved answer of Bybit's instruments-info or risk-limit endpoint, or a "
        "normalised inventory, into the cache file.",
    )
    importing.add_argument("file", type=Path, help="the listing (JSON)")
    importing.set_defaults(handler=import_file)
    fetching: ArgumentParser = actions.add_parser(
        "fetch",
        help="ask the exchange and keep its answer in the cache",
        description="Asks the exchange for terms and risk tiers of symbols (no key is needed) and "
        "keeps the answers in the cache file.",
    )
    fetching.add_argument("symbols", nargs="+", metavar="SYMBOL", help="such as BTCUSDT")
    fetching.add_argument(
        "--endpoint",
        help="mainnet, testnet, demo or a URL; else the configuration's instrument_endpoint, else "
        "mainnet",
    )
    fetching.set_defaults(handler=fetch)
    showing: ArgumentParser = actions.add_parser("show", help="print what the cache knows")
    showing.set_defaults(handler=show)
    for sub in (importing, showing):
        sub.add_argument("--symbol", action="append", help="only this symbol; may be repeated")
    for sub in (importing, fetching, showing):
        sub.add_argument("--cache", type=Path, help="the cache file")
        sub.add_argument("--config", type=Path, help="take the cache file of this configuration")
        add_common_options(sub)


def import_file(arguments: Namespace) -> int:
    """Read a listing into the cache; says what was read and what had to be left out."""
    cache = _cache(arguments)
    listing = import_listing(arguments.file, arguments.symbol)
    warnings = cache.store(listing.stamped(wall_clock()))
    result = {
        "cache": cache.path,
        "imported": len(listing.facts),
        "refused": listing.refused,
        "notes": (*listing.notes, *warnings),
    }
    emit(result, arguments.json, _print_import)
    return ExitCode.DONE


def _print_import(out: Console, result: dict[str, Any]) -> None:
    out.print(f"{result['imported']} symbols into {result['cache']}", markup=False, soft_wrap=True)
    for kind in ("refused", "notes"):
        for text in result[kind]:
            out.print(f"{kind}: {text}", markup=False, soft_wrap=True)


def fetch(arguments: Namespace) -> int:
    """Ask the exchange for each symbol and keep what it says; exit 2 when it is silent on one."""
    cache, place = _cache(arguments), _endpoint(arguments)
    fetched: list[StampedFacts] = []
    refused = []
    with opened(place) as source:
        assert source is not None, "an endpoint gives a source"
        for symbol in dict.fromkeys(arguments.symbols):
            answer = source.fetch(symbol)
            if isinstance(answer, SourceSilent):
                refused.append(f"{symbol}: {answer.reason}")
                continue
            fetched.append(StampedFacts(facts=answer, as_of=wall_clock(), source="exchange"))
    result = {
        "cache": cache.path,
        "endpoint": place.name,
        "fetched": [one.facts.symbol for one in fetched],
        "refused": refused,
        "notes": cache.store(fetched) if fetched else (),
    }
    emit(result, arguments.json, _print_fetch)
    return ExitCode.FAILED if refused else ExitCode.DONE


def _print_fetch(out: Console, result: dict[str, Any]) -> None:
    count, place = len(result["fetched"]), result["endpoint"]
    out.print(f"{count} symbols of {place} into {result['cache']}", markup=False, soft_wrap=True)
    for kind in ("refused", "notes"):
        for text in result[kind]:
            out.print(f"{kind}: {text}", markup=False, soft_wrap=True)


def _endpoint(arguments: Namespace) -> Endpoint:
    """--endpoint, else that of --config, else mainnet."""
    if arguments.endpoint is not None:
        try:
            return endpoint(arguments.endpoint)
        except EndpointRefused as error:
            raise UserError(f"--endpoint: {error}") from error
    if arguments.config is not None:
        return load_config(find_config(arguments.config)).exchange() or MAINNET
    return MAINNET


def show(arguments: Namespace) -> int:
    """Print the cached instruments; exit 4 when there is none."""
    cache = _cache(arguments)
    contents = cache.read()
    wanted = arguments.symbol or sorted(contents.by_symbol)
    for symbol in wanted:
        if symbol not in contents.by_symbol:
            raise UserError(
                f"{cache.path} knows no {symbol}{did_you_mean(symbol, contents.by_symbol)}",
                f"fill it with `backtest instruments fetch {symbol}` or `backtest instruments "
                "import FILE`",
            )
    halves = [half for symbol in wanted for half in contents.by_symbol[symbol]]
    result = {"cache": cache.path, "instruments": halves, "warnings": contents.warnings}
    emit(result, arguments.json, lambda out, _: _print_cache(out, cache, halves, contents.warnings))
    return ExitCode.DONE if halves else ExitCode.NOTHING_TO_JUDGE


def _print_cache(
    out: Console, cache: InstrumentCache, halves: Sequence[StampedFacts], warnings: Sequence[str]
) -> None:
    if not halves:
        out.print(f"{cache.path} holds nothing", markup=False, soft_wrap=True)
    names = ("tick_size", "qty_step", "min_qty", "max_qty", "min_notional", "max_leverage")
    table = Table(box=None)
    for name in ("symbol", *names, "tiers", "as of (UTC)", "from"):
        table.add_column(name, overflow="fold")
    for half in halves:
        facts = half.facts
        tiers = "-" if facts.tiers is None else str(len(facts.tiers))
        numbers = [number_text(getattr(facts, name)) for name in names]
        as_of = instant_text(half.as_of - half.as_of % SECOND_US)
        cells = (facts.symbol, *numbers, tiers, as_of, half.source)
        table.add_row(*(Text(cell) for cell in cells))
    if halves:
        out.print(table)
    for text in warnings:
        out.print(f"warning: {text}", markup=False, soft_wrap=True)


def _cache(arguments: Namespace) -> InstrumentCache:
    """--cache, else the cache of --config, else the default file in the working folder's conf."""
    if arguments.cache is not None:
        return InstrumentCache(arguments.cache)
    if arguments.config is not None:
        file = find_config(arguments.config)
        return InstrumentCache(resolve_beside(file, load_config(file).instrument_cache))
    return InstrumentCache(Path("conf") / DEFAULT_CACHE_FILE)

"""Where the tick and the step of an imported symbol come from: options, configuration, its cache.

Never guesses them from the data: prices that avoid the last digit for a while would mislead it.
"""

import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from appkit.configuration import resolve_beside
from appkit.dates import instant_text
from appkit.decimals import plain_text
from appkit.exits import UserError
from appkit.instruments import DEFAULT_CACHE_FILE, InstrumentCache
from backtest.config import PROGRAM, BacktestConfig, find_config, load_config


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketUnits:
    """A symbol with its tick and step as decimal text, and where they came from, in words."""

    symbol: str
    tick_size: str
    qty_step: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    tick_size: Decimal | None
    qty_step: Decimal | None
    origin: str


def find_units(
    symbol: str | None, tick: str | None, step: str | None, config: Path | None
) -> MarketUnits:
    """The units for an import: the options, else the configuration, else the instrument cache.

    Without --config the usual configuration file is used if there is one, else the cache file in
    the current folder. UserError says what is unknown and how to supply it.
    """
    if tick is not None and step is not None:
        if symbol is None:
            raise _no_symbol()
        return MarketUnits(symbol=symbol, tick_size=tick, qty_step=step, origin="the options")
    file = _configuration_file(config)
    loaded = None if file is None else load_config(file)
    if symbol is None:
        symbol = _only_symbol(loaded)
    known = [*_stated(loaded, symbol), *_cached(_cache_file(file, loaded), symbol)]
    tick_from = next((one for one in known if one.tick_size is not None), None)
    step_from = next((one for one in known if one.qty_step is not None), None)
    tick_text = tick or _text(tick_from.tick_size if tick_from else None)
    step_text = step or _text(step_from.qty_step if step_from else None)
    if tick_text is None or step_text is None:
        raise _unknown(symbol, tick_text, step_text, _cache_file(file, loaded))
    used = [None if tick else tick_from, None if step else step_from]
    origins = dict.fromkeys(one.origin for one in used if one is not None)
    given = ["the options"] if tick or step else []
    return MarketUnits(
        symbol=symbol,
        tick_size=tick_text,
        qty_step=step_text,
        origin=" and ".join([*given, *origins]),
    )


def _configuration_file(config: Path | None) -> Path | None:
    if config is not None or os.environ.get(f"{PROGRAM.upper()}_CONFIG_PATH"):
        return find_config(config)
    try:
        return find_config(None)
    except UserError:
        # An import needs no configuration; without one only the options and the cache can know.
        return None


def _only_symbol(config: BacktestConfig | None) -> str:
    symbols = {strategy.symbol for strategy in config.strategies} if config else set()
    if len(symbols) != 1:
        raise _no_symbol()
    return symbols.pop()


def _stated(config: BacktestConfig | None, symbol: str) -> list[_Known]:
    keys = config.instruments.get(symbol) if config else None
    if keys is None:
        return []
    return [_Known(tick_size=keys.tick_size, qty_step=keys.qty_step, origin="the configuration")]


def _cache_file(file: Path | None, config: BacktestConfig | None) -> Path:
    if file is None or config is None:
        return DEFAULT_CACHE_FILE
    return resolve_beside(file, config.instrument_cache)


def _cached(cache: Path, symbol: str) -> list[_Known]:
    """What the cache knows; however old, since a recording is of the past."""
    halves = InstrumentCache(cache).read().by_symbol.get(symbol, ())
    return [
        _Known(
            tick_size=half.facts.tick_size,
            qty_step=half.facts.qty_step,
            origin=f"{cache} ({half.source} as of {instant_text(half.as_of)} UTC)",
        )
        for half in halves
    ]


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain_text(value)


def _no_symbol() -> UserError:
    return UserError(
        "the symbol of the import is not known: the file has no symbol column",
        "give it with --symbol, such as --symbol BTCUSDT",
    )


def _unknown(symbol: str, tick: str | None, step: str | None, cache: Path) -> UserError:
    missing = [name for name, value in (("tick", tick), ("step", step)) if value is None]
    options = " and ".join(f"--{name}" for name in missing)
    return UserError(
        f"{symbol}: unknown {' and '.join(missing)} (looked into the options, the configuration "
        f"and {cache})",
        f"give {options}, or state them in the configuration under instruments.{symbol}, or fill "
        "the cache from a saved exchange listing with `backtest instruments import FILE`",
    )

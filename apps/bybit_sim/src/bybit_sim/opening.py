"""What a configuration comes to: instruments, tapes, accounts and the exchange made of them.

It refuses to know sockets and the wall clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from appkit.exits import UserError
from appkit.instruments import InstrumentKeys
from bybit_sim.config import AccountConfig, SimConfig
from bybit_sim.exchange.account import Account
from bybit_sim.exchange.account_spec import AccountSpec
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import ApiKey
from bybit_sim.market.facts import KNOWN, SymbolFacts
from bybit_sim.market.feed import Feed
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.synthetic import PRICES, SyntheticMarket, SyntheticTapes
from gridcore.clock import MINUTE_US, Instant
from gridcore.instrument import Instrument
from gridcore.tiers import RiskTier, RiskTiers
from tapes.errors import TapeError
from tapes.synth.parameters import DEFAULT_START_US
from tapes.tape import Tape


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An exchange at the first instant of its feed."""

    exchange: Exchange
    feed: Feed


def open_exchange(config: SimConfig, folder: Path) -> Opened:
    """Open or make the tapes and build the exchange on them; `folder` takes the synthetic ones.

    UserError when a tape cannot be read, does not fit its instrument, or a symbol is unknown.
    """
    facts = {symbol: facts_of(symbol, config) for symbol in config.symbols}
    feed = _feed(config, list(facts.values()), folder)
    start = feed.next_at()
    if start is None:
        raise UserError("the tapes hold no rows: there is nothing to play")
    markets = {
        symbol: SymbolMarket(one, start, seed=config.seed + number)
        for number, (symbol, one) in enumerate(facts.items())
    }
    accounts = [Account(_account_spec(one, config), markets, start) for one in config.accounts]
    return Opened(exchange=Exchange(accounts, markets, start), feed=feed)


def play_first_prices(opened: Opened) -> None:
    """Play on until every symbol has a price, at most a minute of market time."""
    exchange, feed = opened.exchange, opened.feed
    end = exchange.now + MINUTE_US
    while any(market.last is None for market in exchange.markets.values()):
        at = feed.next_at()
        step = feed.next_step() if at is not None and at < end else None
        if step is None:
            return
        exchange.play(step)


def facts_of(symbol: str, config: SimConfig) -> SymbolFacts:
    """What is built in about a symbol, changed by what the configuration states."""
    known = KNOWN.get(symbol)
    stated = config.symbols[symbol].instrument
    if known is None:
        return _new_facts(symbol, stated, len(KNOWN) + list(config.symbols).index(symbol))
    return _changed_facts(known, stated)


def _changed_facts(known: SymbolFacts, stated: InstrumentKeys) -> SymbolFacts:
    limits = {
        name: getattr(stated, name)
        for name in ("tick_size", "qty_step", "min_qty", "max_qty", "min_notional")
        if getattr(stated, name) is not None
    }
    others = {
        name: getattr(stated, name)
        for name in ("max_leverage", "funding_interval_minutes", "min_price", "max_price")
        if getattr(stated, name) is not None
    }
    changed = replace(known, instrument=_instrument(known.instrument, limits), **others)
    if stated.tiers is None:
        return changed
    return replace(changed, tiers=_tiers(stated), top_limit=_top_limit(stated))


def _instrument(known: Instrument, limits: Mapping[str, Decimal]) -> Instrument:
    names = ("tick_size", "qty_step", "min_qty", "max_qty", "min_notional")
    values = {name: limits.get(name, getattr(known, name)) for name in names}
    return Instrument(symbol=known.symbol, **values)


def _new_facts(symbol: str, stated: InstrumentKeys, symbol_id: int) -> SymbolFacts:
    needed = ("tick_size", "qty_step", "min_qty", "max_qty", "min_notional", "max_leverage")
    missing = [name for name in (*needed, "tiers") if getattr(stated, name) is None]
    if missing:
        raise UserError(
            f"{symbol}: expected the instrument's {', '.join(missing)}; built in are "
            f"{', '.join(KNOWN)}",
            f"state them in a configuration under symbols.{symbol}.instrument",
        )
    tick, limits = stated.tick_size, {name: getattr(stated, name) for name in needed[:5]}
    assert tick is not None
    assert stated.max_leverage is not None
    facts = SymbolFacts(
        instrument=Instrument(symbol=symbol, **limits),
        tiers=_tiers(stated),
        top_limit=_top_limit(stated),
        base_coin=symbol.removesuffix("USDT"),
        symbol_id=symbol_id,
        max_leverage=stated.max_leverage,
        min_price=stated.min_price or tick,
        max_price=stated.max_price or tick * 10_000_000,
        max_market_qty=limits["max_qty"],
    )
    minutes = stated.funding_interval_minutes
    return facts if minutes is None else replace(facts, funding_interval_minutes=minutes)


def _tiers(stated: InstrumentKeys) -> RiskTiers:
    assert stated.tiers is not None
    rows = [RiskTier(**tier.model_dump()) for tier in stated.tiers]
    return RiskTiers([*rows[:-1], replace(rows[-1], max_value=None)])


def _top_limit(stated: InstrumentKeys) -> Decimal:
    """The risk limit that is shown for the last tier: what is stated, else ten times the last."""
    assert stated.tiers is not None
    limits = [tier.max_value for tier in stated.tiers if tier.max_value is not None]
    if stated.tiers[-1].max_value is not None:
        return stated.tiers[-1].max_value
    return limits[-1] * 10 if limits else Decimal(10_000_000)


def _feed(config: SimConfig, symbols: Sequence[SymbolFacts], folder: Path) -> Feed:
    tapes = [(facts, _tape(path, facts)) for facts in symbols if (path := _path(config, facts))]
    if tapes:
        return Feed(tapes)
    prices = {**PRICES}
    for facts in symbols:
        stated = config.symbols[facts.symbol].price
        if stated is not None:
            prices[facts.symbol] = float(stated)
        elif facts.symbol not in prices:
            raise UserError(
                f"{facts.symbol}: expected a tape or the price of a synthetic market",
                f"write symbols.{facts.symbol}.tape or .price",
            )
    market = SyntheticMarket(
        seed=config.seed,
        start=Instant(DEFAULT_START_US),
        prices=prices,
        trades_per_second=float(config.synth.trades_per_second),
        volatility=float(config.synth.volatility_pct) / 100,
        tickers=config.synth.tickers,
    )
    try:
        return SyntheticTapes(folder, symbols, market).feed()
    except TapeError as error:
        raise _user_error(error) from error


def _path(config: SimConfig, facts: SymbolFacts) -> Path | None:
    return config.symbols[facts.symbol].tape


def _tape(path: Path, facts: SymbolFacts) -> Tape:
    tape = open_tape(path)
    header = tape.manifest.header
    if header.symbol != facts.symbol:
        raise UserError(f"{path}: expected a tape of {facts.symbol}, found {header.symbol}")
    instrument = facts.instrument
    for name, found, expected in (
        ("tick", header.tick_size, instrument.tick_size),
        ("step", header.qty_step, instrument.qty_step),
    ):
        if Decimal(found) != expected:
            raise UserError(
                f"{path}: expected {name} {expected} of {facts.symbol}, found {found}",
                f"state the instrument of the tape's time under symbols.{facts.symbol}.instrument",
            )
    return tape


def open_tape(path: Path) -> Tape:
    """The tape in a folder; UserError says what is wrong with it and how to mend it."""
    try:
        return Tape.open(path)
    except TapeError as error:
        raise _user_error(error) from error


def _user_error(error: TapeError) -> UserError:
    return UserError(f"{error.what}: expected {error.expected}, found {error.found}", error.mend)


def _account_spec(one: AccountConfig, config: SimConfig) -> AccountSpec:
    return AccountSpec(
        uid=one.uid,
        name=one.name,
        keys=tuple(
            ApiKey(
                key=key.key,
                secret=key.secret,
                read_only=key.read_only,
                expired=key.expired,
                ips=key.ips,
            )
            for key in one.keys
        ),
        balance=one.balance,
        maker_fee=one.maker_fee,
        taker_fee=one.taker_fee,
        hedge_mode=one.hedge_mode,
        leverage=one.leverage,
        fill_model=one.fill_model,
        partial_fills=one.partial_fills,
        latency_us=one.latency_ms * 1000,
        seed=config.seed,
    )

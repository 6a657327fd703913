"""What is known of a strategy's market: instrument, tiers and funding interval, with their sources.

Nothing is made up: what is unknown is refused with the way to supply it (N-3, L-4).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from appkit.configuration import resolve_beside
from appkit.dates import instant_text
from appkit.exits import UserError
from appkit.instruments import (
    InstrumentCache,
    InstrumentSource,
    InstrumentSpec,
    Origin,
    ResolvedInstrument,
    resolve_instrument,
)
from appkit.instruments import RiskTier as StatedTier
from backtest.config import BacktestConfig, StrategyConfig
from gridcore.clock import HOUR_US, MINUTE_US, Instant
from gridcore.instrument import Instrument, InstrumentError
from gridcore.tiers import RiskTier, RiskTiers, TierError


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFacts:
    """A symbol's instrument and margin rules. The sources are words for the report."""

    instrument: Instrument
    tiers: RiskTiers
    funding_interval_us: int
    instrument_source: str
    tier_source: str
    warnings: tuple[str, ...]


def resolve_market(
    config: BacktestConfig,
    strategy: StrategyConfig,
    file: Path,
    now: Instant,
    source: InstrumentSource | None = None,
) -> MarketFacts:
    """Find out everything about a strategy's symbol; UserError says what is unknown and the remedy.

    Each fact comes from the configuration, else from a fresh entry of the instrument cache, else
    from `source`, the exchange where it may be asked, else from a stale entry with a warning.
    """
    symbol = strategy.symbol
    given = config.instruments.get(symbol)
    needed = {"funding_interval_minutes"} if config.enable_funding else set()
    if source is not None and _wants_tiers(strategy):
        needed.add("tiers")
    resolved = resolve_instrument(
        symbol,
        now=now,
        cache=InstrumentCache(resolve_beside(file, config.instrument_cache)),
        given=None if given is None else given.facts(symbol),
        source=source,
        ttl_hours=config.instrument_cache_ttl_hours,
        needed=needed,
    )
    _check_tick(strategy, resolved.spec)
    _check_leverage(strategy, resolved)
    tiers = _tiers(config, strategy, resolved, file, now)
    minutes = resolved.spec.funding_interval_minutes
    return MarketFacts(
        instrument=_instrument(resolved.spec),
        tiers=tiers.table,
        # Without funding the interval has no effect; with it, it is known here.
        funding_interval_us=8 * HOUR_US if minutes is None else minutes * MINUTE_US,
        instrument_source=resolved.origins["tick_size"].value,
        tier_source=tiers.source,
        warnings=(*resolved.warnings, *tiers.warnings),
    )


def _wants_tiers(strategy: StrategyConfig) -> bool:
    """Whether the strategy names no other place for its tiers."""
    return strategy.risk_limits_cache_path is None and strategy.maintenance_margin_rate is None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tiers:
    table: RiskTiers
    source: str
    warnings: tuple[str, ...]


def _instrument(spec: InstrumentSpec) -> Instrument:
    try:
        return spec.to_gridcore()
    except InstrumentError as error:
        raise UserError(str(error), "correct it under `instruments:`") from error


def _check_tick(strategy: StrategyConfig, spec: InstrumentSpec) -> None:
    """N-2: a hand-written tick checks the instrument's, it does not replace it."""
    if strategy.tick_size is not None and strategy.tick_size != spec.tick_size:
        raise UserError(
            f"{strategy.symbol}: tick_size {strategy.tick_size} of strategy {strategy.strat_id} "
            f"contradicts the instrument's {spec.tick_size}",
            "remove tick_size from the strategy, or state the instrument you want to try under "
            f"instruments.{strategy.symbol}",
        )


def _tiers(
    config: BacktestConfig,
    strategy: StrategyConfig,
    resolved: ResolvedInstrument,
    file: Path,
    now: Instant,
) -> _Tiers:
    """The configuration's tiers, those of `risk_limits_cache_path`, the cache's, the flat rate."""
    symbol, flat = strategy.symbol, strategy.maintenance_margin_rate
    stated, path = resolved.spec.tiers, strategy.risk_limits_cache_path
    origin = resolved.origins.get("tiers")
    if path is not None:
        if origin is Origin.CONFIGURATION:
            raise UserError(
                f"{symbol}: instruments.{symbol}.tiers and risk_limits_cache_path both state tiers",
                "remove one of them",
            )
        found = _tiers_of_file(config, symbol, resolve_beside(file, path), now)
    elif stated is not None and origin is not None:
        found = _Tiers(table=_table(symbol, stated), source=origin.value, warnings=())
    elif flat is not None:
        tier = RiskTier(
            max_value=None, maintenance_rate=flat, deduction=Decimal(0), initial_rate=flat
        )
        return _Tiers(table=RiskTiers([tier]), source=f"flat rate {flat}", warnings=())
    else:
        raise UserError(
            f"{symbol}: no risk tiers are known",
            f"state them under instruments.{symbol}.tiers, fill the cache with `backtest "
            f"instruments fetch {symbol}` or `backtest instruments import FILE`, or accept one "
            "rate for every size with maintenance_margin_rate",
        )
    if flat is None:
        return found
    unused = f"{symbol}: maintenance_margin_rate is not used, tiers are known ({found.source})"
    return replace(found, warnings=(*found.warnings, unused))


def _tiers_of_file(config: BacktestConfig, symbol: str, path: Path, now: Instant) -> _Tiers:
    contents = InstrumentCache(path).read()
    halves = contents.by_symbol.get(symbol, ())
    for half in halves:
        if half.facts.tiers is None:
            continue
        warnings = list(contents.warnings)
        if now - half.as_of >= config.instrument_cache_ttl_hours * HOUR_US:
            warnings.append(f"{symbol}: tiers of {path} are of {instant_text(half.as_of)}")
        table = _table(symbol, half.facts.tiers)
        return _Tiers(table=table, source=str(path.name), warnings=tuple(warnings))
    raise UserError(
        f"{symbol}: the risk limits cache {path} holds no tiers of it",
        "import the exchange's risk limits with `backtest instruments import FILE --cache PATH`",
    )


def _table(symbol: str, tiers: Iterable[StatedTier]) -> RiskTiers:
    rows = [
        RiskTier(
            max_value=tier.max_value,
            maintenance_rate=tier.maintenance_rate,
            deduction=tier.deduction,
            initial_rate=tier.initial_rate,
        )
        for tier in tiers
    ]
    try:
        return RiskTiers(rows)
    except TierError as error:
        raise UserError(f"{symbol}: {error}", "correct the tiers where they are stated") from error


def _check_leverage(strategy: StrategyConfig, resolved: ResolvedInstrument) -> None:
    most = resolved.spec.max_leverage
    if most is not None and strategy.leverage > most:
        raise UserError(
            f"{strategy.symbol}: leverage {strategy.leverage} is above the instrument's maximum "
            f"{most}",
            "lower the strategy's leverage",
        )

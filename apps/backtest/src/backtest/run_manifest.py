"""The run manifest: what went into a run and what came out, so that it can be repeated and checked.

It reads no clock: the same run gives the same manifest, byte for byte.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appkit.configuration import config_hash
from appkit.dates import instant_iso
from appkit.output import plain
from appkit.version import CodeVersion
from backtest.config import BacktestConfig
from backtest.market_facts import MarketFacts
from backtest.metrics import Results
from backtest.wiring import Wired
from tapes.tape import Tape

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeRecord:
    """A tape as it was used."""

    symbol: str
    path: str
    sha256: str
    source: str
    trade_rows: int
    ticker_rows: int
    first: str
    last: str
    gaps: int
    bar_order: str | None
    synthetic_seed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRecord:
    """An instrument as it was used, and where it and its tiers came from."""

    tick_size: str
    qty_step: str
    min_qty: str
    max_qty: str
    min_notional: str
    tiers: int
    instrument_source: str
    tier_source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunManifest:
    """Everything that identifies a run. `trades_sha256` is the hash of trades.csv."""

    format_version: int
    code: str
    configuration_hash: str
    configuration: Mapping[str, Any]
    fill_model: str
    start: str
    end: str
    ticks: int
    wakes: int
    tapes: tuple[TapeRecord, ...]
    markets: Mapping[str, MarketRecord]
    rows: Mapping[str, int]
    trades_sha256: str
    verified: bool | None
    warnings: tuple[str, ...]


def run_manifest(
    config: BacktestConfig,
    wired: Wired,
    results: Results,
    *,
    code: CodeVersion,
    trades_csv: str,
    verified: bool | None,
) -> RunManifest:
    """The manifest of a finished run; `verified` is None when it was not run tick by tick too."""
    outcome = results.outcome
    return RunManifest(
        format_version=FORMAT_VERSION,
        code=str(code),
        configuration_hash=config_hash(config),
        configuration=plain(config),
        fill_model=config.fill_model.name.value,
        start=instant_iso(outcome.start),
        end=instant_iso(outcome.end),
        ticks=outcome.ticks,
        wakes=outcome.wakes,
        tapes=tuple(_tape_record(symbol, tape) for symbol, tape in wired.plan.tapes.items()),
        markets={symbol: _market_record(facts) for symbol, facts in wired.markets.items()},
        rows={
            "trades": len(outcome.fills),
            "ledger": len(outcome.ledger),
            "equity": len(outcome.equity),
            "grid_changes": len(outcome.grid_changes),
        },
        trades_sha256=hashlib.sha256(trades_csv.encode()).hexdigest(),
        verified=verified,
        warnings=wired.warnings,
    )


def _tape_record(symbol: str, tape: Tape) -> TapeRecord:
    manifest = tape.manifest
    header = manifest.header
    return TapeRecord(
        symbol=symbol,
        path=str(tape.path),
        sha256=manifest.sha256,
        source=header.source,
        trade_rows=manifest.trade_rows,
        ticker_rows=manifest.ticker_rows,
        first=instant_iso(manifest.first_us),
        last=instant_iso(manifest.last_us),
        gaps=len(manifest.gaps),
        bar_order=None if header.bar_order is None else header.bar_order.value,
        synthetic_seed=header.synthetic_seed,
    )


def _market_record(facts: MarketFacts) -> MarketRecord:
    instrument = facts.instrument
    return MarketRecord(
        tick_size=plain(instrument.tick_size),
        qty_step=plain(instrument.qty_step),
        min_qty=plain(instrument.min_qty),
        max_qty=plain(instrument.max_qty),
        min_notional=plain(instrument.min_notional),
        tiers=len(facts.tiers.tiers),
        instrument_source=facts.instrument_source,
        tier_source=facts.tier_source,
    )

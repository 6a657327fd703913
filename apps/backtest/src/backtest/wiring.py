"""Turns a configuration into a plan: everything the run needs, resolved, checked and typed.

The composition root of a backtest; it decides nothing about trading.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np

from appkit.configuration import resolve_beside
from appkit.dates import Window, instant_text
from appkit.exits import UserError
from appkit.instruments import InstrumentSource
from appkit.spelling import did_you_mean
from backtest.config import BacktestConfig, StrategyConfig
from backtest.config_parts import WindDownMode
from backtest.feasibility import check_ladder
from backtest.market_facts import MarketFacts, resolve_market
from gridcore.clock import Instant
from gridcore.config import (
    CloseGate,
    GridConfig,
    IdentitySalt,
    RiskConfig,
    SafetyConfig,
    SizingConfig,
)
from gridcore.instrument import Steps
from gridcore.session.effects import TimeInForce
from simvenue.messages import FillModel, SymbolSpec, VenueConfig
from simvenue.standing import Standing
from tapes.errors import TapeError
from tapes.tape import Tape

MILLISECOND_US = 1000
_MEDIAN_SAMPLE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyPlan:
    """One grid on one symbol, in the kernel's types."""

    strat_id: str
    symbol: str
    grid: GridConfig
    risk: RiskConfig
    sizing: SizingConfig
    identity_salt: IdentitySalt
    anchor_price: Decimal | None
    time_in_force: TimeInForce
    close_gate: CloseGate


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How a run begins that does not begin flat: what stands at the exchange, and recorded grids by
    symbol as rows {side, price}. Cash is the plan's initial balance."""

    standing: Standing = field(default_factory=Standing)
    grids: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """Everything `run_backtest` needs. `start` and `end` bound the run (end excluded); None: the
    tape's own. `symbols` and `tapes` have one entry for every strategy's symbol.

    `legs_follow_orders`: the leg is told after every order that begins to rest or is cancelled, as
    the exchange does (bybit.md B.4); it needs `venue.repeat_in_pushes`. A comparison with live
    wants the marks that come with it, a backtest alone is faster without. `session_start`: when the
    session begins, at the first row at the latest (None: then); its audits count from there."""

    venue: VenueConfig
    symbols: Mapping[str, SymbolSpec]
    strategies: tuple[StrategyPlan, ...]
    safety: SafetyConfig
    tapes: Mapping[str, Tape]
    start: Instant | None
    end: Instant | None
    initial_balance: Decimal
    wind_down: WindDownMode
    opening: Opening = field(default_factory=Opening)
    legs_follow_orders: bool = False
    session_start: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the command line adds to the configuration. `tapes` win over those of the file; with
    `symbol` only that symbol's strategy runs; `strict` makes one unusable symbol fatal."""

    symbol: str | None = None
    window: Window | None = None
    tapes: Mapping[str, Path]
    strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """A plan with what its parts came from, for the report, and what the user should be told."""

    plan: RunPlan
    markets: Mapping[str, MarketFacts]
    warnings: tuple[str, ...]


def wire(
    config: BacktestConfig,
    file: Path,
    selection: Selection,
    now: Instant,
    source: InstrumentSource | None = None,
) -> Wired:
    """Resolve instruments, tiers and tapes and build the plan of a run.

    Paths of the configuration are relative to its `file`. `now` judges the age of cached facts;
    `source` is asked for what no fresh entry of the cache states.
    UserError says what is missing and how to supply it. A symbol that cannot be used is left out
    with a warning, unless it is the only one or the selection is strict (Y-11).
    """
    strategies = selected_strategies(config, selection.symbol)
    window = selection.window or config.window()
    markets: dict[str, MarketFacts] = {}
    tapes: dict[str, Tape] = {}
    warnings: list[str] = []
    refusals: list[UserError] = []
    for strategy in strategies:
        try:
            market = resolve_market(config, strategy, file, now, source)
            tape = _open_tape(config, strategy.symbol, file, selection)
            first_row = _check_tape(tape, market, config.fill_model.name, window)
            first_price = market.instrument.price(int(tape.trades.price[first_row]))
            notes = check_ladder(config, strategy, market, first_price)
        except UserError as error:
            if selection.strict:
                raise
            refusals.append(error)
            warnings.append(f"{strategy.symbol} is left out: {error.message}")
            continue
        markets[strategy.symbol], tapes[strategy.symbol] = market, tape
        warnings += [*market.warnings, *notes]
    if not tapes:
        raise refusals[0]
    used = [strategy for strategy in strategies if strategy.symbol in tapes]
    plan = RunPlan(
        venue=venue_config(config),
        symbols={
            one.symbol: symbol_spec(config, one, markets[one.symbol], tapes[one.symbol])
            for one in used
        },
        strategies=tuple(strategy_plan(config, one) for one in used),
        safety=config.safety.settings(),
        tapes=tapes,
        start=window.start,
        end=window.end,
        initial_balance=config.initial_balance,
        wind_down=config.wind_down_mode,
    )
    return Wired(plan=plan, markets=markets, warnings=tuple(warnings))


def venue_config(config: BacktestConfig) -> VenueConfig:
    """The simulated venue's settings."""
    fees = config.fee_rates()
    factor = config.fill_model.queue_ahead_factor
    return VenueConfig(
        initial_balance=config.initial_balance,
        maker_fee=fees.maker,
        taker_fee=fees.taker,
        fill_model=config.fill_model.name,
        place_latency_us=config.latency.place_ms * MILLISECOND_US,
        cancel_latency_us=config.latency.cancel_ms * MILLISECOND_US,
        funding_enabled=config.enable_funding,
        funding_price=config.funding_price,
        queue_ahead_factor=Decimal(1) if factor is None else factor,
        partial_fills=config.fill_model.partial_fills,
        partial_fills_seed=config.fill_model.partial_fills_seed or "",
        liquidation_policy=config.liquidation_policy,
        repeat_in_pushes=False,
    )


def strategy_plan(config: BacktestConfig, strategy: StrategyConfig) -> StrategyPlan:
    """One strategy in the kernel's types."""
    return StrategyPlan(
        strat_id=strategy.strat_id,
        symbol=strategy.symbol,
        grid=strategy.grid(config.side_policy),
        risk=strategy.risk(),
        sizing=strategy.sizing(),
        identity_salt=strategy.identity_salt,
        anchor_price=strategy.anchor_price,
        time_in_force=strategy.time_in_force,
        close_gate=strategy.close_gate or config.close_gate,
    )


def symbol_spec(
    config: BacktestConfig, strategy: StrategyConfig, market: MarketFacts, tape: Tape
) -> SymbolSpec:
    """One symbol as the venue knows it."""
    is_queue = config.fill_model.name is FillModel.QUEUE
    return SymbolSpec(
        instrument=market.instrument,
        tiers=market.tiers,
        leverage=strategy.leverage,
        funding_interval_us=market.funding_interval_us,
        funding_rate=config.funding_rate,
        typical_trade=_median_trade(tape) if is_queue else Steps(1),
        has_trades=True,
    )


def _median_trade(tape: Tape) -> Steps:
    """Median size of the tape's trades in steps; of an even sample when there are very many."""
    sizes = tape.trades.size
    stride = max(1, len(sizes) // _MEDIAN_SAMPLE)
    return Steps(int(np.median(sizes[::stride])))


def selected_strategies(config: BacktestConfig, symbol: str | None) -> list[StrategyConfig]:
    """All strategies, or the one of `symbol`; UserError when nobody trades it."""
    if symbol is None:
        return list(config.strategies)
    chosen = [strategy for strategy in config.strategies if strategy.symbol == symbol]
    if not chosen:
        known = sorted(strategy.symbol for strategy in config.strategies)
        raise UserError(
            f"no strategy trades {symbol}{did_you_mean(symbol, known)}",
            f"the configuration has {', '.join(known)}",
        )
    return chosen


def _open_tape(config: BacktestConfig, symbol: str, file: Path, selection: Selection) -> Tape:
    path = selection.tapes.get(symbol)
    if path is None and symbol in config.tapes:
        path = resolve_beside(file, config.tapes[symbol])
    if path is None:
        raise UserError(
            f"{symbol}: no tape is given",
            f"name one under `tapes: {{{symbol}: FOLDER}}` or with --tape FOLDER; "
            "`backtest tape import` and `backtest tape synth` make tapes",
        )
    try:
        return Tape.open(path)
    except TapeError as error:
        raise UserError(
            f"{symbol}: {error.what}: expected {error.expected}, found {error.found}", error.mend
        ) from error


def _check_tape(tape: Tape, market: MarketFacts, model: FillModel, window: Window) -> int:
    """Refuse a tape that does not fit; the number of the first trade of the run."""
    header, instrument = tape.manifest.header, market.instrument
    name = f"the tape {tape.path}"
    if header.symbol != instrument.symbol:
        raise UserError(
            f"{name} is of {header.symbol}, the strategy trades {instrument.symbol}",
            "name the right tape, or change the strategy's symbol",
        )
    if Decimal(header.tick_size) != instrument.tick_size:
        raise UserError(
            f"{name} counts in ticks of {header.tick_size}, the instrument {instrument.symbol} "
            f"has {instrument.tick_size}",
            "import the tape with the instrument's tick size",
        )
    if model is FillModel.QUEUE and Decimal(header.qty_step) != instrument.qty_step:
        raise UserError(
            f"{name} counts quantities in {header.qty_step}, the instrument {instrument.symbol} in "
            f"{instrument.qty_step}; the queue model compares them",
            "import the tape with the instrument's step, or use another fill model",
        )
    _check_quotes(tape, model)
    return _first_row(tape, window)


def _check_quotes(tape: Tape, model: FillModel) -> None:
    if model is FillModel.BOOK_TOUCH and tape.tickers is None:
        raise UserError(
            f"the fill model book_touch needs bid and ask, the tape {tape.path} has trades only",
            "use a tape with tickers, or another fill model",
        )


def _first_row(tape: Tape, window: Window) -> int:
    """The first trade within the window, which must hold at least one."""
    first_us, last_us = tape.manifest.first_us, tape.manifest.last_us
    start = first_us if window.start is None else window.start
    end = last_us + 1 if window.end is None else window.end
    first, stop = np.searchsorted(tape.trades.time, [start, end])
    if first >= stop:
        raise UserError(
            f"the tape {tape.path} holds no trade of the chosen time: it covers "
            f"{instant_text(first_us)} to {instant_text(last_us)}",
            "choose --start and --end within it",
        )
    return int(first)

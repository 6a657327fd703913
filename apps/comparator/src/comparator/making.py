"""The backtest side of a comparison: read from a file, run by a configuration, or made now.

It knows where fills come from; what they are compared with it refuses to know.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import cast

import numpy as np
from sqlalchemy.orm import Session

from appkit.dates import Window
from appkit.exits import UserError
from backtest.commands.clock import wall_clock
from backtest.config import load_config
from backtest.config_parts import WindDownMode
from backtest.exchange import opened
from backtest.market_facts import resolve_market
from backtest.opening import setup_of
from backtest.outcome import RunOutcome
from backtest.runner import Run
from backtest.wiring import RunPlan, Selection, selected_strategies, wire
from comparator.config import Request
from comparator.fills import FillTable
from comparator.loading.files import load_file, load_outcome
from comparator.loading.runs import NothingRecorded, RecordedRun
from comparator.made_now import ExchangeModel, plan_of, recorded_tapes
from comparator.positions import PositionEars
from comparator.seeding import Seed, seed_of
from gridcore.events import PositionUpdate
from gridcore.instrument import Instrument
from gridcore.session.account import AccountSession
from gridcore.session.setup import StrategySetup
from simvenue.messages import VenueConfig
from tapes.manifest import MANIFEST_FILE
from tapes.tape import Tape

OnProgress = Callable[[int], None]
_TOLD = ("grid", "risk", "sizing", "close_gate", "time_in_force", "salt", "anchor_price")
"""What a strategy decides by; a configuration that says otherwise is another strategy's."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Made:
    """The fills of a backtest and what they came from.

    `outcome` and `plan` are None for fills of a file. `positions` are the legs as the venue told
    them, `model` says how it filled, `differences` how its strategies differ from what the bot was
    told.
    """

    fills: FillTable
    wound_down: int
    tapes: Mapping[str, Tape]
    model: Mapping[str, str]
    plan: RunPlan | None = None
    outcome: RunOutcome | None = None
    positions: tuple[PositionUpdate, ...] = ()
    differences: tuple[str, ...] = ()


def make_backtest(
    session: Session,
    run: RecordedRun,
    request: Request,
    exchange: ExchangeModel,
    tapes: Path,
    on_progress: OnProgress | None = None,
) -> Made:
    """The backtest that a request asks for, over a run's window; tapes are made below `tapes`.

    NothingRecorded and SeedMissing say what the recording lacks, TapeError what is wrong with a
    tape, UserError what is wrong with the request.
    """
    verify_tapes(tapes)
    if request.trades_file is not None:
        return _of_file(session, run, request.trades_file, tapes)
    if request.config_file is not None:
        return _of_config(session, run, request.config_file, tapes, on_progress)
    return _on_the_spot(session, run, exchange, tapes, on_progress)


def verify_tapes(folder: Path) -> None:
    """Read every kept tape against its hashes; TapeError for one that was changed since."""
    for manifest in sorted(folder.glob(f"*/{MANIFEST_FILE}")):
        Tape.open(manifest.parent).verify()


def of_plan(plan: RunPlan, symbols: Sequence[str], on_progress: OnProgress | None = None) -> Made:
    """Run a plan and keep the fills of some symbols."""
    run = Run(plan, tick_by_tick=False, progress=on_progress)
    ears = PositionEars(run.session)
    run.session = cast(AccountSession, ears)
    outcome = run.play()
    found = load_outcome(outcome)
    wanted = np.array([symbol.encode() for symbol in symbols])
    return Made(
        fills=found.table.select(np.isin(found.table.columns.symbol, wanted)),
        wound_down=found.wound_down,
        tapes=plan.tapes,
        model=told_model(plan.venue),
        plan=plan,
        outcome=outcome,
        positions=tuple(ears.heard),
    )


def told_model(venue: VenueConfig) -> dict[str, str]:
    """How a venue fills, for the certificate."""
    return {
        "fill_model": venue.fill_model.value,
        "queue_ahead_factor": f"{venue.queue_ahead_factor.normalize():f}",
        "place_latency_us": str(venue.place_latency_us),
        "cancel_latency_us": str(venue.cancel_latency_us),
        "partial_fills": str(venue.partial_fills),
        "partial_fills_seed": venue.partial_fills_seed,
        "maker_fee": f"{venue.maker_fee.normalize():f}",
        "taker_fee": f"{venue.taker_fee.normalize():f}",
    }


def differences(recorded: Sequence[StrategySetup], given: Sequence[StrategySetup]) -> list[str]:
    """How strategies of a configuration differ from those that the bot was told, in sentences."""
    told = {one.instrument.symbol: one for one in recorded}
    found = []
    for setup in given:
        symbol = setup.instrument.symbol
        mine = told.get(symbol)
        if mine is None:
            continue
        if mine.strat_id != setup.strat_id:
            found.append(f"{symbol}: the bot ran strategy {mine.strat_id}, not {setup.strat_id}")
        for name in _TOLD:
            here, there = getattr(mine, name), getattr(setup, name)
            if here != there:
                found.append(f"{symbol}: {_difference(name, here, there)}")
    return found


def _difference(name: str, recorded: object, given: object) -> str:
    """The first field in which two parts differ."""
    if type(recorded) is type(given) and hasattr(recorded, "__dataclass_fields__"):
        for field in fields(recorded):  # type: ignore[arg-type]
            here, there = getattr(recorded, field.name), getattr(given, field.name)
            if here != there:
                return f"{name}.{field.name}: the bot was told {here}, the configuration {there}"
    return f"{name}: the bot was told {recorded}, the configuration {given}"


def _of_file(session: Session, run: RecordedRun, path: Path, folder: Path) -> Made:
    found = load_file(path)
    instruments = [one for one in map(run.instrument, run.symbols) if one is not None]
    return Made(
        fills=found.table,
        wound_down=found.wound_down,
        tapes=recorded_tapes(session, run.environment, instruments, folder),
        model={"fill_model": "as the file was made"},
    )


def _on_the_spot(
    session: Session,
    run: RecordedRun,
    exchange: ExchangeModel,
    folder: Path,
    on_progress: OnProgress | None,
) -> Made:
    if run.setup is None:
        raise NothingRecorded(
            "; ".join(run.faults) + ": name the bot's configuration with --backtest-config, "
            "or its trades with --backtest-trades"
        )
    instruments = [one.instrument for one in run.setups]
    tapes = recorded_tapes(session, run.environment, instruments, folder)
    seed = _seed(session, run, run.setups)
    began = min(span.start for one in run.strategies for span in one.alive)
    plan = plan_of(run.setup, seed, tapes, exchange, run.window.end, began=began)
    return of_plan(plan, run.symbols, on_progress)


def _of_config(
    session: Session,
    run: RecordedRun,
    file: Path,
    folder: Path,
    on_progress: OnProgress | None,
) -> Made:
    """What a configuration says, over the recorded market and from the recorded beginning on."""
    config = load_config(file)
    now = wall_clock()
    with opened(config.exchange()) as source:
        strategies = selected_strategies(config, None)
        missing = [one for one in run.symbols if one not in {s.symbol for s in strategies}]
        if missing:
            raise UserError(
                f"{file}: expected a strategy on {', '.join(missing)}, found none",
                "name the configuration of what the bot ran, or choose one --symbol",
            )
        instruments: list[Instrument] = [
            resolve_market(config, one, file, now, source).instrument for one in strategies
        ]
        recorded_tapes(session, run.environment, instruments, folder)
        selection = Selection(
            window=Window(start=run.window.start, end=run.window.end),
            tapes={one.symbol: folder / one.symbol for one in instruments},
            strict=True,
        )
        plan = wire(config, file, selection, now, source).plan
    setups = [setup_of(plan, one) for one in plan.strategies]
    found = tuple(differences(run.setups, setups))
    if found and run.setup is not None:
        # Another grid cannot begin from the recorded one: what was recorded still can.
        return replace(_of_differing(session, run, plan, folder, on_progress), differences=found)
    return of_plan(_seeded(plan, _seed(session, run, setups)), run.symbols, on_progress)


def _of_differing(
    session: Session,
    run: RecordedRun,
    plan: RunPlan,
    folder: Path,
    on_progress: OnProgress | None,
) -> Made:
    """The same as recorded, without the recorded grids and orders: they are another strategy's."""
    seed = _seed(session, run, run.setups)
    opening = replace(seed.opening, grids={}, standing=replace(seed.opening.standing, orders=()))
    return of_plan(_seeded(plan, replace(seed, opening=opening)), run.symbols, on_progress)


def _seeded(plan: RunPlan, seed: Seed) -> RunPlan:
    return replace(
        plan,
        venue=replace(plan.venue, initial_balance=seed.cash),
        initial_balance=seed.cash,
        start=seed.at,
        wind_down=WindDownMode.LEAVE_OPEN,
        opening=seed.opening,
    )


def _seed(session: Session, run: RecordedRun, setups: Sequence[StrategySetup]) -> Seed:
    return seed_of(
        run.rows(session),
        account_id=run.account_id,
        recorder_run=run.recorder_run,
        setups=setups,
        at=run.window.start,
    )

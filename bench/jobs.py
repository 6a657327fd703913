"""The three timed jobs, through the product's own path: configuration, plan, runner, metrics.

Knows what each job is; refuses to know clocks and how often it is run.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from backtest.config import load_config
from backtest.metrics import Results, compute_results
from backtest.outcome import RunOutcome
from backtest.runner import Run, run_backtest
from backtest.wiring import RunPlan, Selection, wire
from gridcore.clock import HOUR_US, Instant
from gridcore.config import GridConfig
from gridcore.grid import build_levels
from gridcore.session.modes import Mode, ModeBoard, ModeCause, ModeRequest
from gridcore.sides import BUY, SHORT
from tapes.tape import Tape

SYMBOL = "BTCUSDT"
FULL_CONFIG = Path(__file__).with_name("full.yaml")
ONE_WAY_CONFIG = Path(__file__).with_name("one_way.yaml")
SCAN_STEP_PCT = Decimal(2)
WARM_HOURS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticGrid:
    """The levels of the comparison job in ticks, ascending, and which of them is the centre."""

    levels: tuple[int, ...]
    centre: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """What a run of the comparison job did; fees and position in float, for comparison only."""

    buys: int
    sells: int
    position: float
    fees: float


def full_plan(tape: Tape) -> RunPlan:
    """The full job over a tape."""
    return _plan(FULL_CONFIG, tape)


def scan_plan(tape: Tape) -> RunPlan:
    """The full job with levels so far apart that almost nothing happens."""
    plan = full_plan(tape)
    (strategy,) = plan.strategies
    grid = replace(strategy.grid, grid_step=SCAN_STEP_PCT)
    return replace(plan, strategies=(replace(strategy, grid=grid),))


def one_way_plan(tape: Tape, grid: StaticGrid) -> RunPlan:
    """The comparison job over a mirrored tape."""
    plan = _plan(ONE_WAY_CONFIG, tape)
    (strategy,) = plan.strategies
    anchor = plan.symbols[SYMBOL].instrument.tick_size * grid.levels[grid.centre]
    return replace(plan, strategies=(replace(strategy, anchor_price=anchor),))


def static_grid(price: int) -> StaticGrid:
    """The grid whose highest level lies a quarter of a step above a first price in ticks.

    So the market is in bounds, the next level is farther away than the half step that a new order
    keeps from it, and every order that can ever rest above the market closes what was bought.
    """
    config = one_way_grid()
    step = float(config.grid_step) / 100
    half = config.level_count // 2
    centre = round(price * (1 + step / 4) / (1 + step) ** half)
    return StaticGrid(levels=tuple(build_levels(centre, config)), centre=half)


def one_way_grid() -> GridConfig:
    """The grid settings of the comparison job."""
    config = load_config(ONE_WAY_CONFIG)
    return config.strategies[0].grid(config.side_policy)


def _plan(file: Path, tape: Tape) -> RunPlan:
    """A plan as the command makes it, over a view of the tape that keeps no index on disk."""
    assert tape.folder is not None, "the bench reads tapes from disk"
    selection = Selection(tapes={SYMBOL: tape.folder})
    plan = wire(load_config(file), file, selection, Instant(0)).plan
    return replace(plan, tapes={SYMBOL: replace(tape, folder=None)})


def warm(plan: RunPlan) -> None:
    """Run the first hours once, so that no timed run pays for imports and compiling."""
    first = plan.tapes[SYMBOL].manifest.first_us
    compute_results(run_backtest(replace(plan, end=Instant(first + WARM_HOURS * HOUR_US))))


def run_full(plan: RunPlan) -> Results:
    """Index, run, records, ledger, equity, identity, metrics: all but the files."""
    return compute_results(run_backtest(plan))


def run_scan(plan: RunPlan) -> RunOutcome:
    """Index, run and equity."""
    return run_backtest(plan)


def run_one_way(plan: RunPlan) -> RunOutcome:
    """The comparison job: the kernel trades both directions, so one is closed before it begins."""
    run = Run(plan, tick_by_tick=False, progress=None)
    _close_shorts(run)
    return run.play()


def _close_shorts(run: Run) -> None:
    """Give the session's memory a request that nothing in a run ends: no opening of shorts."""
    board = ModeBoard()
    board.ask(
        ModeRequest(
            scope=f"{SYMBOL}/{SHORT.value}",
            cause=ModeCause.OPERATOR,
            mode=Mode.NO_OPEN,
            ended_by="the operator",
            since=run.start,
        )
    )
    memory = run.session.snapshot()
    state = memory["state"]
    assert isinstance(state, dict), "a snapshot keeps the account's state"
    state["modes"] = [*state["modes"], *board.snapshot()]
    run.session.restore(memory)


def traded(outcome: RunOutcome) -> Traded:
    """Count what a one-way run did."""
    sides = [fill.side for fill in outcome.fills]
    buys = sides.count(BUY)
    return Traded(
        buys=buys,
        sells=len(sides) - buys,
        position=float(sum(leg.qty for leg in outcome.legs)),
        fees=float(sum(fill.fee for fill in outcome.fills)),
    )

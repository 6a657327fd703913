"""Runs a plan, or a bracket of two plans when bars are involved, and finishes each outcome.

The steps after the simulation stand here in their order; it prints nothing and writes no file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from appkit.exits import RunFailed
from appkit.version import code_version
from backtest.config import PROGRAM, BacktestConfig
from backtest.export import Finished
from backtest.identity import IdentityViolated
from backtest.metrics import compute_results
from backtest.outcome import RunOutcome
from backtest.run_manifest import run_manifest
from backtest.runner import run_backtest
from backtest.tables import trades_csv
from backtest.verify import VerifyReport, verify_run
from backtest.wiring import RunPlan, Wired
from tapes.manifest import BarOrder

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """Finished runs by name ("" for a run over trades), and what verifying them said."""

    runs: Mapping[str, Finished]
    verified: Mapping[str, VerifyReport]

    @property
    def traded(self) -> bool:
        """Whether any of the runs had a fill."""
        return any(finished.results.outcome.fills for finished in self.runs.values())


def plans_of(plan: RunPlan) -> dict[str, RunPlan]:
    """The plan itself under "", or one plan for each order of the bars when a tape has bars."""
    if not any(tape.manifest.bars for tape in plan.tapes.values()):
        return {"": plan}
    return {order.value: _with_bar_order(plan, order) for order in BarOrder}


def _with_bar_order(plan: RunPlan, order: BarOrder) -> RunPlan:
    tapes = {
        symbol: tape.with_bar_order(order) if tape.manifest.bars else tape
        for symbol, tape in plan.tapes.items()
    }
    return replace(plan, tapes=tapes)


def run_wired(
    config: BacktestConfig,
    wired: Wired,
    *,
    verify: bool = False,
    progress: Progress | None = None,
) -> Ran:
    """Run, check the books, compute the metrics and the manifest of every plan.

    RunFailed (exit 2) when the identity of a run is violated: its numbers cannot be trusted.
    """
    runs: dict[str, Finished] = {}
    verified: dict[str, VerifyReport] = {}
    for name, plan in plans_of(wired.plan).items():
        done = sum(finished.results.outcome.ticks for finished in runs.values())
        outcome = run_backtest(plan, progress=_after(done, progress))
        if verify:
            verified[name] = verify_run(plan, outcome)
        runs[name] = finish(
            config,
            replace(wired, plan=plan),
            outcome,
            verified=verified[name].identical if verify else None,
        )
    return Ran(runs=runs, verified=verified)


def _after(done: int, progress: Progress | None) -> Progress | None:
    """Progress of a later run of several: it goes on where the earlier ones ended."""
    return None if progress is None else lambda rows: progress(done + rows)


def finish(
    config: BacktestConfig, wired: Wired, outcome: RunOutcome, *, verified: bool | None
) -> Finished:
    """Everything that is computed from an outcome."""
    try:
        results = compute_results(outcome)
    except IdentityViolated as error:
        raise RunFailed(
            str(error), "this is a defect of the program; keep the configuration and the tape"
        ) from error
    table = trades_csv(outcome)
    manifest = run_manifest(
        config,
        wired,
        results,
        code=code_version(PROGRAM, Path(__file__)),
        trades_csv=table,
        verified=verified,
    )
    return Finished(results=results, trades_csv=table, manifest=manifest)

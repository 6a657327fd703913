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
from backtest.verify import VerifyReport, run_verified
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
    counted = None if progress is None else _RowCount(progress)
    runs: dict[str, Finished] = {}
    verified: dict[str, VerifyReport] = {}
    for name, plan in plans_of(wired.plan).items():
        if verify:
            outcome, verified[name] = run_verified(plan, progress=counted)
        else:
            outcome = run_backtest(plan, progress=counted)
        if counted is not None:
            counted.next_run()
        runs[name] = finish(
            config,
            replace(wired, plan=plan),
            outcome,
            verified=verified[name].identical if verify else None,
        )
    return Ran(runs=runs, verified=verified)


class _RowCount:
    """Adds up the rows of several runs, each of which counts from 0, verifying ones twice."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._before = 0
        self._rows = 0

    def __call__(self, rows: int) -> None:
        if rows < self._rows:
            self.next_run()
        self._rows = rows
        self._progress(self._before + rows)

    def next_run(self) -> None:
        """What follows comes after everything that was counted so far."""
        self._before += self._rows
        self._rows = 0


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

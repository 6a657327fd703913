"""A comparison from end to end: recording, quality, window, backtest, matching, verdict, report.

It puts the parts in their order; each of them decides alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sqlalchemy.orm import Session

import comparator
from appkit.dates import instant_text
from appkit.exits import RunFailed
from appkit.progress import Progress
from appkit.version import code_version
from backtest.commands.from_db import open_recording
from comparator.beginning import judged_run
from comparator.certificate.certify import Certified, certify
from comparator.certificate.classes import FillClass
from comparator.certificate.digests import setup_hash, tape_hash
from comparator.certificate.record import Links, certificate_of
from comparator.config import Request
from comparator.curves import (
    EquityCompared,
    compare_equity,
    file_equity,
    live_equity,
    outcome_equity,
)
from comparator.evidence.answers import Answers
from comparator.evidence.recorded import Evidence
from comparator.fills import FillTable
from comparator.loading.live import load_live
from comparator.loading.runs import NothingRecorded, RecordedRun, recorded_run
from comparator.making import Made, make_backtest, of_plan
from comparator.matching import Matching, align
from comparator.metrics import Metrics, trade_metrics
from comparator.models import ModelFit, fit_of
from comparator.positions import paired_positions
from comparator.quality import Quality, judge_quality
from comparator.report.comparison import Comparison, PriceLine
from comparator.report.writing import write_report
from comparator.seeding import SeedMissing
from comparator.telemetry import PositionPair, telemetry_metrics
from comparator.verdict import Outcome, Verdict, judge
from grid_db.types import FIXED8_DIGITS
from simvenue.messages import FillModel
from tapes.errors import TapeError, TapeNotWritten

PRICE_POINTS = 4_000
"""More than a picture can show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of a comparison. `run_id` "" when no run was found.

    `comparison` None: there was nothing to compare, the verdict says why. `folder`: where the
    report lies, None when none was written.
    """

    run_id: str
    verdict: Verdict
    quality: Quality | None = None
    comparison: Comparison | None = None
    folder: Path | None = None

    @property
    def outcome(self) -> Outcome:
        """PASS, FAIL or SKIP."""
        return self.verdict.outcome

    @property
    def certificate_sha256(self) -> str | None:
        """The hash of the certificate; None without one."""
        return None if self.comparison is None else self.comparison.record.sha256

    @property
    def live_fills(self) -> int:
        """How many live fills there were."""
        return 0 if self.comparison is None else len(self.comparison.certified.live)

    @property
    def matched(self) -> int:
        """How many pairs differ in nothing."""
        counted = self.comparison
        return 0 if counted is None else counted.certified.counts[FillClass.MATCHED].pairs

    @property
    def unexplained(self) -> int:
        """How many fills and pairs no class explains."""
        return 0 if self.comparison is None else self.comparison.certified.unexplained_count


class _Refusal(Exception):
    """The comparison ends here: what bars it (`doubts`), or what is wrong (`breaches`)."""

    def __init__(self, *, doubts: tuple[str, ...] = (), breaches: tuple[str, ...] = ()) -> None:
        super().__init__(*doubts, *breaches)
        self.doubts = doubts
        self.breaches = breaches


def compare(request: Request, progress: Progress | None = None) -> Compared:
    """Compare a recorded run with its backtest and write the report that was asked for.

    A recording that cannot be judged by is SKIP, with its reasons, and not an error. UserError for
    what was asked for wrongly, RunFailed for what could not be done. Prints nothing.
    """
    with (
        open_recording(request.database_url) as database,
        database.get_readonly_session() as session,
    ):
        compared = _compared(session, request, progress)
    if request.output is not None and compared.comparison is not None:
        write_report(request.output, compared.comparison)
        return replace(compared, folder=request.output)
    return compared


def _compared(session: Session, request: Request, progress: Progress | None) -> Compared:
    run_id = request.run_id or ""
    try:
        asked = recorded_run(session, request.run_id, request.window, request.symbol)
        run_id = asked.run_id
        run = judged_run(session, asked)
    except NothingRecorded as error:
        verdict = judge(None, request.thresholds, doubts=[str(error)])
        return Compared(run_id=run_id, verdict=verdict)
    evidence = Evidence(session, run)
    quality = judge_quality(evidence, request.limits)
    try:
        comparison = _judged(evidence, quality, request, progress)
    except _Refusal as refused:
        verdict = judge(
            None,
            request.thresholds,
            doubts=(*quality.reasons, *refused.doubts),
            breaches=refused.breaches,
        )
        return Compared(run_id=run_id, verdict=verdict, quality=quality)
    return Compared(
        run_id=run_id, verdict=comparison.verdict, quality=quality, comparison=comparison
    )


def _judged(
    evidence: Evidence, quality: Quality, request: Request, progress: Progress | None
) -> Comparison:
    run = evidence.run
    live = _live(evidence)
    with _tapes_folder(request.tapes) as folder:
        made = _made(evidence, quality, request, folder, progress)
        matching = align(live, made.fills)
        certified = certify(
            live, made.fills, matching, Answers(evidence), allowances=request.allowances
        )
        equity = _equity(evidence, request, made)
        positions = _positions(evidence, made)
        verdict = _verdict(certified, quality, request, made, equity)
        links = _links(run, made)
        return Comparison(
            title=_title(run),
            matching=matching,
            metrics=replace(
                _metrics(live, made, matching, request, equity),
                telemetry=telemetry_metrics(positions) if positions else None,
            ),
            certified=certified,
            verdict=verdict,
            record=certificate_of(certified, verdict, request.thresholds, links),
            prices={symbol: _prices(evidence, symbol) for symbol in run.symbols},
            equity=equity.points,
            live_equity=equity.live,
            backtest_equity=equity.backtest,
            positions=positions,
            models=_fits(live, made, run, request),
        )


def _live(evidence: Evidence) -> FillTable:
    try:
        return load_live(evidence.rows, evidence.run).table
    except ValueError as error:
        # Numbers that no exchange sends: the recording is damaged, the strategy is not to blame.
        raise _Refusal(doubts=(f"the recorded executions cannot be read: {error}",)) from error


@contextmanager
def _tapes_folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with TemporaryDirectory(prefix="comparator-") as folder:
        yield Path(folder)


def _made(
    evidence: Evidence,
    quality: Quality,
    request: Request,
    folder: Path,
    progress: Progress | None,
) -> Made:
    exchange = request.exchange.model(next(iter(evidence.maker_fees()), None))
    told = None if progress is None else progress.update
    try:
        return make_backtest(evidence.session, evidence.run, request, exchange, folder, told)
    except (NothingRecorded, SeedMissing) as error:
        raise _Refusal(doubts=(str(error),)) from error
    except TapeNotWritten as error:
        raise RunFailed(str(error)) from error
    except TapeError as error:
        if request.tapes is not None:
            text = f"the kept tapes are not the recorded market: {error}"
            raise _Refusal(breaches=(text,)) from error
        raise _Refusal(doubts=(str(error),)) from error
    except RunFailed as error:
        if quality.enough:
            raise
        raise _Refusal(doubts=(error.message,)) from error


def _verdict(
    certified: Certified, quality: Quality, request: Request, made: Made, equity: EquityCompared
) -> Verdict:
    """Without a recording to judge by, figures are for the reader and no reason for anything."""
    return judge(
        certified if quality.enough else None,
        request.thresholds,
        doubts=quality.reasons,
        breaches=made.differences,
        equity=equity.divergence,
    )


def _equity(evidence: Evidence, request: Request, made: Made) -> EquityCompared:
    backtest = None if made.outcome is None else outcome_equity(made.outcome)
    if request.equity_file is not None:
        backtest = file_equity(request.equity_file)
    live = live_equity(evidence.rows, evidence.run, request.coin)
    return compare_equity(live, backtest, evidence.run.window)


def _positions(evidence: Evidence, made: Made) -> list[PositionPair]:
    """None for fills of a file: they tell of no leg."""
    if made.plan is None or made.outcome is None:
        return []
    return paired_positions(evidence.rows, evidence.run, made.plan, made.outcome, made.positions)


def _metrics(
    live: FillTable, made: Made, matching: Matching, request: Request, equity: EquityCompared
) -> Metrics:
    meta = dict(made.model)
    if made.wound_down:
        meta["wound_down"] = str(made.wound_down)
    return Metrics(
        trades=trade_metrics(live, made.fills, matching, request.tolerances),
        equity=equity.divergence,
        meta=meta,
    )


def _links(run: RecordedRun, made: Made) -> Links:
    code = code_version("comparator", Path(comparator.__file__))
    return Links(
        configuration="" if run.setup is None else setup_hash(run.setup),
        code=str(code),
        tapes={symbol: tape_hash(tape, run.window) for symbol, tape in made.tapes.items()},
        model=made.model,
    )


def _prices(evidence: Evidence, symbol: str) -> PriceLine:
    tickers = evidence.tickers(symbol)
    stride = max(1, -(-len(tickers) // PRICE_POINTS))
    at, last = tickers.at[::stride], tickers.last[::stride]
    return at, last.astype(np.float64) / 10**FIXED8_DIGITS


def _fits(live: FillTable, made: Made, run: RecordedRun, request: Request) -> list[ModelFit]:
    """How every fill model stands to the recording; none unless they were asked for."""
    if not request.every_model or made.plan is None:
        return []
    found = []
    for model in FillModel:
        plan = replace(made.plan, venue=replace(made.plan.venue, fill_model=model))
        fills = of_plan(plan, run.symbols).fills
        found.append(fit_of(model.value, live, fills, align(live, fills)))
    return found


def _title(run: RecordedRun) -> str:
    names = ", ".join(f"{one.strat_id} on {one.symbol}" for one in run.strategies)
    return f"{run.account_name}: {names}, from {instant_text(run.window.start)} UTC"

"""What a mission came to: its recording against a backtest of itself, and the twin's replay."""

from dataclasses import dataclass
from pathlib import Path

from appkit.exits import RunFailed
from appkit.progress import progress_bar
from comparator.closed_loop.stage import Stage
from comparator.comparing import compare
from comparator.config import ExchangeOptions, Request
from comparator.report.comparison import Comparison
from comparator.report.writing import REPORT_FILE
from comparator.twin import Twin, twin
from comparator.verdict import Outcome, Verdict, worst
from simvenue.messages import FillModel

REPORT = "comparison"
TAPES = "recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Both judgements; `certificate` is the sha256 over the facts of the comparison."""

    verdict: Verdict
    certificate: str
    live_fills: int
    backtest_fills: int
    matched: int
    unexplained: int
    comparison: Comparison
    twin: Twin
    report: Path

    @property
    def outcome(self) -> Outcome:
        """The worse of both: a session that does not repeat itself proves nothing."""
        twins = Outcome.PASS if self.twin.is_identical else Outcome.FAIL
        return worst((self.verdict.outcome, twins))


def judge_mission(stage: Stage, *, quiet: bool) -> Judged:
    """Make tapes of what was recorded, play the backtest, compare, and replay every journal.

    RunFailed when there is nothing to compare: the live half has traded for nothing.
    """
    fills = stage.fills
    latency_us = fills.latency_ms * 1000
    request = Request(
        database_url=stage.database_url,
        exchange=ExchangeOptions(
            fill_model=FillModel(fills.model),
            place_latency_us=latency_us,
            cancel_latency_us=latency_us,
            partial_fills=fills.partial_per_mille,
            partial_fills_seed=stage.partial_fills_seed if fills.partial_per_mille else "",
        ),
        output=stage.folder / REPORT,
        tapes=stage.folder / TAPES,
    )
    with progress_bar(None, "comparing", "rows", quiet=quiet) as progress:
        compared = compare(request, progress)
    if compared.comparison is None or compared.certificate_sha256 is None:
        reasons = "; ".join(one.text for one in compared.verdict.reasons)
        raise RunFailed(f"the recording cannot be compared: {reasons}")
    with progress_bar(None, "twin", "events", quiet=quiet) as progress:
        replayed = twin([stage.journals], progress)
    return Judged(
        verdict=compared.verdict,
        certificate=compared.certificate_sha256,
        live_fills=compared.live_fills,
        backtest_fills=len(compared.comparison.certified.backtest),
        matched=compared.matched,
        unexplained=compared.unexplained,
        comparison=compared.comparison,
        twin=replayed,
        report=stage.folder / REPORT / REPORT_FILE,
    )

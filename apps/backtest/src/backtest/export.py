"""The one writer of results: a folder that appears whole or not at all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appkit.atomic import staging_folder
from appkit.output import json_text
from backtest.metrics import Results
from backtest.run_manifest import RunManifest
from backtest.tables import (
    equity_csv,
    grid_csv,
    ledger_csv,
    levels_csv,
    metrics_csv,
)

KIND = "backtest-results"
"""What the marker file of a results folder says, so that only such a folder is ever replaced."""
REPORT_FILE = "report.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """One finished run, ready to be written: its results, its trade table and its manifest."""

    results: Results
    trades_csv: str
    manifest: RunManifest


@contextmanager
def results_folder(folder: Path) -> Iterator[Path]:
    """A folder to write results into, which takes the place of `folder` when the block ends well.

    Results written there before are replaced; any other content is refused, before any work is
    done. Whatever fails, a full disk included, nothing half-written remains and earlier results
    stay as they were.
    """
    with staging_folder(folder, KIND) as staging:
        yield staging


def write_run(staging: Path, runs: Mapping[str, Finished], report: str | None) -> None:
    """Write all files of a run into a folder of `results_folder`.

    `runs` has one entry named "" for a run over trades; a bracket over bars has one entry for each
    order, which becomes a sub-folder of that name.
    """
    for name, finished in runs.items():
        target = staging / name if name else staging
        target.mkdir(exist_ok=True)
        for file, text in _files(finished).items():
            _write(target / file, text)
    if report is not None:
        _write(staging / REPORT_FILE, report)


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")


def _files(finished: Finished) -> dict[str, str]:
    results = finished.results
    outcome = results.outcome
    return {
        "trades.csv": finished.trades_csv,
        "equity.csv": equity_csv(outcome),
        "ledger.csv": ledger_csv(outcome),
        "grid.csv": grid_csv(outcome),
        "levels.csv": levels_csv(results),
        "metrics.csv": metrics_csv(results.metrics),
        "metrics.json": json_text({"metrics": results.metrics, "identity": results.identity}),
        "manifest.json": json_text(finished.manifest),
    }

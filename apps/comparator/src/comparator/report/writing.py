"""The one writer of a comparison: a folder that appears whole or not at all."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from appkit.atomic import staging_folder
from appkit.output import json_text, plain
from comparator.fills import FillTable
from comparator.models import ranked
from comparator.report.comparison import Comparison
from comparator.report.page import CERTIFICATE_FILE, render_page
from comparator.report.tables import (
    certificate_csv,
    equity_csv,
    matched_csv,
    metrics_csv,
    positions_csv,
    unmatched_csv,
)

KIND = "comparison"
"""What the marker file of a folder says, so that only such a folder is ever replaced."""
REPORT_FILE = "report.html"
RECORD_FILE = "certificate.json"
SUMMARY_FILE = "comparison.json"


def write_report(folder: Path, comparison: Comparison) -> None:
    """Write all files of a comparison into a folder, in place of what a comparison left there.

    UserError for a folder with other content. Tables of what was not compared are left out.
    """
    with staging_folder(folder, KIND) as staging:
        for name, text in _files(comparison):
            (staging / name).write_text(text, encoding="utf-8", newline="\n")


def summary_body(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain JSON values, for programs."""
    certified, verdict = comparison.certified, comparison.verdict
    body = {
        "title": comparison.title,
        "verdict": verdict.outcome,
        "reasons": verdict.reasons,
        "certificate": comparison.record.sha256,
        "window": certified.window,
        "classes": dict(certified.counts),
        "matched_notional_share": certified.matched_notional_share,
        "queue_latency_share": certified.queue_latency_share,
        "unexplained": certified.unexplained_count,
        "metrics": dict(comparison.metrics.rows()),
        "ambiguous": [
            {
                "client_order_id": one.client_order_id,
                "symbol": one.symbol,
                "live": _occurrences(certified.live, one.live),
                "backtest": _occurrences(certified.backtest, one.backtest),
            }
            for one in comparison.matching.ambiguous
        ],
        "models": ranked(comparison.models),
    }
    found: dict[str, Any] = plain(body)
    return found


def _occurrences(fills: FillTable, rows: Sequence[int]) -> list[int]:
    return [fills.row(row).occurrence for row in rows]


def _files(comparison: Comparison) -> list[tuple[str, str]]:
    certified, matching = comparison.certified, comparison.matching
    sides = certified.live, certified.backtest
    files = [
        ("matched_trades.csv", matched_csv(*sides, matching)),
        ("unmatched_trades.csv", unmatched_csv(*sides, matching)),
        ("validation_metrics.csv", metrics_csv(comparison.metrics)),
        (CERTIFICATE_FILE, certificate_csv(certified)),
        (RECORD_FILE, comparison.record.text()),
        (SUMMARY_FILE, json_text(summary_body(comparison))),
        (REPORT_FILE, render_page(comparison)),
    ]
    if comparison.equity:
        files.append(("equity_comparison.csv", equity_csv(comparison.equity)))
    if any(pair.live is not None for pair in comparison.positions):
        files.append(("position_comparison.csv", positions_csv(comparison.positions)))
    return files

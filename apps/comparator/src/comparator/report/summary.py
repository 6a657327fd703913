"""What a comparison came to, in a few lines for people."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from appkit.dates import instant_text
from appkit.output import key_value_table, number_text, percent_text
from comparator.certificate.classes import FillClass
from comparator.models import best_fit
from comparator.report.comparison import Comparison
from comparator.report.figures import kind_text
from comparator.verdict import Outcome, Verdict

_STYLES = {Outcome.PASS: "bold green", Outcome.SKIP: "bold yellow", Outcome.FAIL: "bold red"}


def render(console: Console, comparison: Comparison) -> None:
    """Figures, classes that occur, and the verdict with its reasons."""
    certified, trades = comparison.certified, comparison.metrics.trades
    window = certified.window
    rows = [
        ("window", f"{instant_text(window.start)} to {instant_text(window.end)} UTC"),
        ("live fills", number_text(trades.total_live_trades)),
        ("backtest fills", number_text(trades.total_backtest_trades)),
        ("matched", number_text(certified.counts[FillClass.MATCHED].pairs)),
        ("matched notional", percent_text(certified.matched_notional_share)),
        ("queue and latency", percent_text(certified.queue_latency_share)),
        ("unexplained", number_text(certified.unexplained_count)),
        ("largest price difference", number_text(trades.price.maximum)),
        ("largest quantity difference", number_text(trades.qty.maximum)),
        ("fee difference", number_text(trades.fee_delta)),
        ("realised profit difference", number_text(trades.cumulative_pnl_delta)),
        ("mean time difference", f"{number_text(trades.time_seconds.mean, 3)} s"),
        ("ambiguous ids", number_text(trades.ambiguous_ids)),
    ]
    console.print(key_value_table(comparison.title, rows))
    _render_classes(console, comparison)
    best = best_fit(comparison.models)
    if best is not None:
        error = number_text(best.error_us / 1_000_000, 6)
        console.print(Text(f"best fill model: {best.name}, mean error {error} s"))
    render_verdict(console, comparison.verdict)


def render_verdict(console: Console, verdict: Verdict) -> None:
    """The outcome and what was looked at; no line begins with the word that scripts look for."""
    for reason in verdict.reasons:
        line = Text(f"  {reason.outcome:<5}", style=_STYLES[reason.outcome])
        line.append(f"{reason.check}: {reason.text}", style="default")
        console.print(line)
    line = Text("  ")
    line.append(verdict.outcome.value, style=_STYLES[verdict.outcome])
    line.append(f" of {len(verdict.reasons)} checks")
    console.print(line)


def _render_classes(console: Console, comparison: Comparison) -> None:
    counts = comparison.certified.counts
    met = [
        (kind, count)
        for kind, count in counts.items()
        if kind is not FillClass.MATCHED and (count.fills or count.charges)
    ]
    if not met:
        return
    table = Table(title=Text("Divergences", style="bold"), title_justify="left", box=None)
    table.add_column("class")
    for name in ("pairs", "live alone", "backtest alone", "payments"):
        table.add_column(name, justify="right")
    for kind, count in met:
        cells = (count.pairs, count.live, count.backtest, count.charges)
        table.add_row(Text(kind_text(kind)), *(number_text(cell) for cell in cells))
    console.print(table)

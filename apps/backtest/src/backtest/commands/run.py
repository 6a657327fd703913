"""`backtest run`: a configuration and tapes in, results out."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from appkit.arguments import add_common_options
from appkit.dates import Window, parse_window
from appkit.exits import ExitCode, UserError
from appkit.output import emit
from appkit.progress import progress_bar
from backtest.commands.clock import wall_clock
from backtest.config import BacktestConfig, find_config, load_config
from backtest.exchange import opened
from backtest.export import REPORT_FILE, results_folder, write_run
from backtest.running import Progress, Ran, plans_of, run_wired
from backtest.summary import print_summary, print_verdict, why_no_trade
from backtest.wiring import RunPlan, Selection, Wired, selected_strategies, wire


def add_parser(commands: Any) -> None:
    """Add the command with its options."""
    parser: ArgumentParser = commands.add_parser(
        "run",
        help="run the strategies of a configuration over tapes",
        description="Runs the strategies of a configuration over tapes and reports the results.",
    )
    parser.add_argument("--config", type=Path, help="configuration file (YAML)")
    parser.add_argument("--symbol", help="run only the strategy of this symbol")
    parser.add_argument("--start", help="UTC date or time; wins over the configuration")
    parser.add_argument("--end", help="UTC date (that whole day) or time (excluded)")
    parser.add_argument(
        "--tape",
        action="append",
        default=[],
        metavar="[SYMBOL=]FOLDER",
        help="tape to run over; may be repeated; wins over the configuration",
    )
    parser.add_argument(
        "--strict", action="store_true", help="refuse to start when one of several symbols cannot"
    )
    parser.add_argument("--export", type=Path, metavar="DIR", help="write files and report here")
    parser.add_argument("--no-report", action="store_true", help="write no report.html")
    parser.add_argument(
        "--verify", action="store_true", help="run tick by tick too and compare (exit 3: differs)"
    )
    add_common_options(parser)
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Run the command; returns the exit code."""
    file = find_config(arguments.config)
    config = load_config(file)
    selection = Selection(
        symbol=arguments.symbol,
        window=_window(config, arguments),
        tapes=parse_tapes(arguments.tape, config, arguments.symbol),
        strict=arguments.strict,
    )
    return run_and_report(config, file, selection, arguments)


def run_and_report(
    config: BacktestConfig, file: Path, selection: Selection, arguments: Namespace
) -> int:
    """Run a loaded configuration, write what was asked for and say what came of it.

    `arguments` has json, quiet, verify, export and no_report. The folder for the results is
    claimed before the run, so that a long run does not end at a closed door.
    """
    with opened(config.exchange()) as source:
        wired = wire(config, file, selection, wall_clock(), source)
    quiet = arguments.quiet or arguments.json
    warn(wired, quiet=arguments.json)
    with ExitStack() as stack:
        staging = None
        if arguments.export is not None:
            staging = stack.enter_context(results_folder(arguments.export))
        with _progress(wired.plan, arguments.verify, quiet) as progress:
            ran = run_wired(config, wired, verify=arguments.verify, progress=progress)
        if staging is not None:
            report = None if arguments.no_report else _report(ran, file)
            write_run(staging, ran.runs, report)
    emit(_result(ran, arguments), arguments.json, lambda out, _: _print(out, ran, arguments))
    return _exit_code(ran)


def warn(wired: Wired, *, quiet: bool) -> None:
    """Tell the warnings on stderr; with JSON they are in the manifest instead."""
    if not quiet:
        for text in wired.warnings:
            print(f"warning: {text}", file=sys.stderr)


def parse_tapes(given: list[str], config: BacktestConfig, symbol: str | None) -> dict[str, Path]:
    """`--tape FOLDER` or `--tape SYMBOL=FOLDER` by symbol; a bare folder needs a single symbol."""
    symbols = [one.symbol for one in selected_strategies(config, symbol)]
    tapes: dict[str, Path] = {}
    for text in given:
        name, equals, folder = text.partition("=")
        if not equals or name not in {one.symbol for one in config.strategies}:
            if len(symbols) != 1:
                raise UserError(
                    f"--tape {text}: several symbols are run ({', '.join(symbols)})",
                    "write --tape SYMBOL=FOLDER for each, or choose one with --symbol",
                )
            name, folder = symbols[0], text
        if name in tapes:
            raise UserError(f"--tape: {name} is given twice", "give one tape for each symbol")
        tapes[name] = Path(folder)
    return tapes


def _window(config: BacktestConfig, arguments: Namespace) -> Window:
    return parse_window(arguments.start or config.start, arguments.end or config.end)


@contextmanager
def _progress(plan: RunPlan, verify: bool, quiet: bool) -> Iterator[Progress]:
    rows = sum(tape.manifest.trade_rows + tape.manifest.ticker_rows for tape in plan.tapes.values())
    rows *= len(plans_of(plan)) * (2 if verify else 1)
    with progress_bar(rows, "backtest", "rows", quiet=quiet) as bar:
        yield bar.update


def _result(ran: Ran, arguments: Namespace) -> dict[str, Any]:
    runs = [
        {
            "name": name,
            "metrics": finished.results.metrics,
            "identity": finished.results.identity,
            "manifest": finished.manifest,
            "liquidations": finished.results.outcome.liquidations,
            "alerts": finished.results.outcome.alerts,
        }
        for name, finished in ran.runs.items()
    ]
    return {
        "runs": runs,
        "export": arguments.export,
        "report": _report_path(arguments),
        "no_trade": None if ran.traded else _no_trade(ran),
        "verified": dict(ran.verified) or None,
    }


def _print(out: Console, ran: Ran, arguments: Namespace) -> None:
    print_summary(out, ran.runs)
    for name, report in ran.verified.items():
        print_verdict(out, name, report)
    if not ran.traded:
        out.print(f"no trade: {_no_trade(ran)}", markup=False)
    report_path = _report_path(arguments)
    if report_path is not None:
        out.print(f"report: {report_path}", markup=False, soft_wrap=True)
    elif arguments.export is not None:
        out.print(f"results: {arguments.export}", markup=False, soft_wrap=True)
    else:
        out.print("--export DIR writes the report and every trade", style="dim")


def _report(ran: Ran, file: Path) -> str:
    # Plotly takes longer to import than a short run takes.
    from backtest.report import render_report

    return render_report(ran.runs, f"Backtest: {file.stem}")


def _report_path(arguments: Namespace) -> Path | None:
    if arguments.export is None or arguments.no_report:
        return None
    return Path(arguments.export) / REPORT_FILE


def _no_trade(ran: Ran) -> str:
    return why_no_trade(next(iter(ran.runs.values())).results.outcome)


def _exit_code(ran: Ran) -> int:
    if not all(report.identical for report in ran.verified.values()):
        return ExitCode.VERDICT_FAIL
    return ExitCode.DONE if ran.traded else ExitCode.NOTHING_TO_JUDGE

"""`comparator run`: a recorded run against its backtest, one verdict and its reasons."""

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from appkit.arguments import add_common_options
from appkit.exits import UserError
from appkit.output import emit
from appkit.progress import progress_bar
from comparator.commands.options import add_judging_options, add_source_options, request_of
from comparator.comparing import Compared, compare
from comparator.config import Request
from comparator.report.summary import render, render_verdict
from comparator.report.writing import REPORT_FILE, summary_body


def add_parser(commands: Any) -> None:
    """Add the command with its options."""
    parser: ArgumentParser = commands.add_parser(
        "run",
        help="compare a recorded run with its backtest",
        description="Compares what a bot did with a backtest of the same recording, fill by fill. "
        "Without a file the backtest is made now: recorded market, set-up and beginning. Exit 0 "
        "PASS, 3 FAIL, 4 SKIP (nothing or too little to judge by).",
    )
    add_source_options(parser)
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--backtest-trades",
        type=Path,
        metavar="FILE",
        help="CSV or Parquet of a backtest's trades, as `backtest run --export` writes",
    )
    source.add_argument(
        "--backtest-config",
        type=Path,
        metavar="FILE",
        help="configuration of a backtest, run now over the recorded market",
    )
    parser.add_argument("--start", help="UTC date or time; else the first after the grids")
    parser.add_argument("--end", help="UTC date (that whole day) or time (excluded)")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write tables and report here")
    parser.add_argument(
        "--backtest-equity",
        type=Path,
        metavar="FILE",
        help="CSV of a backtest's equity, compared with the recorded one",
    )
    parser.add_argument(
        "--coin", default="USDT", help="whose wallet gives the live equity (%(default)s)"
    )
    parser.add_argument(
        "--every-model",
        action="store_true",
        help="also tell which fill model explains the recording best",
    )
    add_judging_options(parser)
    add_common_options(parser)
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Run the command; the verdict is the exit code."""
    request = _request(arguments)
    quiet = arguments.quiet or arguments.json
    with progress_bar(None, "comparing", "rows", quiet=quiet) as progress:
        compared = compare(request, progress)
    emit(_body(compared), arguments.json, lambda out, _: _print(out, compared))
    return compared.outcome.exit_code


def _request(arguments: Namespace) -> Request:
    for path in (arguments.backtest_trades, arguments.backtest_config, arguments.backtest_equity):
        if path is not None and not path.is_file():
            raise UserError(f"expected a file, found nothing at {path}")
    if arguments.every_model and arguments.backtest_trades is not None:
        raise UserError(
            "--every-model runs the backtest anew: it cannot be of trades in a file",
            "leave out one of --every-model and --backtest-trades",
        )
    return replace(
        request_of(arguments),
        trades_file=arguments.backtest_trades,
        config_file=arguments.backtest_config,
        every_model=arguments.every_model,
        output=arguments.output,
        equity_file=arguments.backtest_equity,
        coin=arguments.coin,
    )


def _body(compared: Compared) -> dict[str, Any]:
    body: dict[str, Any] = {
        "run_id": compared.run_id,
        "verdict": compared.outcome,
        "reasons": compared.verdict.reasons,
        "quality": compared.quality,
        "output": compared.folder,
    }
    if compared.comparison is not None:
        body |= summary_body(compared.comparison)
    return body


def _print(out: Console, compared: Compared) -> None:
    if compared.comparison is None:
        render_verdict(out, compared.verdict)
        return
    render(out, compared.comparison)
    out.print(
        f"certificate {compared.certificate_sha256}", markup=False, highlight=False, soft_wrap=True
    )
    if compared.folder is not None:
        out.print(f"report: {compared.folder / REPORT_FILE}", markup=False, soft_wrap=True)
    else:
        out.print("--output DIR writes the report and every table", style="dim")

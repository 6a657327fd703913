"""`comparator demo`: a whole mission on this machine, from a seeded market to a certificate."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from appkit.arguments import add_common_options
from appkit.exits import UserError
from appkit.output import console, json_text, key_value_table, number_text
from comparator.closed_loop.mission import Accomplished, Mission, accomplish
from comparator.closed_loop.stage import THREE_STRATEGIES, TWO_STRATEGIES, Fills
from comparator.report.summary import render as render_comparison

SEED = 7
MINUTES = 20
MINUTES_MAX = 240
OUT = Path("out") / "closed-loop"


def add_parser(commands: Any) -> None:
    """Add the command with its options."""
    parser: ArgumentParser = commands.add_parser(
        "demo",
        help="trade, record, backtest and compare on a simulated exchange, without keys",
        description="Starts bybit_sim with a seeded market, event_saver and gridbot as processes "
        "that talk over HTTP and WebSocket, stops them, makes a backtest of the recording and "
        "compares. Two lines end it: the outcome, and the sha256 of the certificate, the same for "
        "the same seed. Exit codes: 0 PASS, 3 FAIL, 4 nothing to judge, 2 a program failed.",
    )
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder to write to ({OUT})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the market ({SEED})")
    parser.add_argument(
        "--minutes", type=int, default=MINUTES, help=f"length of the market ({MINUTES})"
    )
    parser.add_argument("--three", action="store_true", help="trade a third symbol, too")
    add_common_options(parser)
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Run the command; the verdict is the exit code."""
    if not 1 <= arguments.minutes <= MINUTES_MAX:
        raise UserError(f"--minutes: expected 1 to {MINUTES_MAX}, found {arguments.minutes}")
    if arguments.seed < 0:
        raise UserError(f"--seed: expected 0 or more, found {arguments.seed}")
    quiet = arguments.quiet or arguments.json
    mission = Mission(
        folder=arguments.out,
        seed=arguments.seed,
        minutes=arguments.minutes,
        strategies=THREE_STRATEGIES if arguments.three else TWO_STRATEGIES,
        fills=Fills(),
    )
    found = accomplish(mission, _silent if quiet else _say, quiet=quiet)
    if arguments.json:
        sys.stdout.write(json_text(result_of(found)))
    else:
        render(console(), found)
    return found.judged.outcome.exit_code


def result_of(found: Accomplished) -> dict[str, object]:
    """The result for programs."""
    judged = found.judged
    return {
        "verdict": judged.outcome,
        "certificate": judged.certificate,
        "reasons": judged.verdict.reasons,
        "seed": found.stage.seed,
        "live_fills": judged.live_fills,
        "backtest_fills": judged.backtest_fills,
        "matched": judged.matched,
        "unexplained": judged.unexplained,
        "twin": judged.twin.verdict,
        "events": judged.twin.events,
        "report": judged.report,
        "folder": found.stage.folder,
    }


def render(out: Console, found: Accomplished) -> None:
    """What was done, what came of it, and the two lines that scripts look for."""
    judged = found.judged
    render_comparison(out, judged.comparison)
    out.print(key_value_table("The closed loop", _rows(found)))
    _line(out, f"report: {judged.report}")
    _line(out, f"everything that was made: {found.stage.folder}")
    _line(out, f"verdict {judged.outcome.value}")
    _line(out, f"certificate {judged.certificate}")


def _rows(found: Accomplished) -> Iterator[tuple[str, str]]:
    judged, stage = found.judged, found.stage
    market = stage.market
    yield "market", f"{found.market_minutes:.0f} min, {number_text(market.trades)} trades"
    yield "strategies", ", ".join(f"{one.strat_id} on {one.symbol}" for one in stage.strategies)
    yield "live fills, of them matched", f"{judged.live_fills:,}, {judged.matched:,}"
    yield "twin", f"{judged.twin.verdict.value}, {judged.twin.events:,} events"
    yield "live half, judgement", f"{found.live_s:.0f} s, {found.judging_s:.0f} s"


def _line(out: Console, text: str) -> None:
    out.print(Text(text), soft_wrap=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _silent(text: str) -> None:
    """Says nothing: with --json and --quiet."""

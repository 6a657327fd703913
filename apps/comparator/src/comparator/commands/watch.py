"""`comparator watch`: a rolling comparison beside a live bot, one line per strategy."""

import json
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from appkit.arguments import add_common_options
from appkit.output import plain
from backtest.commands.clock import wall_clock
from comparator.commands.options import add_judging_options, add_source_options, request_of
from comparator.config import Request
from comparator.verdict import worst
from comparator.watching import Line, Rolling, parse_duration, watch


def add_parser(commands: Any) -> None:
    """Add the command with its options."""
    parser: ArgumentParser = commands.add_parser(
        "watch",
        help="compare the last hours again and again, beside a live bot",
        description="Compares a rolling window of the recording with a backtest that is made now, "
        "one line per strategy and round. It only reads the database. Neither FAIL nor SKIP ends "
        "it; with --once the worst verdict is the exit code.",
    )
    add_source_options(parser)
    parser.add_argument(
        "--last", type=duration, default="4h", metavar="TIME", help="how far back (%(default)s)"
    )
    parser.add_argument(
        "--lag",
        type=duration,
        default="2m",
        metavar="TIME",
        help="how long before now the window ends: late rows have come by then (%(default)s)",
    )
    parser.add_argument(
        "--interval",
        type=duration,
        default="5m",
        metavar="TIME",
        help="between two rounds (%(default)s)",
    )
    parser.add_argument("--once", action="store_true", help="one round only")
    add_judging_options(parser)
    add_common_options(parser)
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Run the command: until it is interrupted, or one round."""
    lines: list[Line] = []
    with _tapes(arguments.tapes) as tapes:
        found = watch(
            replace(_request(arguments), tapes=tapes),
            Rolling(last_us=arguments.last, lag_us=arguments.lag),
            wall_clock,
            time.sleep,
            interval_us=arguments.interval,
            rounds=1 if arguments.once else None,
        )
        for lines in found:
            for line in lines:
                shown = json.dumps(plain(line)) if arguments.json else line.text()
                print(shown, flush=True)
    return worst(line.outcome for line in lines).exit_code


def _request(arguments: Namespace) -> Request:
    # The window is of each round: none is asked for here.
    arguments.start = arguments.end = None
    return request_of(arguments)


@contextmanager
def _tapes(kept: Path | None) -> Iterator[Path]:
    """Where tapes are kept from round to round: each adds only what is new."""
    if kept is not None:
        yield kept
        return
    with TemporaryDirectory(prefix="comparator-") as folder:
        yield Path(folder)


def duration(text: str) -> int:
    """Microseconds of a written duration."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error

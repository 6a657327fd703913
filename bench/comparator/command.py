"""The command line of the comparison's measurement; it says what is measured, not how."""

from argparse import ArgumentTypeError
from collections.abc import Sequence

from appkit.arguments import CommandParser
from appkit.exits import ExitCode, run_command
from bench.comparator.measure import measure

FILLS = 1_000_000


def build_parser() -> CommandParser:
    """How many fills, and of which seed."""
    parser = CommandParser(
        prog="bench.comparator",
        description="Makes fills of a live run and of a backtest of it that differ in known ways, "
        "compares them in this process, and tells the seconds and the peak of its memory.",
    )
    parser.add_argument(
        "--fills",
        type=_fills,
        default=FILLS,
        metavar="N",
        help=f"about how many on each side (default {FILLS:,})",
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the fills (default 1)")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 3 when a target is missed."""
    chosen = build_parser().parse_args(arguments)
    found = measure(chosen.fills, chosen.seed)
    print(found.text(), end="")
    return ExitCode.DONE if found.good() else ExitCode.VERDICT_FAIL


def entry(arguments: Sequence[str] | None = None) -> int:
    """The program: every way it can end becomes an exit code."""
    return run_command(main, arguments)


def _fills(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"expected a whole number of at least 1, found {text!r}")
    return int(text)

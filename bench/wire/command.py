"""The command line of the measurements over sockets; it says what is measured, not how."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from appkit.arguments import CommandParser
from appkit.exits import ExitCode, run_command
from bench.wire import load, quiet, speed, survival

DESCRIPTION = "Measures streams over real sockets: bybit_sim in a process of its own."


def build_parser() -> CommandParser:
    """`load` and `speed`, each with its time; `survival` with its rows, `quiet` with its pings."""
    parser = CommandParser(prog="bench.wire", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    loaded = commands.add_parser("load", help="frames through ws_client into a consumer")
    loaded.add_argument("--seconds", type=float, default=60.0, help="how long (default 60)")
    fast = commands.add_parser("speed", help="trades a second at `--speed max` to one client")
    fast.add_argument(
        "names", nargs="*", metavar="PART", help="only markets with this in their name"
    )
    fast.add_argument("--seconds", type=float, default=20.0, help="how long a market (default 20)")
    died = commands.add_parser("survival", help="pybit's ways to die, beside ws_client")
    died.add_argument("names", nargs="*", metavar="PART", help="only rows with this in their name")
    still = commands.add_parser("quiet", help="real pings on a private stream that says nothing")
    still.add_argument("--cycles", type=int, default=1_100, help="how many (default 1100)")
    still.add_argument("--record", type=Path, metavar="FILE", help="keep every pong's lateness")
    return parser


def measured(given: Namespace) -> load.Load | speed.Speeds | survival.Survival | quiet.Quiet:
    """What the named measurement found."""
    match given.command:
        case "load":
            return load.measure(given.seconds)
        case "speed":
            return speed.measure(given.seconds, given.names)
        case "survival":
            return survival.measure(given.names)
        case _:
            return quiet.measure(given.cycles, given.record)


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 3 when a target is missed."""
    given: Namespace = build_parser().parse_args(arguments)
    found = measured(given)
    print(found.text(), end="")
    return ExitCode.DONE if found.good() else ExitCode.VERDICT_FAIL


def entry(arguments: Sequence[str] | None = None) -> int:
    """The program: every way it can end becomes an exit code."""
    return run_command(main, arguments)

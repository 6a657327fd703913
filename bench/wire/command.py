"""The command line of the measurements over sockets; it says what is measured, not how."""

from argparse import Namespace
from collections.abc import Sequence

from appkit.arguments import CommandParser
from appkit.exits import ExitCode, run_command
from bench.wire import load, speed

DESCRIPTION = "Measures streams over real sockets: bybit_sim in a process of its own."


def build_parser() -> CommandParser:
    """`load` and `speed`, each with its time."""
    parser = CommandParser(prog="bench.wire", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    loaded = commands.add_parser("load", help="frames through ws_client into a consumer")
    loaded.add_argument("--seconds", type=float, default=60.0, help="how long (default 60)")
    fast = commands.add_parser("speed", help="trades a second at `--speed max` to one client")
    fast.add_argument("--seconds", type=float, default=20.0, help="how long (default 20)")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 3 when a target is missed."""
    given: Namespace = build_parser().parse_args(arguments)
    found = load.measure(given.seconds) if given.command == "load" else speed.measure(given.seconds)
    print(found.text(), end="")
    return ExitCode.DONE if found.good() else ExitCode.VERDICT_FAIL


def entry(arguments: Sequence[str] | None = None) -> int:
    """The program: every way it can end becomes an exit code."""
    return run_command(main, arguments)

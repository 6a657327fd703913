"""The command line `comparator`: it reads arguments and hands each command to its module."""

from argparse import Namespace
from collections.abc import Callable, Sequence

from appkit.arguments import CommandParser
from appkit.exits import run_command
from comparator.commands import demo, run, twin, watch

Handler = Callable[[Namespace], int]

DESCRIPTION = "Compares what happened live with a backtest of the same recording: one verdict."


def build_parser() -> CommandParser:
    """The whole command line; every command stores its handler under `handler`."""
    parser = CommandParser(prog="comparator", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run.add_parser(commands)
    watch.add_parser(commands)
    twin.add_parser(commands)
    demo.add_parser(commands)
    return parser


def main(argv: Sequence[str]) -> int:
    """Run one command line; returns its exit code, or raises what run_command reports."""
    arguments = build_parser().parse_args(argv)
    handler: Handler = arguments.handler
    return handler(arguments)


def entry(argv: Sequence[str] | None = None) -> int:
    """The program: every way it can end becomes an exit code."""
    return run_command(main, argv)

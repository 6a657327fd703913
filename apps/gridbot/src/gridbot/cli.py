"""The command line `gridbot`: it reads arguments and hands each command to its module."""

import os
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from appkit.arguments import CommandParser
from appkit.configuration.env_file import read_env_file
from appkit.exits import run_command
from gridbot.commands import check_config, doctor, guard, init, preview, replay, run, status

Handler = Callable[[Namespace], int]

ENV_FILE = Path(".env")
DESCRIPTION = "Trades grids on Bybit USDT perpetuals."


def build_parser() -> CommandParser:
    """The whole command line; every command stores its handler under `handler`."""
    parser = CommandParser(prog="gridbot", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run.add_parser(commands)
    status.add_parser(commands)
    check_config.add_parser(commands)
    preview.add_parser(commands)
    doctor.add_parser(commands)
    replay.add_parser(commands)
    guard.add_parser(commands)
    init.add_parser(commands)
    return parser


def main(argv: Sequence[str]) -> int:
    """Run one command line; returns its exit code, or raises what run_command reports.

    Variables of `.env` in the working folder count where the environment has none (live.md 4.2).
    """
    arguments = build_parser().parse_args(argv)
    for name, value in read_env_file(ENV_FILE).items():
        os.environ.setdefault(name, value)
    handler: Handler = arguments.handler
    return handler(arguments)


def entry(argv: Sequence[str] | None = None) -> int:
    """The program: every way it can end becomes an exit code."""
    return run_command(main, argv)

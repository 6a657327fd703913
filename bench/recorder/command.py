"""The command line of the recorder's proof; it says how much goes wrong, not how."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from appkit.arguments import CommandParser
from appkit.exits import ExitCode, run_command
from bench.recorder.run import Plan, measure
from bench.recorder.troubles import Troubles

DESCRIPTION = "Records a troubled market and compares the database with the simulator, row by row."


def build_parser() -> CommandParser:
    """Size, speed and troubles; the defaults are those of the evidence."""
    parser = CommandParser(prog="bench.recorder", description=DESCRIPTION)
    parser.add_argument("--trades", type=int, default=200_000, help="(default 200000)")
    parser.add_argument("--speed", type=int, default=22, help="market per wall time (default 22)")
    parser.add_argument("--outages", type=int, default=30, help="of sockets (default 30)")
    parser.add_argument("--locked", type=float, default=120.0, help="seconds (default 120)")
    parser.add_argument("--poison", type=int, default=5, help="rows (default 5)")
    parser.add_argument("--kills", type=int, default=2, help="by SIGKILL (default 2)")
    parser.add_argument("--calm", action="store_true", help="nothing goes wrong at all")
    parser.add_argument("--folder", type=Path, help="keep the files of the run here")
    return parser


def plan_of(given: Namespace) -> Plan:
    """The plan of a command line."""
    if given.calm:
        return Plan(trades=given.trades, speed=given.speed, troubles=Troubles())
    troubles = Troubles(
        outages=given.outages, locked_s=given.locked, kills=given.kills, frames_disturbed=True
    )
    return Plan(trades=given.trades, speed=given.speed, poison=given.poison, troubles=troubles)


def main(arguments: Sequence[str]) -> int:
    """Run and print; 3 when a row is wrong, or missing without an explanation."""
    given = build_parser().parse_args(arguments)
    ran = measure(plan_of(given), given.folder)
    print(ran.text(), end="")
    return ExitCode.DONE if ran.good() else ExitCode.VERDICT_FAIL


def entry(arguments: Sequence[str] | None = None) -> int:
    """The program: every way it can end becomes an exit code."""
    return run_command(main, arguments)

"""The command line of the daemon's proofs: `hour` and `chaos`."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from appkit.arguments import CommandParser
from appkit.exits import ExitCode, run_command
from bench.gridbot import chaos, hour

DESCRIPTION = "Runs gridbot and bybit_sim as processes, and compares what both tell."
KEPT = Path("out/gridbot/chaos.jsonl")


def build_parser() -> CommandParser:
    """Both proofs with their sizes; the defaults are those of the evidence."""
    parser = CommandParser(prog="bench.gridbot", description=DESCRIPTION)
    proofs = parser.add_subparsers(dest="proof", required=True, metavar="PROOF")
    calm = proofs.add_parser("hour", help="two accounts, three strategies, nothing goes wrong")
    calm.add_argument("--minutes", type=int, default=60, help="of market time (default 60)")
    calm.add_argument("--speed", type=int, default=30, help="market per wall time (default 30)")
    calm.add_argument("--seed", type=int, default=3, help="of the market (default 3)")
    calm.add_argument("--folder", type=Path, help="keep the files of the run here")
    wild = proofs.add_parser("chaos", help="faults of the wire and kills, seed by seed")
    wild.add_argument("--first", type=int, default=1, help="seed (default 1)")
    wild.add_argument("--count", type=int, default=200, help="of seeds (default 200)")
    wild.add_argument("--seconds", type=float, default=60, help="of market time (default 60)")
    wild.add_argument("--kept", type=Path, default=KEPT, help=f"what has passed (default {KEPT})")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run and print; 3 when anything is wrong."""
    given = build_parser().parse_args(arguments)
    return _hour(given) if given.proof == "hour" else _chaos(given)


def entry(arguments: Sequence[str] | None = None) -> int:
    """The program: every way it can end becomes an exit code."""
    return run_command(main, arguments)


def _hour(given: Namespace) -> int:
    plan = hour.HourPlan(minutes=given.minutes, speed=given.speed, seed=given.seed)
    ran = hour.measure(plan, given.folder)
    print(ran.text(), end="")
    return ExitCode.VERDICT_FAIL if ran.faults else ExitCode.DONE


def _chaos(given: Namespace) -> int:
    ran = chaos.campaign(given.first, given.count, given.seconds, given.kept)
    bad = [one.seed for one in ran if one.faults]
    before = given.count - len(ran)
    print(
        f"{given.count} seeds, {before} of them passed before, {len(bad)} failed now"
        f"{': ' + ', '.join(map(str, bad)) if bad else ''}\n"
        f"verdict: {'FAIL' if bad else 'PASS'}"
    )
    return ExitCode.VERDICT_FAIL if bad else ExitCode.DONE

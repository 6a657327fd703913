"""The command line of the daemon's proofs: `hour`, `chaos`, `speed` and `day`."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from appkit.arguments import CommandParser
from appkit.exits import ExitCode, run_command
from bench.gridbot import campaign, day, hour, latency
from bench.gridbot.chaos import ChaosRan

DESCRIPTION = "Runs gridbot and bybit_sim as processes, and compares what both tell."
KEPT = Path("out/gridbot/chaos.jsonl")
FOR_EVER = float("inf")


def build_parser() -> CommandParser:
    """Every proof with its sizes; the defaults are those of the evidence."""
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
    wild.add_argument(
        "--limit-s", type=float, default=FOR_EVER, help="begin no run later (default: no limit)"
    )
    wild.add_argument("--again", action="store_true", help="forget first what has passed")
    fast = proofs.add_parser("speed", help="from ticker to request, and what tickers cost")
    fast.add_argument("--seconds", type=float, default=180, help="at 100 tickers/s (default 180)")
    fast.add_argument(
        "--busy-seconds", type=float, default=60, help="at several times as many (default 60)"
    )
    fast.add_argument("--seed", type=int, default=7, help="of the market (default 7)")
    long = proofs.add_parser("day", help="whether memory grows over a day of the market")
    long.add_argument(
        "--hours", type=float, default=24, help="of the market, once warm (default 24)"
    )
    long.add_argument("--speed", type=int, default=250, help="market per wall time (default 250)")
    long.add_argument("--seed", type=int, default=7, help="of the market (default 7)")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run and print; 3 when anything is wrong, 4 when seeds are left to be played."""
    given = build_parser().parse_args(arguments)
    run = {"hour": _hour, "chaos": _chaos, "speed": _speed, "day": _day}[given.proof]
    return run(given)


def entry(arguments: Sequence[str] | None = None) -> int:
    """The program: every way it can end becomes an exit code."""
    return run_command(main, arguments)


def _hour(given: Namespace) -> int:
    plan = hour.HourPlan(minutes=given.minutes, speed=given.speed, seed=given.seed)
    ran = hour.measure(plan, given.folder)
    print(ran.text(), end="")
    return ExitCode.VERDICT_FAIL if ran.faults else ExitCode.DONE


def _speed(given: Namespace) -> int:
    plan = latency.SpeedPlan(
        seconds=given.seconds, busy_seconds=given.busy_seconds, seed=given.seed
    )
    ran = latency.measure(plan)
    print(ran.text(), end="")
    return ExitCode.VERDICT_FAIL if ran.faults else ExitCode.DONE


def _day(given: Namespace) -> int:
    ran = day.measure(day.DayPlan(hours=given.hours, speed=given.speed, seed=given.seed))
    print(ran.text(), end="")
    return ExitCode.VERDICT_FAIL if ran.faults else ExitCode.DONE


def _chaos(given: Namespace) -> int:
    if given.again:
        given.kept.unlink(missing_ok=True)
    seeds = range(given.first, given.first + given.count)
    kept = campaign.Kept(given.kept, campaign.code())
    before = kept.passed().keys() & set(seeds)
    ran = campaign.play(seeds, given.seconds, kept, limit_s=given.limit_s, told=_tell)
    failed = sorted(one.seed for one in ran if one.faults)
    passed = [one for seed, one in kept.passed().items() if seed in seeds]
    left = given.count - len(passed) - len(failed)
    print(campaign.text_of(passed), end="")
    print(
        f"{given.count} seeds: {len(before)} had passed before, {len(passed) - len(before)} passed "
        f"now, {len(failed)} failed, {left} are left"
    )
    for seed in failed:
        print(f"seed {seed}: its files are in {kept.folder(seed)}")
    if failed:
        print("verdict: FAIL")
        return ExitCode.VERDICT_FAIL
    print(f"verdict: {'PASS' if not left else 'not yet: run it again'}")
    return ExitCode.NOTHING_TO_JUDGE if left else ExitCode.DONE


def _tell(ran: ChaosRan) -> None:
    print(ran.text(), flush=True)

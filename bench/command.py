"""`make bench`: runs the chosen jobs in their order, prints what they found, writes bench.json."""

import cProfile
import gc
import json
import os
import platform
import pstats
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from appkit.arguments import CommandParser
from appkit.atomic import write_text
from appkit.exits import ExitCode, run_command
from appkit.kernel import kernel_kind
from bench import decoding, jobs, report
from bench.comparison import compare
from bench.markets import FULL_ROWS, LONG_ROWS, VOLATILITY, bench_tape, mirrored_tape, touch
from bench.memory import peak_in_child
from bench.report import Findings, Speed
from bench.timing import Spread, repeated
from tapes.scan import warm_up
from tapes.tape import Tape

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "out" / "bench"
RESULT = ROOT / "bench.json"
JOBS = "abcde"
REPEATS = 7
PROFILE_LINES = 40


def build_parser() -> CommandParser:
    """The command line."""
    parser = CommandParser(
        prog="bench",
        description="Measures speed and memory of the backtest, and decoding; writes bench.json.",
    )
    parser.add_argument(
        "--only",
        type=_chosen,
        default=",".join(JOBS),
        metavar="a,b,c,d,e",
        help="a full job, b scan, c comparison, d peak memory, e decoding (default: all)",
    )
    parser.add_argument("--quick", action="store_true", help="skip the 50 million trades of (d)")
    parser.add_argument(
        "--repeat", type=_count, default=REPEATS, metavar="N", help="runs of each (default 7)"
    )
    parser.add_argument(
        "--profile", action="store_true", help="profile one full job instead; write nothing"
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _chosen(text: str) -> str:
    letters = [letter.strip() for letter in text.split(",")]
    if not letters or any(len(letter) != 1 or letter not in JOBS for letter in letters):
        raise ArgumentTypeError(
            f"expected letters of a,b,c,d,e with commas between, found {text!r}"
        )
    return "".join(letters)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"expected a whole number above 0, found {text!r}")
    return int(text)


def entry(arguments: Sequence[str] | None = None) -> int:
    """The program: every way it can end becomes an exit code."""
    return run_command(main, arguments)


def main(arguments: Sequence[str]) -> int:
    """Run the bench; returns 3 when the programs of (c) fill different orders."""
    chosen = build_parser().parse_args(arguments)
    tape = bench_tape(FOLDER, FULL_ROWS)
    warm_up()
    if chosen.profile:
        profile(tape)
        return ExitCode.DONE
    introduce(tape)
    found = measure(tape, chosen)
    write_text(RESULT, json.dumps(report.as_json(found), indent=2) + "\n")
    say("", [f"written: {RESULT.name}"])
    if found.comparison is not None and not found.comparison.agrees:
        return ExitCode.VERDICT_FAIL
    return ExitCode.DONE


def measure(tape: Tape, chosen: Namespace) -> Findings:
    """Run the chosen jobs; each prints what it found when it is done."""
    found = Findings()
    touch(tape)
    if "a" in chosen.only:
        found.full = full(tape, chosen.repeat)
        say("(a) full job", report.full_lines(found.full))
    if "b" in chosen.only:
        found.scan = scan(tape, chosen.repeat)
        say("(b) scan", report.scan_lines(found.scan))
    if "c" in chosen.only:
        grid = jobs.static_grid(int(tape.trades.price[0]))
        mirrored = mirrored_tape(FOLDER, tape, grid.levels)
        touch(mirrored)
        plan = jobs.one_way_plan(mirrored, grid)
        found.comparison = compare(ROOT, mirrored, plan, grid, repeats=chosen.repeat)
        found.comparison_ticks = len(mirrored.trades)
        say("(c) comparison", report.comparison_lines(found.comparison, FULL_ROWS))
    if "d" in chosen.only:
        for name, rows in {"5M": FULL_ROWS, "50M": LONG_ROWS}.items():
            if rows == FULL_ROWS or not chosen.quick:
                bench_tape(FOLDER, rows)
                found.peaks[name] = peak_in_child(ROOT, FOLDER, rows)
                say("(d) memory", report.memory_lines(name, found.peaks[name]))
    if "e" in chosen.only:
        found.decoded = decoding.TRADES
        for each in decoding.FRAME_SIZES:
            found.decoding[each] = decode(each, chosen.repeat)
            lines = report.decoding_lines(each, found.decoding[each], found.decoded)
            say("(e) decoding", lines)
    return found


def full(tape: Tape, repeats: int) -> Speed:
    """(a)"""
    plan = jobs.full_plan(tape)
    jobs.warm(plan)
    settle()
    spread, results = repeated(lambda: jobs.run_full(plan), repeats)
    outcome = results.outcome
    return Speed(spread=spread, ticks=outcome.ticks, fills=len(outcome.fills))


def scan(tape: Tape, repeats: int) -> Speed:
    """(b)"""
    plan = jobs.scan_plan(tape)
    jobs.warm(plan)
    settle()
    spread, outcome = repeated(lambda: jobs.run_scan(plan), repeats)
    return Speed(spread=spread, ticks=outcome.ticks, fills=len(outcome.fills))


def decode(each: int, repeats: int) -> dict[str, Spread]:
    """(e) of frames with `each` trades; the ways in turn, over the same texts."""
    texts = decoding.frames(decoding.TRADES, each)
    spreads: dict[str, Spread] = {}
    for way in decoding.WAYS:
        decoding.play(way, texts[:100])
        settle()
        spreads[way], _ = repeated(partial(decoding.play, way, texts), repeats)
    return spreads


def profile(tape: Tape) -> None:
    """One full job under cProfile, which slows Python's calls down and nothing else."""
    plan = jobs.full_plan(tape)
    jobs.warm(plan)
    settle()
    profiler = cProfile.Profile()
    profiler.runcall(jobs.run_full, plan)
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(PROFILE_LINES)


def settle() -> None:
    """Put what loading left behind out of the garbage collector's way."""
    gc.collect()
    gc.freeze()


def introduce(tape: Tape) -> None:
    """Say what is measured, on what, and how."""
    hours = (tape.manifest.last_us - tape.manifest.first_us) / 3.6e9
    say(
        "bench",
        [
            f"{len(tape.trades):,} seeded trades over {hours:.0f} h",
            f"volatility {VOLATILITY:.0%} a year, chosen for 5,000 to 6,000 fills in (a)",
            "audits every 8 h (live: every minute or so); all else as in bench/*.yaml",
            "timed: building the scan index, the run, equity; in (a) identity and metrics, too",
            "not timed: loading, compiling, a short run before; its leftovers are gc-frozen",
            (
                f"Python {platform.python_version()}, {os.cpu_count()} processors, kernel "
                f"{kernel_kind().value} (`make compiled` needs a C compiler)"
            ),
        ],
    )


def say(title: str, lines: Sequence[str]) -> None:
    """Print a block."""
    for number, line in enumerate(lines):
        print(f"{title if number == 0 else '':16}{line}", flush=True)

"""The command line of the campaign: play seeds, replay one, merge pieces.

It knows arguments, processes and files; it refuses to know what a run does.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import NoReturn

from gridcore.saved import SavedStateError
from simvenue.campaign.progress import Progress
from simvenue.campaign.replay import replay
from simvenue.campaign.scenarios import scenario_of
from simvenue.campaign.seeds import play_seeds
from simvenue.campaign.shrink import fault_from_json, with_faults
from simvenue.campaign.table import events_per_second, report
from simvenue.campaign.tally import Tally, merged
from simvenue.campaign.words import Scenario

DONE = 0
REFUSED = 1
FAILED = 2
LAW_BROKEN = 3
INTERRUPTED = 130

LARGEST_PIECE = 25
"""Seeds that a worker plays before it reports."""


class Refused(Exception):
    """The arguments cannot be used; the text says what was expected and how to mend it."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(REFUSED, f"{self.prog}: error: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return _run(arguments)
    except Refused as refused:
        print(f"error: {refused}", file=sys.stderr)
        return REFUSED
    except OSError as error:
        print(f"error: the operating system refused: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m simvenue.campaign",
        description="Plays seeded scenarios in which the exchange, the network and the process "
        "misbehave, and judges the session by laws that hold whatever goes wrong.",
        epilog="Exit codes: 0 every law held; 1 bad usage; 2 a file could not be read or written; "
        "3 a law was broken or a branch reached too rarely; 130 interrupted.",
    )
    parser.add_argument(
        "--seed", type=_whole, default=1, metavar="S", help="first seed (default: 1)"
    )
    parser.add_argument(
        "--count", type=_positive, default=200, metavar="N", help="how many seeds (default: 200)"
    )
    parser.add_argument(
        "--workers", type=_positive, default=1, metavar="W", help="processes (default: 1)"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write the tally as JSON")
    parser.add_argument(
        "--replay", type=_whole, metavar="SEED", help="play one seed and print what happens"
    )
    parser.add_argument(
        "--faults",
        metavar="JSON",
        help="with --replay: the list of faults instead of the seed's own",
    )
    parser.add_argument(
        "--merge", type=Path, nargs="+", metavar="FILE", help="add up tallies written by --out"
    )
    parser.add_argument(
        "--require",
        type=_positive,
        metavar="N",
        help="fail when a row of the order table or a reason to deny was reached fewer times",
    )
    return parser


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number, 0 or more, found {text!r}")
    return int(text)


def _positive(text: str) -> int:
    number = _whole(text)
    if number == 0:
        raise argparse.ArgumentTypeError("expected a whole number above 0, found 0")
    return number


def _run(arguments: argparse.Namespace) -> int:
    if arguments.replay is not None:
        scenario = _replayed(arguments.replay, arguments.faults)
        return LAW_BROKEN if replay(scenario, sys.stdout) else DONE
    if arguments.faults is not None:
        raise Refused("--faults: expected together with --replay SEED, found alone")
    if arguments.merge is not None:
        tally = merged(_read(path) for path in arguments.merge)
    else:
        tally = run_campaign(arguments.seed, arguments.count, arguments.workers)
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(tally.to_json(), indent=1) + "\n")
    rare = [] if arguments.require is None else tally.below(arguments.require)
    if arguments.json:
        shown = {**tally.to_json(), "events_per_second": events_per_second(tally), "rare": rare}
        print(json.dumps(shown))
    else:
        print(report(tally))
        for name in rare:
            print(f"reached fewer than {arguments.require} times: {name}")
    return LAW_BROKEN if tally.failures or rare else DONE


def run_campaign(first: int, count: int, workers: int) -> Tally:
    """Play `count` seeds from `first` on in so many processes; progress goes to stderr."""
    began = time.monotonic_ns()
    progress = Progress(count, sys.stderr)
    total = Tally()
    try:
        for piece in _played(_pieces(first, count, workers), workers):
            total.add(piece)
            progress.advance(piece.seed_count(), len(piece.failures))
    finally:
        progress.close()
    total.seeds = [(first, count)]
    total.failures.sort(key=lambda failure: failure.seed)
    total.microseconds = (time.monotonic_ns() - began) // 1000
    return total


def _pieces(first: int, count: int, workers: int) -> list[tuple[int, int]]:
    size = max(1, min(LARGEST_PIECE, count // (4 * workers)))
    return [(at, min(size, first + count - at)) for at in range(first, first + count, size)]


def _played(pieces: Sequence[tuple[int, int]], workers: int) -> Iterator[Tally]:
    if workers == 1:
        for first, count in pieces:
            yield play_seeds(first, count)
        return
    # Spawned, not forked: the same on every system, and nothing of the parent leaks in.
    with get_context("spawn").Pool(workers, initializer=_leave_interrupts_to_parent) as pool:
        for played in pool.imap_unordered(_play_piece, pieces):
            yield Tally.from_json(played)


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _play_piece(piece: tuple[int, int]) -> dict[str, object]:
    return play_seeds(*piece).to_json()


def _read(path: Path) -> Tally:
    try:
        value = json.loads(path.read_text())
        return Tally.from_json(value)
    except (json.JSONDecodeError, SavedStateError) as error:
        raise Refused(f"{path}: expected a tally written by --out, found: {error}") from error


def _replayed(seed: int, faults: str | None) -> Scenario:
    scenario = scenario_of(seed)
    if faults is None:
        return scenario
    try:
        values = json.loads(faults)
        if not isinstance(values, list):
            raise Refused(f"--faults: expected a JSON list of faults, found {faults}")
        return with_faults(scenario, [fault_from_json(value) for value in values])
    except ValueError as error:
        raise Refused(
            f"--faults: expected a JSON list of faults as a failing seed prints it, found: {error}"
        ) from error

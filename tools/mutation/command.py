"""The command line: `python -m tools.mutation`.

Deliberate breaks have a name (breaks.toml); mutants are drawn by seed. Each is made in a copy of
the tree and taken back there: the tree itself is never changed. What an interrupted run has found
is kept, per state of the kernel and its tests.

Exit codes: 0 complete, and every break or 90 % of the mutants noticed; 1 bad usage; 2 incomplete,
or the unchanged tree does not pass; 3 complete, and too little was noticed; 130 interrupted.
"""

import argparse
import hashlib
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

from tools.mutation import breaks, mutants
from tools.mutation.breaks import Break
from tools.mutation.mutants import Mutant
from tools.mutation.report import break_report, drawn_report, is_noticed, killed
from tools.mutation.tree_copy import Stopped, TreeCopy
from tools.mutation.trials import NotGreen, Record, Stage, Trial, check_unchanged, run_trials

ROOT = Path(__file__).resolve().parents[2]
STATE = Path("out/mutation")
KILLED_PCT_MIN = 90
CAMPAIGN = "packages/simvenue/src/simvenue/campaign"
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider")
CAMPAIGN_COMMAND = (
    *(sys.executable, "-m", "simvenue.campaign"),
    *("--seed", "1", "--count", "40", "--workers", "1"),
)
T = TypeVar("T")


class BadUsage(Exception):
    """The command line asks for what there is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """The copies of one run, what is known already, and the sign that its time is over."""

    copies: Sequence[TreeCopy]
    record: Record
    stop: threading.Event

    def source(self, path: Path) -> str:
        """The unchanged text of a file."""
        return (self.copies[0].root / path).read_text(encoding="utf-8")

    def unchanged(self, name: str, command: Sequence[str]) -> Stage:
        """A stage that passes as long as nothing is broken."""
        tell(f"{name}: the unchanged copy first")
        return check_unchanged(name, command, self.copies[0], self.record, self.stop)

    def run(self, trials: Sequence[Trial]) -> None:
        """Runs what is not known yet, as far as the time goes."""
        run_trials(trials, self.copies, self.record, self.stop, tell)


def tell(line: str) -> None:
    """Progress is not part of the result."""
    print(line, file=sys.stderr, flush=True)


def break_key(one: Break) -> str:
    """A changed break is another one."""
    content = "\0".join((one.module, one.old, one.new, *one.tests))
    return f"break {hashlib.sha256(content.encode()).hexdigest()[:8]}: {one.name}"


def run_breaks(chosen: Sequence[Break], workshop: Workshop) -> int:
    """Makes every deliberate break and prints what noticed it."""
    tests = sorted({test for one in chosen for test in one.tests})
    stage = workshop.unchanged("the tests that are named", (*PYTEST, *tests))
    trials = [
        Trial(
            key=break_key(one),
            path=one.path,
            text=one.apply(workshop.source(one.path)),
            stages=tuple(
                Stage(name=test, command=(*PYTEST, test), limit_s=stage.limit_s)
                for test in one.tests
            ),
        )
        for one in chosen
    ]
    workshop.run(trials)
    rows = [(one, workshop.record.get(break_key(one))) for one in chosen]
    print(break_report(rows))
    if any(outcome is None for _, outcome in rows):
        return 2
    return 0 if all(is_noticed(outcome) for _, outcome in rows) else 3


def session_candidates(root: Path) -> list[Mutant]:
    """All mutants of the session's modules."""
    return [
        mutant
        for module in breaks.session_modules(root)
        for mutant in mutants.candidates(
            module, (root / breaks.KERNEL / module).read_text(encoding="utf-8")
        )
    ]


def mutant_stages(root: Path, module: str, suite: Stage, campaign: Stage | None) -> list[Stage]:
    """The module's own tests, then the session's others, then seeds."""
    own = breaks.own_tests(module)
    if not (root / own).is_file():
        stages = [suite]
    else:
        rest = (*suite.command, f"--ignore={own}")
        stages = [
            Stage(name="own tests", command=(*PYTEST, own), limit_s=suite.limit_s),
            Stage(name=suite.name, command=rest, limit_s=suite.limit_s),
        ]
    return stages if campaign is None else [*stages, campaign]


def run_drawn(chosen: Sequence[Mutant], of: int, seed: int, workshop: Workshop) -> int:
    """Makes every drawn mistake and prints what noticed it."""
    root = workshop.copies[0].root
    suite = workshop.unchanged("session tests", (*PYTEST, breaks.SESSION_TESTS))
    campaign = None
    if (root / CAMPAIGN).is_dir() or (root / f"{CAMPAIGN}.py").is_file():
        campaign = workshop.unchanged("campaign", CAMPAIGN_COMMAND)
    trials = []
    for one in chosen:
        path = breaks.KERNEL / one.module
        trials.append(
            Trial(
                key=one.identity,
                path=path,
                text=one.apply(workshop.source(path)),
                stages=tuple(mutant_stages(root, one.module, suite, campaign)),
            )
        )
    workshop.run(trials)
    rows = [(one, workshop.record.get(one.identity)) for one in chosen]
    print(drawn_report(rows, of, seed))
    if any(outcome is None for _, outcome in rows):
        return 2
    return 0 if 100 * killed(rows) >= KILLED_PCT_MIN * len(rows) else 3


def run_in_copies(given: argparse.Namespace, table: Sequence[Break], root: Path) -> int:
    """Makes the copies, and runs in them what was asked for."""
    stop = threading.Event()
    timer = threading.Timer(given.limit_s, stop.set)
    timer.daemon = True
    timer.start()
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        try:
            first = TreeCopy(root, Path(folder) / "copy0")
            others = [TreeCopy(root, Path(folder) / f"copy{n}") for n in range(1, given.workers)]
            faults = first.imported_from_elsewhere()
            faults += [
                f"{other.root.name}: the tree changed while it was copied, run again"
                for other in others
                if other.kernel_digest() != first.kernel_digest()
            ]
            if faults:
                tell("\n".join(faults))
                return 2
            file = root / given.state / f"{first.kernel_digest()}.json"
            shop = Workshop(copies=[first, *others], record=Record(file), stop=stop)
            if given.drawn is None:
                named = [one for one in table if given.only in f"{one.module} {one.name}"]
                return run_breaks(_some(named, given.only), shop)
            found = session_candidates(first.root)
            drawn = mutants.draw(found, given.drawn, given.seed)
            chosen = [one for one in drawn if given.only in one.identity]
            return run_drawn(_some(chosen, given.only), len(found), given.seed, shop)
        except BadUsage as fault:
            tell(str(fault))
            return 1
        except (NotGreen, breaks.DoesNotApply) as fault:
            tell(str(fault))
            return 2
        except Stopped:
            tell("the time was over before the unchanged copy had passed; run again with more")
            return 2
        finally:
            timer.cancel()


def _some(chosen: list[T], text: str) -> list[T]:
    if not chosen:
        raise BadUsage(f"--only: expected a part of a name, found {text!r}, which is in none")
    return chosen


def check(table: Sequence[Break], root: Path) -> int:
    """Says whether every break still applies, and every module and gate has one."""
    faults = breaks.table_faults(root, table)
    print("\n".join(faults) or f"{len(table)} breaks apply; every module and gate has one")
    return 3 if faults else 0


def list_drawn(given: argparse.Namespace, root: Path) -> int:
    """Prints the drawn mutants without making them."""
    for one in mutants.draw(session_candidates(root), given.drawn, given.seed):
        print(f"{one.identity}\n    {one.module}:{one.line}  {one.change}")
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadUsage(message)


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Reads the command line. Raises BadUsage."""
    parser = _Parser(prog="tools.mutation", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only look whether the table is whole")
    parser.add_argument("--drawn", type=int, metavar="N", help="draw N mutants instead of breaks")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    parser.add_argument("--list", action="store_true", help="print the drawn mutants, run nothing")
    parser.add_argument("--only", default="", metavar="TEXT", help="those whose name contains it")
    parser.add_argument("--limit-s", type=float, default=86_400.0, help="stop after so long")
    parser.add_argument("--state", type=Path, default=STATE, help="folder of the results")
    parser.add_argument("--workers", type=int, default=2, help="so many at a time")
    given = parser.parse_args(arguments)
    if given.drawn is not None and given.drawn < 1:
        raise BadUsage(f"--drawn: expected at least 1, found {given.drawn}")
    if given.list and given.drawn is None:
        raise BadUsage("--list: expected --drawn N with it")
    if given.workers < 1:
        raise BadUsage(f"--workers: expected at least 1, found {given.workers}")
    return given


def entry(arguments: Sequence[str], table: Sequence[Break] | None = None, root: Path = ROOT) -> int:
    """Runs one command line; the exit codes are in the module's own words."""
    if table is None:
        table = breaks.read_table(breaks.TABLE.read_text(encoding="utf-8"))
    try:
        given = read_arguments(arguments)
    except BadUsage as fault:
        tell(str(fault))
        return 1
    if given.check:
        return check(table, root)
    if given.list:
        return list_drawn(given, root)
    try:
        return run_in_copies(given, table, root)
    except KeyboardInterrupt:
        return 130

"""The command line of the load: the whole run, or begun now and asked later."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from appkit.arguments import CommandParser
from appkit.exits import ExitCode, UserError, run_command
from bench.recorder_load.background import Background, Result
from bench.recorder_load.run import Plan, measure

DESCRIPTION = "Plays 1,000 trades a second into event-saver and looks at loss, delay and memory."
FOLDER = Path("out") / "recorder_load"
MINUTES, WARM_UP_MINUTES = 10.0, 2.0
WAIT_S = {"begin": 300.0, "finish": 560.0}
MINUTE_S = 60.0


def build_parser() -> CommandParser:
    """`run`, `begin` and `finish`, which take the same run."""
    parser = CommandParser(prog="bench.recorder_load", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, help_text in (
        ("run", "the whole run, here and now"),
        ("begin", "begin a run in the background, and watch it for five minutes"),
        ("finish", "wait for the run (begin one, if there is none) and judge it"),
    ):
        one = commands.add_parser(name, help=help_text, description=help_text)
        one.add_argument("--minutes", type=float, default=MINUTES, help="(default 10)")
        one.add_argument(
            "--warm-up", type=float, default=WARM_UP_MINUTES, help="in minutes (default 2)"
        )
        one.add_argument("--database", metavar="URL", help="default: a SQLite file of its own")
        one.add_argument("--folder", type=Path, help=f"of the background run (default {FOLDER})")
        if name in WAIT_S:
            one.add_argument(
                "--wait", type=float, default=WAIT_S[name], help=f"s (default {WAIT_S[name]:.0f})"
            )
    return parser


def plan_of(given: Namespace) -> Plan:
    """The plan of a command line; UserError when the run ends with its warm-up."""
    if not 0 < given.warm_up < given.minutes:
        raise UserError(
            f"expected more minutes than the warm-up has, found {given.minutes:g} and "
            f"{given.warm_up:g}",
            "--minutes and --warm-up say how long",
        )
    return Plan(
        seconds=given.minutes * MINUTE_S,
        warm_up_s=given.warm_up * MINUTE_S,
        database_url=given.database,
    )


def run(given: Namespace) -> int:
    """Measure and print; 3 when a target is missed. With a folder, leave the result there."""
    plan = plan_of(given)
    if given.folder is None:
        result = _measured(plan)
        print(result.text, end="")
        return result.code
    with Background(given.folder).working() as keep:
        result = _measured(plan)
        keep(result)
    return result.code


def begin(given: Namespace) -> int:
    """Begin a run and print what it says; 0 while it goes on."""
    background = _begun(given)
    result = background.wait(given.wait)
    print(background.log.read_text(encoding="utf-8"), end="")
    if result is None:
        print("it goes on: `python -m bench.recorder_load finish` waits for it and judges")
        return ExitCode.DONE
    print(result.text, end="")
    return result.code


def finish(given: Namespace) -> int:
    """Wait for the run and print it; 3 when a target is missed, 4 when it still goes on."""
    background = _begun(given)
    result = background.wait(given.wait)
    print(background.log.read_text(encoding="utf-8"), end="")
    if result is None:
        print("it goes on: ask again")
        return ExitCode.NOTHING_TO_JUDGE
    print(result.text, end="")
    return result.code


def _begun(given: Namespace) -> Background:
    """The run under way, or whose result waits, or a new one."""
    plan_of(given)
    background = Background(given.folder or FOLDER)
    if given.command == "begin" or not background.result.exists():
        words = ["run", f"--minutes={given.minutes}", f"--warm-up={given.warm_up}"]
        if given.database is not None:
            words.append(f"--database={given.database}")
        folder = given.folder or FOLDER
        command = [sys.executable, "-m", "bench.recorder_load", *words, f"--folder={folder}"]
        background.begin(command)
    return background


def _measured(plan: Plan) -> Result:
    found = measure(plan, partial(print, flush=True))
    code = ExitCode.DONE if found.good() else ExitCode.VERDICT_FAIL
    return Result(text=found.text(), code=code)


def main(arguments: Sequence[str]) -> int:
    """One command."""
    given: Namespace = build_parser().parse_args(arguments)
    return {"run": run, "begin": begin, "finish": finish}[given.command](given)


def entry(arguments: Sequence[str] | None = None) -> int:
    """The program: every way it can end becomes an exit code."""
    return run_command(main, arguments)

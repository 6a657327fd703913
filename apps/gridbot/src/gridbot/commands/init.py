"""`gridbot init`: writes a commented configuration, by asking or from options; no secret in it."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from appkit.arguments import add_common_options
from appkit.atomic import write_text
from appkit.exits import ExitCode, UserError
from appkit.output import emit
from gridbot.config.template import DEFAULTS, filled, problem_with

Read = Callable[[str], str]

QUESTIONS: Mapping[str, str] = {
    "account": "Name of the account",
    "environment": "Exchange: mainnet, testnet, demo, or a simulator's URL",
    "api_key": "Where the API key is kept (env:NAME, file:PATH or db:ACCOUNT; not the key itself)",
    "api_secret": "Where the API secret is kept",
    "symbol": "Symbol to trade",
    "strat_id": "Name of the strategy",
    "grid_count": "Number of levels",
    "grid_step": "Percent between two levels",
    "amount": "Amount per order: x<fraction of wallet>, <USDT> or b<base quantity>",
    "on_stop": "Resting orders when the daemon stops: leave, cancel_opens, cancel_all",
}


def add_parser(commands: Any) -> None:
    """Add the command with its options."""
    parser: ArgumentParser = commands.add_parser(
        "init",
        help="write a commented configuration",
        description="Asks for what is not given as an option (at a terminal; else the defaults are "
        "taken) and writes a commented configuration. It holds references to secrets, no secret.",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("gridbot.yaml"),
        metavar="FILE",
        help="the file to write (default: gridbot.yaml)",
    )
    parser.add_argument("--force", action="store_true", help="replace a file that exists")
    parser.add_argument("--defaults", action="store_true", help="ask nothing")
    for name, question in QUESTIONS.items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, metavar="TEXT", help=f"{question} ({DEFAULTS[name]})")
    add_common_options(parser)
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Run the command."""
    output: Path = arguments.output
    if output.exists() and not arguments.force:
        raise UserError(f"{output} exists", "name another file with --output, or add --force")
    given = {
        name: getattr(arguments, name) for name in QUESTIONS if getattr(arguments, name) is not None
    }
    problem = problem_with(given)
    if problem is not None:
        raise UserError(problem, "`gridbot init --help` says what each option expects")
    is_asked = sys.stdin.isatty() and not (arguments.defaults or arguments.json)
    answers = ask(given, input, print) if is_asked else given
    write_text(output, filled(answers))
    found = {"file": output, "answers": {**DEFAULTS, **answers}}
    emit(found, arguments.json, _print)
    return ExitCode.DONE


def ask(given: Mapping[str, str], read: Read, tell: Callable[[str], object]) -> dict[str, str]:
    """Ask for every answer that is not given, again until it is a sound one.

    `read` shows a question and returns what was typed; an empty answer takes the default.
    """
    answers = dict(given)
    for name, question in QUESTIONS.items():
        if name in given:
            continue
        while True:
            try:
                typed = read(f"{question} [{DEFAULTS[name]}]: ").strip()
            except EOFError as error:
                raise UserError("the answers ended before the questions") from error
            tried = answers | {name: typed or DEFAULTS[name]}
            problem = problem_with(tried)
            if problem is None:
                answers = tried
                break
            tell(problem)
    return answers


def _print(out: Console, found: Mapping[str, Any]) -> None:
    file, answers = found["file"], found["answers"]
    out.print(Text(f"{file} is written. What comes next:"), soft_wrap=True)
    steps = [
        f"export {where}=..."
        for place, _, where in (answers[name].partition(":") for name in ("api_key", "api_secret"))
        if place == "env"
    ]
    steps += [
        "grid-db upgrade                     # make the database's tables",
        f"gridbot doctor --config {file}",
        f"gridbot preview --config {file}",
        f"gridbot run --config {file}",
    ]
    for step in steps:
        out.print(Text(f"  {step}"), soft_wrap=True)

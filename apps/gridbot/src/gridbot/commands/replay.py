"""`gridbot replay`: proves that journals give the same effects again, or shows where they part."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from appkit.arguments import add_common_options
from appkit.dates import instant_text
from appkit.exits import ExitCode
from appkit.journals.judging import JournalVerdict, Verdict, files_below, judge
from appkit.output import emit
from appkit.progress import progress_bar
from gridcore.session.replay import Difference

SHOWN = 160
"""Characters of a line that are shown around the place where two lines part."""

EXIT_CODES = {
    Verdict.DIFFERENT: ExitCode.VERDICT_FAIL,
    Verdict.EMPTY: ExitCode.NOTHING_TO_JUDGE,
    Verdict.IDENTICAL: ExitCode.DONE,
}


def add_parser(commands: Any) -> None:
    """Add the command with its options."""
    parser: ArgumentParser = commands.add_parser(
        "replay",
        help="hand a journal's events to the kernel again and compare every effect",
        description="Replays journals, byte for byte, without an exchange: exit 0 when every "
        "effect is the same, 3 with the first difference when one is not, 4 when no event stands "
        "in them.",
    )
    parser.add_argument(
        "journal",
        nargs="+",
        type=Path,
        metavar="JOURNAL",
        help="a file, packed or not, or a folder",
    )
    add_common_options(parser)
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Run the command; the worst verdict is the exit code."""
    files = [file for path in arguments.journal for file in files_below(path)]
    with progress_bar(None, "replay", "events", quiet=arguments.quiet) as progress:
        verdicts = [judge(file, progress) for file in files]
    emit(verdicts, arguments.json, _print)
    return exit_code(verdicts)


def exit_code(verdicts: Sequence[JournalVerdict]) -> ExitCode:
    """3 when one file differs, 4 when none has an event, else 0."""
    found = {one.verdict for one in verdicts}
    for verdict in (Verdict.DIFFERENT, Verdict.IDENTICAL):
        if verdict in found:
            return EXIT_CODES[verdict]
    return EXIT_CODES[Verdict.EMPTY]


def _print(out: Console, verdicts: Sequence[JournalVerdict]) -> None:
    table = Table(box=None)
    for heading in ("journal", "account", "events", "from", "until", "verdict"):
        table.add_column(heading, overflow="fold")
    for one in verdicts:
        table.add_row(
            Text(one.path.name),
            Text(one.account_id),
            str(one.events),
            instant_text(one.first_at)[:19],
            "-" if one.last_at is None else instant_text(one.last_at)[:19],
            one.verdict.value + (", torn at its end" if one.ends_torn else ""),
        )
    out.print(table)
    for one in verdicts:
        if one.difference is not None:
            _print_difference(out, one, one.difference)


def _print_difference(out: Console, one: JournalVerdict, difference: Difference) -> None:
    expected, found = difference.expected or "", difference.found or ""
    at = parting(expected, found)
    out.print(
        Text(f"\n{one.path.name}: first difference at line {difference.seq}, character {at}"),
        soft_wrap=True,
    )
    out.print(Text(f"recorded: {_around(expected, at)}"), soft_wrap=True)
    out.print(Text(f"replayed: {_around(found, at)}"), soft_wrap=True)
    out.print(Text(f"written by {one.code_version}"), soft_wrap=True)


def parting(expected: str, found: str) -> int:
    """How many characters two texts have in common from their beginning."""
    together = zip(expected, found, strict=False)
    return next(
        (at for at, (one, other) in enumerate(together) if one != other),
        min(len(expected), len(found)),
    )


def _around(text: str, at: int) -> str:
    if not text:
        return "(nothing)"
    start = max(0, at - SHOWN // 2)
    shown = text[start : start + SHOWN]
    return ("..." if start else "") + shown + ("..." if start + SHOWN < len(text) else "")

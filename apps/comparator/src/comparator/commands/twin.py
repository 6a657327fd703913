"""`comparator twin`: the journals of a live run replayed through the same kernel."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from appkit.arguments import add_common_options
from appkit.dates import instant_text
from appkit.exits import ExitCode
from appkit.journals.judging import Verdict
from appkit.output import emit
from appkit.progress import progress_bar
from comparator.twin import Parting, Twin, twin

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
        "twin",
        help="replay a live run's journals and compare every effect",
        description="Hands the events of journals to the kernel again and compares every effect, "
        "byte for byte: exit 0 when all are the same, 3 with the first difference and the event "
        "that caused it, 4 when no event stands in them.",
    )
    parser.add_argument(
        "journal",
        nargs="+",
        type=Path,
        metavar="JOURNAL",
        help="a file, packed or not, or a folder such as DATA/accounts/main/journal",
    )
    add_common_options(parser)
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Run the command; what the replay found is the exit code."""
    quiet = arguments.quiet or arguments.json
    with progress_bar(None, "twin", "events", quiet=quiet) as progress:
        found = twin(arguments.journal, progress)
    body = {
        "verdict": found.verdict,
        "events": found.events,
        "files": found.files,
        "parting": found.parting,
    }
    emit(body, arguments.json, lambda out, _: _print(out, found))
    return EXIT_CODES[found.verdict]


def _print(out: Console, found: Twin) -> None:
    table = Table(box=None)
    for heading in ("journal", "account", "events", "from", "until", "twin"):
        table.add_column(heading, overflow="fold")
    for one in found.files:
        table.add_row(
            Text(one.path.name),
            Text(one.account_id),
            f"{one.events:,}",
            instant_text(one.first_at)[:19],
            "-" if one.last_at is None else instant_text(one.last_at)[:19],
            one.verdict.value + (", torn at its end" if one.ends_torn else ""),
        )
    out.print(table)
    out.print(f"{found.verdict.value}: {found.events:,} events in {len(found.files)} files")
    if found.parting is not None:
        _print_parting(out, found.parting)


def _print_parting(out: Console, parting: Parting) -> None:
    at = _common(parting.live, parting.twin)
    for name, text, place in (
        ("first difference", f"{parting.file.path}, line {parting.seq}, character {at}", 0),
        ("event", parting.event, 0),
        ("live", parting.live, at),
        ("twin", parting.twin, at),
        ("written by", parting.file.code_version, 0),
    ):
        shown = text if name == "first difference" else _around(text, place)
        out.print(Text(f"{name}: {shown}"), soft_wrap=True)


def _common(live: str, again: str) -> int:
    together = zip(live, again, strict=False)
    shorter = min(len(live), len(again))
    return next((at for at, (one, other) in enumerate(together) if one != other), shorter)


def _around(text: str, at: int) -> str:
    if not text:
        return "(nothing)"
    start = max(0, at - SHOWN // 2)
    shown = text[start : start + SHOWN]
    return ("..." if start else "") + shown + ("..." if start + SHOWN < len(text) else "")

"""The command line of the database's measurements; it says what is measured, not how."""

import tempfile
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from appkit.arguments import CommandParser
from appkit.exits import ExitCode, RunFailed, run_command
from bench.database.measure import BATCH, Found, measure
from bench.database.postgres import NoPostgres, postgres_server

ROWS = 100_000
NAIVE_ROWS = 10_000
ROUNDS = 3
DIALECTS = ("sqlite", "postgresql")


def build_parser() -> CommandParser:
    """How many rows, and on which dialects."""
    parser = CommandParser(
        prog="bench.database",
        description="Writes and reads public trades in bulk and one by one through the ORM, on a "
        "SQLite file and on a PostgreSQL server started for it.",
    )
    parser.add_argument(
        "--rows", type=_at_least(1), default=ROWS, metavar="N", help=f"in bulk (default {ROWS})"
    )
    parser.add_argument(
        "--naive-rows",
        type=_at_least(10),
        default=NAIVE_ROWS,
        metavar="N",
        help=f"one by one, and a tenth of them with a commit for each (default {NAIVE_ROWS})",
    )
    parser.add_argument(
        "--rounds",
        type=_at_least(1),
        default=ROUNDS,
        metavar="N",
        help=f"of all, in turn; the middle counts (default {ROUNDS})",
    )
    parser.add_argument("--only", choices=DIALECTS, help="one dialect (default: both)")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 3 when a target is missed."""
    chosen = build_parser().parse_args(arguments)
    print(
        f"{BATCH:,} trades in a transaction; both sides begin with the same records\n"
        "memory: the peak beyond what the process held before",
        flush=True,
    )
    found: list[Found] = []
    for dialect in DIALECTS:
        if chosen.only in (None, dialect):
            with server(dialect) as url:
                found.append(measure(url, chosen.rows, chosen.naive_rows, chosen.rounds))
            print(found[-1].text(), end="", flush=True)
    return ExitCode.DONE if all(one.good() for one in found) else ExitCode.VERDICT_FAIL


@contextmanager
def server(dialect: str) -> Iterator[str]:
    """The URL of a new, empty database; RunFailed when PostgreSQL cannot be started."""
    if dialect == "sqlite":
        with tempfile.TemporaryDirectory(prefix="bench-database-") as folder:
            yield f"sqlite:///{Path(folder) / 'bench.db'}"
        return
    try:
        with postgres_server() as url:
            yield url
    except NoPostgres as error:
        raise RunFailed(str(error), "--only sqlite does without it") from error


def entry(arguments: Sequence[str] | None = None) -> int:
    """The program: every way it can end becomes an exit code."""
    return run_command(main, arguments)


def _at_least(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise ArgumentTypeError(f"expected a whole number of at least {least}, found {text!r}")
        return int(text)

    return read

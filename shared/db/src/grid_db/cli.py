"""The command line `grid-db`: what is done to a database as a whole, by hand.

It knows words and exit codes; what the words mean is known by the modules they name.
"""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa
from pydantic import SecretStr, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from grid_db import pruning, repositories, schema
from grid_db.backup import BackupFailed, backup, integrity_faults
from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of
from grid_db.models import Base
from grid_db.repositories import ApiKeys, Conflict
from grid_db.secrets import master_key
from grid_db.secrets.envelope import EnvelopeError
from grid_db.secrets.master_key import MasterKeyError
from grid_db.settings import DatabaseRefused, DatabaseSettings, sqlite_path
from grid_db.stored_keys import store_keys
from grid_db.words import Environment


class Exit(IntEnum):
    """The exit codes that all command lines of the project share."""

    DONE = 0
    REFUSED = 1
    FAILED = 2
    VERDICT_FAIL = 3
    NOTHING_TO_JUDGE = 4
    INTERRUPTED = 130


class UsageRefused(ValueError):
    """A command line that cannot be understood."""


class Parser(argparse.ArgumentParser):
    """Refuses by an exception, with the usage, and never abbreviates an option."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **kwargs})  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        raise UsageRefused(f"{message}\n{self.format_usage()}".rstrip())


def entry(argv: Sequence[str] | None = None) -> int:
    """Run a command line; its exit code."""

    def work() -> int:
        arguments = _parser().parse_args(argv)
        chosen: Callable[[argparse.Namespace], int] = arguments.work
        return chosen(arguments)

    return told(work)


def told(work: Callable[[], int]) -> int:
    """The exit code of some work; what ends it goes to stderr, without secrets."""
    try:
        return work()
    except (Conflict, DatabaseRefused, EnvelopeError, MasterKeyError, UsageRefused) as error:
        return _end(Exit.REFUSED, str(error))
    except ValidationError as error:
        return _end(Exit.REFUSED, _settings_fault(error))
    except (BackupFailed, OSError) as error:
        return _end(Exit.FAILED, str(error))
    except SQLAlchemyError as error:
        # The original cause tells more, and less of the statement's values.
        return _end(Exit.FAILED, str(getattr(error, "orig", None) or error))
    except KeyboardInterrupt:
        return _end(Exit.INTERRUPTED, "interrupted")


def _end(code: Exit, message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return code


def _settings_fault(error: ValidationError) -> str:
    faults = [
        f"GRIDBOT_{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    return "; ".join(faults)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="grid-db",
        description="Looks after the database that GRIDBOT_DATABASE_URL (or the other GRIDBOT_DB_* "
        "variables, or .env) names.",
    )
    commands = parser.add_subparsers(required=True, metavar="command", parser_class=Parser)

    def command(
        name: str, work: Callable[[argparse.Namespace, DatabaseFactory], int], text: str
    ) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text)
        one.add_argument("--database-url", help="instead of GRIDBOT_DATABASE_URL")
        one.add_argument("--json", action="store_true", help="print the result as JSON")
        one.set_defaults(work=lambda arguments: _with_database(work, arguments))
        return one

    one = command("upgrade", _upgrade, "make the tables, or bring them up to a revision")
    one.add_argument("revision", nargs="?", default=schema.NEWEST, help="default: the newest")
    one = command("downgrade", _downgrade, "bring the tables down to a revision")
    one.add_argument("revision", help="a revision, or base: no tables at all")
    one.add_argument("--yes", action="store_true", help="although rows may be lost")
    command("current", _current, "say which revision the database has")
    command("check", _check, "compare the tables with what this program needs; exit 3 if unfit")
    one = command("backup", _backup, "copy the whole database into one file")
    one.add_argument("file", type=Path, help="a file that does not exist yet")
    one = command("prune", _prune, "delete old market rows; the gap ledger keeps their time")
    one.add_argument("--before", required=True, type=_day, help="a UTC date such as 2026-01-31")
    kinds = [kind.value.value for kind in pruning.Prunable]
    one.add_argument("--kind", action="append", choices=kinds, help="default: both")
    one.add_argument("--dry-run", action="store_true", help="only say what would go")
    one.add_argument("--vacuum", action="store_true", help="give the room back afterwards")
    one = command("store-keys", _store_keys, "seal a key pair, asked for or two lines of stdin")
    one.add_argument("account", type=_named, help="its name: configurations write db:ACCOUNT")
    words = [word.value for word in Environment]
    one.add_argument("--environment", choices=words, required=True, help="whose keys they are")
    one = command("rotate-master-key", _rotate, "wrap every credential by a new master key")
    one.add_argument("--old-key-file", type=Path, help="default: the key of the environment")
    one.add_argument("--new-key-file", type=Path, required=True)
    one = commands.add_parser("new-master-key", help="write a fresh master key into a new file")
    one.add_argument("file", type=Path)
    one.set_defaults(work=_new_key)
    return parser


def _with_database(
    work: Callable[[argparse.Namespace, DatabaseFactory], int], arguments: argparse.Namespace
) -> int:
    settings = (
        DatabaseSettings()
        if arguments.database_url is None
        else DatabaseSettings.of_url(arguments.database_url)
    )
    database = DatabaseFactory(settings)
    path = sqlite_path(database.url)
    if work is not _upgrade and path is not None and not path.exists():
        raise DatabaseRefused(f"expected the database {path}: make it with `grid-db upgrade`")
    try:
        return work(arguments, database)
    finally:
        database.dispose()


def _upgrade(arguments: argparse.Namespace, database: DatabaseFactory) -> int:
    before = schema.current_revision(database)
    schema.upgrade(database, arguments.revision)
    return _moved(arguments, database, before)


def _downgrade(arguments: argparse.Namespace, database: DatabaseFactory) -> int:
    before = schema.current_revision(database)
    filled = [] if arguments.yes else tables_with_rows(database)
    if filled:
        raise DatabaseRefused(
            f"{database.shown_url} has rows in {', '.join(filled)}, and a downgrade may drop "
            "them: run `grid-db backup FILE` first, then add --yes"
        )
    schema.downgrade(database, arguments.revision)
    return _moved(arguments, database, before)


def _moved(arguments: argparse.Namespace, database: DatabaseFactory, before: str | None) -> int:
    after = schema.current_revision(database)
    _say(
        arguments,
        {"database": database.shown_url, "from": before, "to": after},
        f"{database.shown_url}: revision {before or schema.NOTHING} -> {after or schema.NOTHING}",
    )
    return Exit.DONE


def _current(arguments: argparse.Namespace, database: DatabaseFactory) -> int:
    revision, state = schema.current_revision(database), schema.state_of(database)
    newest = schema.newest_revision()
    _say(
        arguments,
        {
            "database": database.shown_url,
            "revision": revision,
            "state": state.value,
            "newest": newest,
        },
        f"{database.shown_url}: revision {revision or 'none'} ({state.value}; newest {newest})",
    )
    return Exit.DONE


def _check(arguments: argparse.Namespace, database: DatabaseFactory) -> int:
    schema.require_current(database)
    faults = schema.differences(database) + integrity_faults(database)
    text = "\n".join(faults) if faults else f"{database.shown_url}: as it should be"
    _say(arguments, {"database": database.shown_url, "faults": faults}, text)
    return Exit.VERDICT_FAIL if faults else Exit.DONE


def _backup(arguments: argparse.Namespace, database: DatabaseFactory) -> int:
    # An older schema is one that is to be upgraded: its copy comes first.
    if schema.state_of(database) is not schema.SchemaState.OLDER:
        schema.require_current(database)
    backup(database, arguments.file)
    size = arguments.file.stat().st_size
    _say(
        arguments,
        {"database": database.shown_url, "file": str(arguments.file), "bytes": size},
        f"{database.shown_url}: copied to {arguments.file} ({size:,} bytes)",
    )
    return Exit.DONE


def _prune(arguments: argparse.Namespace, database: DatabaseFactory) -> int:
    schema.require_current(database)
    kinds = [
        kind
        for kind in pruning.Prunable
        if not arguments.kind or kind.value.value in arguments.kind
    ]
    work = pruning.plan if arguments.dry_run else pruning.prune
    found = work(database, kinds, arguments.before)
    if arguments.vacuum and not arguments.dry_run:
        pruning.reclaim(database)
    verb = "would delete" if arguments.dry_run else "deleted"
    lines = [
        f"{verb} {one.rows:,} {one.kind.value.value} of {one.symbol} ({one.environment}), "
        f"{one.first.isoformat()} to {one.last.isoformat()}"
        for one in found
    ]
    rows = [
        {
            "kind": one.kind.value.value,
            "environment": one.environment,
            "symbol": one.symbol,
            "rows": one.rows,
            "first": one.first.isoformat(),
            "last": one.last.isoformat(),
        }
        for one in found
    ]
    _say(
        arguments,
        {"database": database.shown_url, "dry_run": arguments.dry_run, "pruned": rows},
        "\n".join(lines) or "nothing is that old",
    )
    return Exit.DONE


def _store_keys(arguments: argparse.Namespace, database: DatabaseFactory) -> int:
    schema.require_current(database)
    master = master_key.from_environment(os.environ)
    keys = ApiKeys(api_key=_asked("API key"), api_secret=_asked("API secret"))
    environment = Environment(arguments.environment)
    stored = store_keys(
        database, arguments.account, environment, keys, master, datetime.now(tz=UTC)
    )
    _say(
        arguments,
        {
            "database": database.shown_url,
            "account": arguments.account,
            "master_key_id": stored.master_key_id,
        },
        f"{database.shown_url}: the keys of {arguments.account} are sealed by key "
        f"{stored.master_key_id}; configurations name them db:{arguments.account}",
    )
    return Exit.DONE


def _asked(what: str) -> SecretStr:
    """A secret from the terminal, unseen, or a line of stdin; never an argument, which all see."""
    if sys.stdin.isatty():
        found = getpass.getpass(f"{what}: ")
    else:
        found = sys.stdin.readline()
    if not found.strip():
        raise UsageRefused(f"{what}: expected a text, found nothing; key and secret are two lines")
    return SecretStr(found.strip())


def _rotate(arguments: argparse.Namespace, database: DatabaseFactory) -> int:
    schema.require_current(database)
    old = (
        master_key.from_environment(os.environ)
        if arguments.old_key_file is None
        else master_key.from_file(arguments.old_key_file)
    )
    new = master_key.from_file(arguments.new_key_file)
    with database.get_session() as session:
        count = repositories.as_admin(session).credentials.rotate(old, new)
    _say(
        arguments,
        {"database": database.shown_url, "rotated": count, "master_key_id": new.key_id},
        f"{database.shown_url}: {count} credentials are wrapped by key {new.key_id} now",
    )
    return Exit.DONE


def _new_key(arguments: argparse.Namespace) -> int:
    key = master_key.MasterKey.generate()
    key.write(arguments.file)
    print(f"{arguments.file}: master key {key.key_id}; without it no credential can be read")
    return Exit.DONE


def tables_with_rows(database: DatabaseFactory) -> list[str]:
    """The tables of ours in a database, of whatever revision, that hold rows."""
    with database.engine.connect() as connection:
        present = set(sa.inspect(connection).get_table_names())
        return [
            table.name
            for table in Base.metadata.sorted_tables
            if table.name in present
            and connection.execute(
                sa.select(sa.literal(1)).select_from(sa.table(table.name)).limit(1)
            ).first()
        ]


def _day(text: str) -> datetime:
    try:
        day = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected a UTC date such as 2026-01-31, found {text!r}"
        ) from error
    return day.replace(tzinfo=UTC) if day.tzinfo is None else day


def _named(text: str) -> str:
    try:
        account_id_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _say(arguments: argparse.Namespace, result: dict[str, object], text: str) -> None:
    print(json.dumps(result, indent=2) if arguments.json else text)
    sys.stdout.flush()

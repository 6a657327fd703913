"""The command line `event-saver`: run the recorder, ask a running one how it is."""

import asyncio
import json
import os
import sys
import urllib.request
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.live import Live
from sqlalchemy.exc import SQLAlchemyError

from appkit.arguments import CommandParser, add_common_options
from appkit.configuration import find
from appkit.exits import ExitCode, RunFailed, UserError, run_command
from appkit.secret_references import secret_of
from bybit_adapter.credentials import Credentials
from event_saver.accounts import AccountContext
from event_saver.config import (
    PREFIX,
    AccountConfig,
    EventSaverConfig,
    changed,
    config_of,
    load_config,
)
from event_saver.rows.attribution import StrategyName
from event_saver.service import EventSaver
from event_saver.sink import told
from event_saver.surface import HOST, served
from event_saver.table import table_of
from event_saver.writer.writer import wall_clock
from grid_db.factory import DatabaseFactory
from grid_db.repositories import ApiKeys
from grid_db.secrets.envelope import EnvelopeError
from grid_db.secrets.master_key import MasterKeyError
from grid_db.settings import DatabaseRefused, DatabaseSettings
from grid_db.stored_keys import KeysMissing, StoredKeys

DESCRIPTION = "Records the market and the account into the database, and fills its own gaps."
RUN = (
    "Record the configured streams until SIGTERM or SIGINT; then write what is in hand, and end. "
    "Exit codes: 0 nothing was lost; 1 bad configuration, or a database that is not ready; 2 rows "
    "were lost, or recording had to end."
)
RUN_PORT = "of the local pages, listed at / there (default 18090); 0 takes a free one"
STATUS = (
    "Ask the recorder that runs with this configuration, or on --port, how it is. Exit codes: "
    "0 healthy; 2 not healthy; 1 nobody answers."
)
STATUS_PORT = "where it listens (default: the configuration's)"
OWN_DATABASE = "for the database_url of the configuration: `grid-db upgrade --database-url URL`"
ASK_S_MAX = 5.0
SHOW_S = 1.0


def build_parser() -> CommandParser:
    """The whole command line."""
    parser = CommandParser(prog="event-saver", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = _command(commands, "run", "record until SIGTERM or SIGINT", RUN, RUN_PORT)
    run.set_defaults(handler=record)
    status = _command(commands, "status", "how a running recorder is", STATUS, STATUS_PORT)
    status.set_defaults(handler=show_status)
    return parser


def _command(
    commands: Any, name: str, help_text: str, description: str, port_text: str
) -> ArgumentParser:
    parser: ArgumentParser = commands.add_parser(name, help=help_text, description=description)
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"default: ${PREFIX}CONFIG_PATH, conf/eventsaver.yaml, else {PREFIX}* variables alone",
    )
    parser.add_argument("--port", type=int, metavar="N", help=port_text)
    add_common_options(parser)
    return parser


def configured(arguments: Namespace, environment: Mapping[str, str]) -> EventSaverConfig:
    """The configuration file, or the environment where there is none, with the options over it."""
    named = arguments.config is not None or environment.get(f"{PREFIX}CONFIG_PATH")
    if not named and environment.get(f"{PREFIX}SYMBOLS"):
        config = config_of(environment)
    else:
        config = load_config(_found(arguments.config, environment), environment)
    return config if arguments.port is None else changed(config, {"port": arguments.port})


def _found(given: Path | None, environment: Mapping[str, str]) -> Path:
    try:
        return find("eventsaver", given, environment)
    except UserError as error:
        hint = f"{error.hint}; for public streams alone {PREFIX}SYMBOLS is enough"
        raise UserError(error.message, hint) from error


def record(arguments: Namespace) -> int:
    """Run the recorder; exit code 2 when rows were lost."""
    config = configured(arguments, os.environ)
    database = database_of(config)
    stored = StoredKeys(database, os.environ)
    saver = EventSaver(config, database)
    for account in config.accounts:
        saver.add_account(context_of(account, os.environ, stored))
    return asyncio.run(_record(saver, as_json=arguments.json, quiet=arguments.quiet))


def database_of(config: EventSaverConfig) -> DatabaseFactory:
    """The database of the configuration, else that of the GRIDBOT_* variables."""
    url = config.database_url
    try:
        if url is None:
            return DatabaseFactory(DatabaseSettings())
        return DatabaseFactory(DatabaseSettings.of_url(url.get_secret_value()))
    except DatabaseRefused as error:
        raise UserError(f"database_url: {error}") from error


def context_of(
    account: AccountConfig, environment: Mapping[str, str], stored: StoredKeys
) -> AccountContext:
    """An account of the configuration with its key; UserError when that is not to be had."""

    def kept(name: str) -> ApiKeys:
        return _pair(stored, name)

    return AccountContext(
        name=account.name,
        credentials=Credentials(
            key=secret_of(
                account.api_key, environment, lambda name: kept(name).api_key.get_secret_value()
            ),
            secret=secret_of(
                account.api_secret,
                environment,
                lambda name: kept(name).api_secret.get_secret_value(),
            ),
        ),
        symbols=account.symbols,
        strategies=tuple(
            StrategyName(
                strat_id=one.strat_id,
                symbol=one.symbol,
                salt=one.strat_id if one.salted else None,
            )
            for one in account.strategies
        ),
    )


def _pair(stored: StoredKeys, account_name: str) -> ApiKeys:
    try:
        return stored.pair(account_name)
    except (KeysMissing, MasterKeyError, EnvelopeError, DatabaseRefused) as error:
        raise UserError(str(error)) from error
    except SQLAlchemyError as error:
        raise RunFailed(
            f"db:{account_name}: the database does not answer: {told(error)}"
        ) from error


async def _record(saver: EventSaver, *, as_json: bool, quiet: bool) -> int:
    # The port first: whoever cannot have it has not begun anything.
    async with served(
        saver.config.port, settling=saver.settling, ready=saver.ready, status=saver.status
    ) as port:
        try:
            await saver.start()
        except DatabaseRefused as error:
            own = saver.config.database_url is not None
            raise UserError(str(error), OWN_DATABASE if own else None) from error
        if as_json:
            print(json.dumps({"http": f"http://{HOST}:{port}", "pid": os.getpid()}), flush=True)
        elif not quiet:
            print(f"recording; how it is: http://{HOST}:{port}/status", flush=True)
        showing = asyncio.ensure_future(_show(saver, quiet=quiet or as_json))
        try:
            lost = await saver.run_until_shutdown()
        finally:
            showing.cancel()
    if lost:
        print(f"error: {lost} rows could not be written and are lost", file=sys.stderr)
    return ExitCode.FAILED if lost else ExitCode.DONE


async def _show(saver: EventSaver, *, quiet: bool) -> None:
    """A live table, when somebody sits at a terminal."""
    console = Console()
    if quiet or not console.is_terminal:
        return
    with Live(_shown(saver), console=console, auto_refresh=False) as live:
        while True:
            await asyncio.sleep(SHOW_S)
            live.update(_shown(saver), refresh=True)


def _shown(saver: EventSaver) -> RenderableType:
    return table_of(saver.status().as_json(), wall_clock())


def show_status(arguments: Namespace) -> int:
    """Ask the running recorder; exit code 2 when it is not healthy or does not answer."""
    port = arguments.port
    found = asked(configured(arguments, os.environ).port if port is None else port)
    if arguments.json:
        print(json.dumps(found))
    else:
        Console().print(table_of(found, wall_clock()))
    return ExitCode.DONE if found["healthy"] else ExitCode.FAILED


def asked(port: int) -> dict[str, Any]:
    """The status of the recorder that listens on a port; UserError when none answers."""
    url = f"http://{HOST}:{port}/status"
    try:
        with urllib.request.urlopen(url, timeout=ASK_S_MAX) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        if not isinstance(found, dict) or "healthy" not in found:
            raise ValueError("something else listens there")
    except (OSError, HTTPException, ValueError) as error:
        raise UserError(
            f"no recorder answers at {url}: {error}",
            "start one with `event-saver run`, or give its port with --port",
        ) from error
    return found


def entry(argv: Sequence[str] | None = None) -> int:
    """The whole command line, with exit codes."""

    def run(arguments: Sequence[str]) -> int:
        parsed = build_parser().parse_args(arguments)
        code: int = parsed.handler(parsed)
        return code

    return run_command(run, argv)

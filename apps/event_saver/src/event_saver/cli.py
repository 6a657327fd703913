"""The command line `event-saver`: run the recorder, ask a running one how it is."""

import asyncio
import json
import os
import sys
import urllib.error
import urllib.request
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from appkit.arguments import CommandParser, add_common_options
from appkit.configuration import find
from appkit.exits import ExitCode, UserError, run_command
from bybit_adapter.credentials import Credentials
from event_saver.accounts import AccountContext
from event_saver.config import (
    PREFIX,
    AccountConfig,
    EventSaverConfig,
    changed,
    config_of,
    load_config,
    secret_of,
)
from event_saver.rows.attribution import StrategyName
from event_saver.service import EventSaver
from event_saver.surface import HOST, served
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseRefused, DatabaseSettings

DESCRIPTION = "Records the market and the account into the database, and fills its own gaps."
ASK_S_MAX = 5.0
SHOW_S = 1.0
HEADINGS = ("stream", "age s", "depth", "written", "new", "dead", "lost", "dropped", "says")


def build_parser() -> CommandParser:
    """The whole command line."""
    parser = CommandParser(prog="event-saver", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = _command(commands, "run", "record until SIGTERM or SIGINT")
    run.set_defaults(handler=record)
    status = _command(commands, "status", "how a running recorder is")
    status.set_defaults(handler=show_status)
    return parser


def _command(commands: Any, name: str, help_text: str) -> ArgumentParser:
    parser: ArgumentParser = commands.add_parser(name, help=help_text, description=help_text)
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"default: ${PREFIX}CONFIG_PATH, conf/eventsaver.yaml, else {PREFIX}* variables alone",
    )
    parser.add_argument("--port", type=int, metavar="N", help="of the local pages; 0: a free one")
    add_common_options(parser)
    return parser


def configured(arguments: Namespace, environment: Mapping[str, str]) -> EventSaverConfig:
    """The configuration file, or the environment where there is none, with the options over it."""
    named = arguments.config is not None or environment.get(f"{PREFIX}CONFIG_PATH")
    if not named and environment.get(f"{PREFIX}SYMBOLS"):
        config = config_of(environment)
    else:
        config = load_config(find("eventsaver", arguments.config, environment), environment)
    return config if arguments.port is None else changed(config, {"port": arguments.port})


def record(arguments: Namespace) -> int:
    """Run the recorder; exit code 2 when rows were lost."""
    config = configured(arguments, os.environ)
    saver = EventSaver(config, database_of(config))
    for account in config.accounts:
        saver.add_account(context_of(account, os.environ))
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


def context_of(account: AccountConfig, environment: Mapping[str, str]) -> AccountContext:
    """An account of the configuration with its key."""
    return AccountContext(
        name=account.name,
        credentials=Credentials(
            key=secret_of(account.api_key, environment),
            secret=secret_of(account.api_secret, environment),
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


async def _record(saver: EventSaver, *, as_json: bool, quiet: bool) -> int:
    try:
        await saver.start()
    except DatabaseRefused as error:
        raise UserError(str(error)) from error
    async with served(
        saver.config.port, settling=saver.settling, ready=saver.ready, status=saver.status
    ) as port:
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
    with Live(table_of(saver.status().as_json()), console=console, auto_refresh=False) as live:
        while True:
            await asyncio.sleep(SHOW_S)
            live.update(table_of(saver.status().as_json()), refresh=True)


def show_status(arguments: Namespace) -> int:
    """Ask the running recorder; exit code 2 when it is not healthy or does not answer."""
    config = configured(arguments, os.environ)
    found = asked(config)
    if arguments.json:
        print(json.dumps(found))
    else:
        Console().print(table_of(found))
    return ExitCode.DONE if found["healthy"] else ExitCode.FAILED


def asked(config: EventSaverConfig) -> dict[str, Any]:
    """The status of the recorder that runs with this configuration; UserError when none answers."""
    url = f"http://{HOST}:{config.port}/status"
    try:
        with urllib.request.urlopen(url, timeout=ASK_S_MAX) as answer:
            found: dict[str, Any] = json.loads(answer.read())
    except (urllib.error.URLError, TimeoutError, ValueError) as error:
        raise UserError(
            f"no recorder answers at {url}: {error}",
            "start one with `event-saver run`, or give its port with --port",
        ) from error
    return found


def table_of(status: Mapping[str, Any]) -> Table:
    """A status as a table for people."""
    word = "healthy" if status["healthy"] else "NOT HEALTHY"
    table = Table(title=f"{status['environment']}: {word}, {status['database']}")
    for heading in (
        "stream",
        "age s",
        "depth",
        "written",
        "new",
        "dead",
        "lost",
        "dropped",
        "says",
    ):
        table.add_column(heading, justify="left" if heading in ("stream", "says") else "right")
    for name, one in status["streams"].items():
        age = "-" if one["age_s"] is None else f"{one['age_s']:.1f}"
        counts = ("depth", "written", "inserted", "buried", "lost", "dropped")
        table.add_row(name, age, *(str(one[count]) for count in counts), one["last_text"])
    gaps = status["gaps"]
    if gaps is not None:
        table.caption = (
            f"gaps: {gaps['open']} open, {gaps['filled']} filled, {gaps['given_up']} given up;"
            f" audits: {gaps['audits']}; down: {', '.join(status['down']) or 'nothing'}"
        )
    return table


def entry(argv: Sequence[str] | None = None) -> int:
    """The whole command line, with exit codes."""

    def run(arguments: Sequence[str]) -> int:
        parsed = build_parser().parse_args(arguments)
        code: int = parsed.handler(parsed)
        return code

    return run_command(run, argv)

"""`gridbot check-config`: what a configuration is understood to say, without asking anybody."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from appkit.arguments import add_common_options
from appkit.exits import ExitCode
from appkit.output import emit, key_value_table, plain
from gridbot.commands.options import add_config_options, configured
from gridbot.config.keys import database_of
from gridbot.config.model import GridbotConfig
from gridbot.setups import config_hash
from gridcore.config import NO_COUNT_LIMIT, NO_NOTIONAL_LIMIT

OFF = "off"
_NO_LIMITS = (NO_COUNT_LIMIT, plain(NO_NOTIONAL_LIMIT))


def add_parser(commands: Any) -> None:
    """Add the command with its options."""
    parser: ArgumentParser = commands.add_parser(
        "check-config",
        help="print the resolved configuration, without secrets",
        description="Reads a configuration, refuses what is wrong with it (exit 1), and prints "
        "what is understood, defaults included. Secrets stay references. Nobody is asked.",
    )
    add_config_options(parser)
    add_common_options(parser)
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Run the command."""
    file, config = configured(arguments, os.environ)
    found = {"file": file, "configuration": resolved(config), "hashes": _hashes(config)}
    emit(found, arguments.json, _print)
    return ExitCode.DONE


def resolved(config: GridbotConfig) -> dict[str, Any]:
    """The configuration as JSON values, every default written out, passwords masked."""
    found: dict[str, Any] = plain(config)
    found["database_url"] = database_of(config).shown_url
    found["safety"] = {
        key: OFF if value in _NO_LIMITS else value for key, value in found["safety"].items()
    }
    return found


def _hashes(config: GridbotConfig) -> dict[str, str]:
    return {account.name: config_hash(config, account) for account in config.accounts}


def _print(out: Console, found: dict[str, Any]) -> None:
    out.print(Text(f"{found['file']} is understood as"), soft_wrap=True)
    out.print(key_value_table("", list(_lines("", found["configuration"]))))
    for account, digest in found["hashes"].items():
        out.print(Text(f"configuration hash of account {account}: {digest}"), soft_wrap=True)


def _lines(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every value with its place, as errors name places."""
    match value:
        case dict() if value:
            for key, item in value.items():
                yield from _lines(f"{path}.{key}" if path else str(key), item)
        case list() if value and isinstance(value[0], dict):
            for number, item in enumerate(value):
                yield from _lines(f"{path}[{number}]", item)
        case _:
            yield path, _shown(value)


def _shown(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return str(value).lower()
        case list() | dict():
            return ", ".join(_shown(item) for item in value) or "-"
        case _:
            return str(value)

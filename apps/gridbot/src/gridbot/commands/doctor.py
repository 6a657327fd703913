"""`gridbot doctor`: asks exchange, database and machine whether a run can start, with remedies."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from appkit.arguments import add_common_options
from appkit.exits import CommandError, ExitCode
from appkit.output import emit
from grid_db.words import Environment
from gridbot.asking import asking
from gridbot.commands.options import (
    add_choice_options,
    add_config_options,
    chosen,
    configured,
)
from gridbot.config.model import AccountConfig, GridbotConfig
from gridbot.config.strategy import StrategyConfig
from gridbot.diagnosis.account import diagnose_connection, diagnose_key, diagnose_margin_mode
from gridbot.diagnosis.machine import diagnose_machine
from gridbot.diagnosis.symbols import diagnose_strategies
from gridbot.diagnosis.words import Diagnosis, Health, ill

_STYLES = {Health.WELL: "green", Health.ODD: "yellow", Health.ILL: "bold red"}


def add_parser(commands: Any) -> None:
    """Add the command with its options."""
    parser: ArgumentParser = commands.add_parser(
        "doctor",
        help="ask whether everything a run needs is well, with remedies",
        description="Looks at keys, permissions, expiry, hedge mode, margin mode, leverage, clock, "
        "instruments, ladders, database and disk. Exit 3 when a run would not start or not trade. "
        "Nothing is changed.",
    )
    add_config_options(parser)
    add_choice_options(parser)
    add_common_options(parser)
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Run the command; exit 3 when something is ill."""
    _, config = configured(arguments, os.environ)
    found: dict[str, Sequence[Diagnosis]] = {}
    for account, strategies in chosen(arguments, config):
        name = f"account {account.name} at {account.endpoint.name}"
        found[name] = tuple(_account(config, account, strategies, os.environ))
    found["this machine"] = tuple(diagnose_machine(config, os.environ))
    emit(found, arguments.json, _print)
    is_ill = any(one.health is Health.ILL for part in found.values() for one in part)
    return ExitCode.VERDICT_FAIL if is_ill else ExitCode.DONE


def _account(
    config: GridbotConfig,
    account: AccountConfig,
    strategies: Sequence[StrategyConfig],
    environment: Mapping[str, str],
) -> Iterator[Diagnosis]:
    try:
        with asking(config, account, environment) as rest:
            simulated = account.market is Environment.SIM
            connection = diagnose_connection(rest, simulated=simulated)
            yield connection
            if connection.health is Health.ILL:
                return
            yield from diagnose_key(rest)
            yield diagnose_margin_mode(rest)
            yield from diagnose_strategies(config, account, strategies, rest)
    except CommandError as error:
        yield ill("secrets", error.message, error.hint or "correct api_key and api_secret")


def _print(out: Console, found: Mapping[str, Sequence[Diagnosis]]) -> None:
    for name, part in found.items():
        table = Table(
            title=Text(name, style="bold"), title_justify="left", box=None, show_header=False
        )
        for one in part:
            text = Text(one.text)
            if one.remedy is not None:
                text.append(f"\n-> {one.remedy}", style="bold")
            table.add_row(Text(one.health.value, style=_STYLES[one.health]), one.subject, text)
        out.print(table)
        out.print(Text())

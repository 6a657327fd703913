"""The options that commands share, and the configuration that they lead to."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from appkit.exits import UserError
from appkit.spelling import did_you_mean
from gridbot.config.load import find_config, in_environment, load_config
from gridbot.config.model import AccountConfig, GridbotConfig
from gridbot.config.strategy import StrategyConfig


def add_config_options(parser: ArgumentParser) -> None:
    """Add --config and --environment."""
    parser.add_argument(
        "--config",
        "-c",
        type=Path,
        metavar="FILE",
        help="default: $GRIDBOT_CONFIG_PATH, conf/gridbot.yaml, gridbot.yaml",
    )
    parser.add_argument(
        "--environment",
        metavar="NAME",
        help="mainnet, testnet, demo or a simulator's URL, for every account",
    )


def add_choice_options(parser: ArgumentParser) -> None:
    """Add --account and --strategy, which leave the others out."""
    parser.add_argument("--account", metavar="NAME", help="only this account")
    parser.add_argument("--strategy", metavar="STRAT_ID", help="only this strategy")


def configured(arguments: Namespace, environment: Mapping[str, str]) -> tuple[Path, GridbotConfig]:
    """The configuration file and what it says, with --environment over it."""
    file = find_config(arguments.config, environment)
    config = load_config(file, environment)
    if arguments.environment is not None:
        config = in_environment(config, arguments.environment)
    return file, config


def chosen(
    arguments: Namespace, config: GridbotConfig
) -> Sequence[tuple[AccountConfig, Sequence[StrategyConfig]]]:
    """The accounts with their strategies that --account and --strategy leave; never none."""
    _must_know("account", arguments.account, [one.name for one in config.accounts])
    _must_know("strategy", arguments.strategy, [one.strat_id for one in config.strategies])
    found = []
    for account in config.accounts:
        if arguments.account not in (None, account.name):
            continue
        strategies = [
            one
            for one in config.strategies_of(account)
            if arguments.strategy in (None, one.strat_id)
        ]
        if strategies:
            found.append((account, strategies))
    if not found:
        raise UserError(
            f"strategy {arguments.strategy} does not trade on account {arguments.account}",
            "leave one of --account and --strategy out",
        )
    return found


def _must_know(option: str, given: str | None, known: list[str]) -> None:
    if given is not None and given not in known:
        raise UserError(
            f"--{option}: expected one of {', '.join(known)}, found {given!r}"
            f"{did_you_mean(given, known)}"
        )

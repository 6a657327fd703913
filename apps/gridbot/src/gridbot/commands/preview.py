"""`gridbot preview`: the ladder that a first build would place now, by the exchange's own terms."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.text import Text

from appkit.arguments import add_common_options
from appkit.decimals import parse_decimal
from appkit.exits import ExitCode, UserError
from appkit.ladder_table import print_findings, print_ladder
from appkit.output import emit, key_value_table, number_text
from bybit_adapter.rest_client import RestClient
from gridbot.asking import asking, balance_of, price_of, terms_of
from gridbot.commands.options import (
    add_choice_options,
    add_config_options,
    chosen,
    configured,
)
from gridbot.config.checks import AccountCheck, check_account, check_strategy
from gridbot.config.model import AccountConfig, GridbotConfig
from gridbot.config.strategy import StrategyConfig
from gridbot.setups import setup_of


def add_parser(commands: Any) -> None:
    """Add the command with its options."""
    parser: ArgumentParser = commands.add_parser(
        "preview",
        help="print the ladder that would be placed now",
        description="Asks the exchange for terms, price and wallet and prints levels, sizes, "
        "margin, liquidation, and how many requests placing them takes and how long. Exit 1 when a "
        "configuration cannot work. A grid that was saved by a run is not looked at.",
    )
    add_config_options(parser)
    add_choice_options(parser)
    parser.add_argument("--price", help="instead of the last price; with one symbol only")
    parser.add_argument("--wallet", metavar="USDT", help="instead of the account's balance")
    add_common_options(parser)
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Run the command; exit 1 when a configuration cannot work."""
    price = _number("--price", arguments.price)
    wallet = _number("--wallet", arguments.wallet)
    _, config = configured(arguments, os.environ)
    accounts = chosen(arguments, config)
    symbols = sorted({one.symbol for _, strategies in accounts for one in strategies})
    if price is not None and len(symbols) > 1:
        raise UserError(
            f"one price cannot be that of several symbols ({', '.join(symbols)})",
            "choose one with --strategy",
        )
    found = []
    for account, strategies in accounts:
        with asking(config, account, os.environ) as rest:
            # What fails here fails again in the first question, with its remedy.
            rest.measure_clock()
            found.append(_account(config, account, strategies, rest, price, wallet))
    emit(found, arguments.json, _print)
    return ExitCode.DONE if all(one.feasible for one in found) else ExitCode.REFUSED


def _account(
    config: GridbotConfig,
    account: AccountConfig,
    strategies: Sequence[StrategyConfig],
    rest: RestClient,
    price: Decimal | None,
    wallet: Decimal | None,
) -> AccountCheck:
    balance = balance_of(rest) if wallet is None else wallet
    checks = []
    for strategy in strategies:
        terms = terms_of(rest, strategy.symbol)
        setup = setup_of(config, strategy, terms)
        checks.append(
            check_strategy(
                strategy,
                terms,
                leverage=setup.sizing.leverage,
                safety=setup.safety,
                price=price_of(rest, strategy.symbol) if price is None else price,
                wallet=balance,
            )
        )
    return check_account(account.name, checks, balance)


def _number(option: str, text: str | None) -> Decimal | None:
    if text is None:
        return None
    number = parse_decimal(text)
    if number is None or number <= 0:
        raise UserError(f"{option}: expected a number above 0, found {text!r}")
    return number


def _print(out: Console, found: Sequence[AccountCheck]) -> None:
    for account in found:
        for one in account.strategies:
            print_ladder(
                out,
                f"{one.strat_id} on {one.symbol}",
                one.preview,
                (("leverage", number_text(one.leverage)), ("orders", str(one.requests))),
            )
            print_findings(out, one.findings)
        rows = (
            ("wallet", f"{number_text(account.wallet, 2)} USDT"),
            ("requests to place all", str(account.requests)),
            ("seconds to place all", number_text(account.seconds, 1)),
        )
        out.print(key_value_table(f"account {account.account}", rows))
        print_findings(out, account.findings)
        out.print(Text())

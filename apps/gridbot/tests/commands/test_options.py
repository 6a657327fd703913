from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from appkit.arguments import CommandParser
from appkit.exits import UserError
from gridbot.commands.options import (
    add_choice_options,
    add_config_options,
    chosen,
    configured,
)
from gridbot.config.model import GridbotConfig

TEXT = """\
accounts:
  - {name: main, api_key: "env:KEY", api_secret: "env:SECRET"}
  - {name: spare, api_key: "env:KEY2", api_secret: "env:SECRET2"}
strategies:
  - {strat_id: a, account: main, symbol: BTCUSDT}
  - {strat_id: b, account: main, symbol: ETHUSDT}
  - {strat_id: c, account: spare, symbol: BTCUSDT}
"""


def parsed(*words: str) -> Namespace:
    parser = CommandParser(prog="gridbot")
    add_config_options(parser)
    add_choice_options(parser)
    return parser.parse_args(words)


@pytest.fixture
def config(tmp_path: Path) -> GridbotConfig:
    """Two accounts with three strategies."""
    file = tmp_path / "gridbot.yaml"
    file.write_text(TEXT, encoding="utf-8")
    return configured(parsed("-c", str(file)), {})[1]


def names(config: GridbotConfig, *words: str) -> Any:
    return [
        (account.name, [one.strat_id for one in strategies])
        for account, strategies in chosen(parsed(*words), config)
    ]


def test_everything_is_chosen_unless_something_is_named(config: GridbotConfig) -> None:
    assert names(config) == [("main", ["a", "b"]), ("spare", ["c"])]
    assert names(config, "--account", "spare") == [("spare", ["c"])]
    assert names(config, "--strategy", "b") == [("main", ["b"])]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--account", "mian"), "--account: expected one of main, spare.*did you mean main?"),
        (("--strategy", "z"), "--strategy: expected one of a, b, c, found 'z'"),
        (("--account", "spare", "--strategy", "a"), "a does not trade on account spare"),
    ],
)
def test_a_name_that_is_none_is_refused(
    config: GridbotConfig, words: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        names(config, *words)


def test_the_environment_of_the_command_line_wins(tmp_path: Path) -> None:
    file = tmp_path / "gridbot.yaml"
    file.write_text(TEXT, encoding="utf-8")
    arguments = parsed("--environment", "demo")

    found, config = configured(arguments, {"GRIDBOT_CONFIG_PATH": str(file)})

    assert found == file
    assert {account.environment for account in config.accounts} == {"demo"}

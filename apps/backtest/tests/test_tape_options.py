"""How the texts of the options are read."""

from argparse import Namespace
from decimal import Decimal
from pathlib import Path

import pytest

from appkit.arguments import CommandParser
from appkit.exits import UsageError
from backtest.tape_options import (
    RECORDED_ENVIRONMENTS,
    add_export_options,
    add_import_options,
    add_recording_options,
    add_show_options,
    add_synth_options,
)
from grid_db.words import Environment


def parsed(*words: str) -> Namespace:
    parser = CommandParser(prog="tape")
    commands = parser.add_subparsers()
    for add in (
        add_import_options,
        add_recording_options,
        add_synth_options,
        add_show_options,
        add_export_options,
    ):
        add(commands)
    return parser.parse_args(words)


def test_the_defaults_of_an_import() -> None:
    arguments = parsed("import", "a.csv", "b.csv.gz")

    assert arguments.files == [Path("a.csv"), Path("b.csv.gz")]
    assert arguments.tolerate == Decimal("0.1")
    assert (arguments.format, arguments.time_unit, arguments.delimiter) == ("auto", "auto", ",")
    assert arguments.declare_gaps is None
    assert not arguments.replace


def test_the_defaults_of_a_tape_from_the_database() -> None:
    arguments = parsed("from-db", "BTCUSDT")

    assert (arguments.symbol, arguments.environment) == ("BTCUSDT", "mainnet")
    assert (arguments.database_url, arguments.tickers, arguments.mark_unit) == (None, None, None)


def test_the_environments_are_those_of_the_database() -> None:
    assert tuple(Environment) == RECORDED_ENVIRONMENTS


@pytest.mark.parametrize(("text", "letter"), [(";", ";"), ("tab", "\t"), ("\\t", "\t")])
def test_a_delimiter_is_one_letter_or_the_word_tab(text: str, letter: str) -> None:
    assert parsed("import", "a", "--delimiter", text).delimiter == letter


@pytest.mark.parametrize(
    "words",
    [
        ("import",),
        ("import", "a", "--delimiter", ";;"),
        ("import", "a", "--tolerate", "101"),
        ("import", "a", "--tolerate", "few"),
        ("import", "a", "--declare-gaps", "nan"),
        ("synth", "--seed", "1.5"),
        ("synth", "--rows", "³"),
        ("synth", "--days", "-1"),
        ("export", "t", "t.csv"),
        ("info",),
        ("from-db",),
        ("from-db", "BTCUSDT", "--environment", "moon"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        parsed(*words)


def test_tickers_are_as_the_preset_says_unless_asked_for() -> None:
    assert parsed("synth").tickers is None
    assert parsed("synth", "--tickers").tickers is True
    assert parsed("synth", "--no-tickers").tickers is False

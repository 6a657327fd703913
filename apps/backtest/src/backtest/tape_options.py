"""The options of the tape commands and how their texts are read; refuses to know what is done."""

from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from appkit.arguments import add_common_options
from appkit.decimals import parse_decimal
from tapes.importing import SourceKind, TimeUnit
from tapes.synth import Preset

# argparse does not name the class of what add_subparsers() returns.
Commands = Any

RECORDED_ENVIRONMENTS = ("mainnet", "testnet", "demo", "sim")
_TOLERATE_PCT = "0.1"


def add_import_options(commands: Commands) -> ArgumentParser:
    """Add the options of `tape import`."""
    parser: ArgumentParser = commands.add_parser(
        "import",
        help="make a tape from Bybit's archive, CSV, Parquet or 1-minute bars",
        description="Make one tape from one or more files: Bybit's public trade archive (.csv, "
        ".csv.gz), CSV or Parquet with named columns, 1-minute bars, or a Parquet file that "
        "`tape export` wrote.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    _add_target(parser, "tapes/SYMBOL")
    parser.add_argument("--symbol", help="default: what the file's own symbol column says")
    parser.add_argument("--tick", metavar="SIZE", help="tick size, such as 0.1")
    parser.add_argument("--step", metavar="SIZE", help="quantity step, such as 0.001")
    parser.add_argument(
        "--config",
        type=Path,
        help="take tick and step from this configuration and its instrument cache",
    )
    _add_words(parser, "--format", SourceKind, SourceKind.AUTO, "default: what the header suggests")
    for name in ("time", "price", "size", "side", "id", "symbol"):
        parser.add_argument(f"--{name}-column", metavar="NAME")
    _add_words(
        parser, "--time-unit", TimeUnit, TimeUnit.AUTO, "default: what the first row suggests"
    )
    parser.add_argument("--delimiter", type=_letter, default=",", help="default: a comma")
    parser.add_argument(
        "--tolerate",
        type=_number(0, 100),
        default=Decimal(_TOLERATE_PCT),
        metavar="PCT",
        help=f"refuse when more rows than this have one fault, percent (default {_TOLERATE_PCT})",
    )
    parser.add_argument(
        "--declare-gaps",
        type=_number(0),
        metavar="SECONDS",
        help="declare longer silences as gaps of the recording (default: none is)",
    )
    return parser


def add_synth_options(commands: Commands) -> ArgumentParser:
    """Add the options of `tape synth`."""
    parser: ArgumentParser = commands.add_parser("synth", help="make a seeded synthetic market")
    _add_words(parser, "--preset", Preset, None, "a ready-made market; options change it")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--rows", type=_count, metavar="N", help="how many trades")
    length.add_argument("--days", type=_number(0), metavar="N")
    parser.add_argument("--seed", type=_count, metavar="N", help="default 1")
    parser.add_argument("--symbol")
    parser.add_argument("--tick", metavar="SIZE")
    parser.add_argument("--step", metavar="SIZE")
    parser.add_argument("--start", metavar="DATE", help="UTC")
    parser.add_argument("--price", type=_number(0), help="first price")
    parser.add_argument("--trades-per-second", type=_number(0), metavar="N")
    parser.add_argument("--volatility-pct", type=_number(0), metavar="PCT", help="per year")
    parser.add_argument("--jumps-per-day", type=_number(0), metavar="N")
    parser.add_argument("--gaps-per-day", type=_number(0), metavar="N")
    parser.add_argument(
        "--tickers", action=BooleanOptionalAction, help="with bid, ask, mark, funding"
    )
    _add_target(parser, "tapes/SYMBOL-PRESET")
    return parser


def add_recording_options(commands: Commands) -> ArgumentParser:
    """Add the options of `tape from-db`."""
    parser: ArgumentParser = commands.add_parser(
        "from-db",
        help="make a tape from what event-saver recorded, or add to it what came since",
        description="Make a tape of the public trades and tickers that event-saver recorded of one "
        "symbol. Run again, it adds what came since and reads no more than that.",
    )
    parser.add_argument("symbol", metavar="SYMBOL")
    parser.add_argument(
        "--environment",
        choices=RECORDED_ENVIRONMENTS,
        default=RECORDED_ENVIRONMENTS[0],
        help="whose market (default mainnet)",
    )
    parser.add_argument(
        "--database-url",
        metavar="URL",
        help="SQLite file or postgresql://..., instead of GRIDBOT_DATABASE_URL and GRIDBOT_DB_*",
    )
    parser.add_argument("--tick", metavar="SIZE", help="tick size, such as 0.1")
    parser.add_argument("--step", metavar="SIZE", help="quantity step, such as 0.001")
    parser.add_argument(
        "--mark-unit",
        metavar="SIZE",
        help="unit of mark prices (default: the finest that a run can count with, such as "
        "0.00001 for a step of 0.001)",
    )
    parser.add_argument(
        "--config",
        type=Path,
        help="take tick and step from this configuration and its instrument cache",
    )
    parser.add_argument(
        "--tickers",
        action=BooleanOptionalAction,
        help="with bid, ask, mark, funding (default: when there are any)",
    )
    _add_target(parser, "tapes/SYMBOL; a tape of the same recording there is extended")
    return parser


def add_show_options(commands: Commands) -> ArgumentParser:
    """Add the options of `tape info`."""
    parser: ArgumentParser = commands.add_parser(
        "info", help="rows, span, gaps, price range, sha256"
    )
    parser.add_argument("tape", type=Path, metavar="TAPE")
    parser.add_argument("--verify", action="store_true", help="recompute every sha256")
    add_common_options(parser)
    return parser


def add_export_options(commands: Commands) -> ArgumentParser:
    """Add the options of `tape export`."""
    parser: ArgumentParser = commands.add_parser("export", help="write a tape as Parquet")
    parser.add_argument("tape", type=Path, metavar="TAPE")
    parser.add_argument("file", type=_parquet_file, metavar="FILE.parquet")
    parser.add_argument("--replace", action="store_true", help="replace an existing file")
    add_common_options(parser)
    return parser


def _add_target(parser: ArgumentParser, default: str) -> None:
    parser.add_argument("--out", type=Path, metavar="FOLDER", help=f"default {default}")
    parser.add_argument("--replace", action="store_true", help="replace an existing tape")
    add_common_options(parser)


def _add_words(
    parser: ArgumentParser, option: str, words: type[Enum], default: Enum | None, help_text: str
) -> None:
    choices = [choice.value for choice in words]
    value = None if default is None else default.value
    parser.add_argument(option, choices=choices, default=value, help=help_text)


def _number(least: int, most: int | None = None) -> Callable[[str], Decimal]:
    """A reader of decimal options within bounds, which argparse reports when they are broken."""
    bounds = f"a number of at least {least}" + ("" if most is None else f" and at most {most}")

    def read(text: str) -> Decimal:
        value = parse_decimal(text)
        if value is None or value < least or (most is not None and value > most):
            raise ArgumentTypeError(f"expected {bounds}, found {text!r}")
        return value

    return read


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ArgumentTypeError(f"expected a whole number, found {text!r}")
    return int(text)


def _letter(text: str) -> str:
    letter = "\t" if text in ("\\t", "tab") else text
    if len(letter) != 1 or not letter.isascii():
        raise ArgumentTypeError(f"expected one letter, such as ; or tab, found {text!r}")
    return letter


def _parquet_file(text: str) -> Path:
    if not text.endswith(".parquet"):
        raise ArgumentTypeError(f"expected a name that ends in .parquet, found {text!r}")
    return Path(text)

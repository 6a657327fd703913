"""`backtest demo`: a seeded synthetic market and a real-looking configuration, run and reported."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from appkit.arguments import add_common_options
from appkit.exits import UserError
from appkit.progress import progress_bar
from backtest.commands.run import run_and_report
from backtest.config import load_config
from backtest.wiring import Selection
from tapes.errors import TapeError
from tapes.synth import MarketParameters, Preset, make_tape, preset
from tapes.tape import Tape

SEED = 7
DAYS = 3
DAY_US = 86_400_000_000
CONFIG = Path("conf") / "demo.yaml"
OUT = Path("out") / "demo"


def add_parser(commands: Any) -> None:
    """Add the command with its options."""
    parser: ArgumentParser = commands.add_parser(
        "demo",
        help="run a demonstration on a synthetic market",
        description="Makes (or reuses) a seeded synthetic tape, runs conf/demo.yaml over it and "
        "writes the report.",
    )
    parser.add_argument("--config", type=Path, default=CONFIG, help=f"default: {CONFIG}")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder to write to ({OUT})")
    parser.add_argument("--days", type=int, default=DAYS, help=f"length of the tape ({DAYS})")
    parser.add_argument("--verify", action="store_true", help="run tick by tick too and compare")
    add_common_options(parser)
    parser.set_defaults(handler=run, no_report=False)


def run(arguments: Namespace) -> int:
    """Run the command; returns the exit code of the run."""
    if not 1 <= arguments.days <= 365:
        raise UserError(f"--days: expected 1 to 365, found {arguments.days}")
    if not arguments.config.is_file():
        raise UserError(
            f"the demonstration's configuration {arguments.config} does not exist",
            "run it from the project's folder, or name the file with --config",
        )
    config = load_config(arguments.config)
    symbol = config.strategies[0].symbol
    quiet = arguments.quiet or arguments.json
    parameters = preset(Preset.DEMO, symbol=symbol, seed=SEED, duration_us=arguments.days * DAY_US)
    folder = arguments.out / f"tape-{symbol}-{arguments.days}d"
    tape = demo_tape(folder, parameters, quiet=quiet)
    arguments.export = arguments.out / "results"
    selection = Selection(tapes={symbol: tape.path}, symbol=symbol)
    return run_and_report(config, arguments.config, selection, arguments)


def demo_tape(folder: Path, parameters: MarketParameters, *, quiet: bool) -> Tape:
    """The tape in `folder` when it is whole and of this market, else a new one."""
    found = _existing(folder)
    if found is not None and found.manifest.header.synthetic_seed == parameters.seed:
        return found
    assert parameters.duration_us is not None
    try:
        with progress_bar(parameters.duration_us, "making the market", "µs", quiet=quiet) as bar:
            return make_tape(
                folder, parameters, replace=True, on_progress=lambda done, _: bar.update(done)
            )
    except TapeError as error:
        raise UserError(
            f"{error.what}: expected {error.expected}, found {error.found}", error.mend
        ) from error


def _existing(folder: Path) -> Tape | None:
    """The tape in `folder`, or None when there is none that can be used."""
    try:
        tape = Tape.open(folder)
        tape.verify()
    except TapeError:
        return None
    return tape

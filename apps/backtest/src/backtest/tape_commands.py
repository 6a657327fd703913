"""The commands `backtest tape import | from-db | synth | info | export`: options in, exit code out.

Knows options and where tick and step may come from; the work is done by the tapes package.
"""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from appkit.dates import parse_instant
from appkit.exits import ExitCode, RunFailed, UserError
from appkit.output import emit
from appkit.progress import progress_bar
from backtest.tape_options import (
    Commands,
    add_export_options,
    add_import_options,
    add_recording_options,
    add_show_options,
    add_synth_options,
)
from backtest.tape_units import MarketUnits, find_units
from backtest.tape_views import (
    TapeExported,
    TapeMade,
    TapeShown,
    show_exported,
    show_made,
    show_recorded,
    show_shown,
)
from tapes import Tape, TapeError, TapeNotWritten
from tapes.export import export_parquet
from tapes.importing import (
    ColumnOptions,
    ImportRequest,
    SourceKind,
    TimeUnit,
    exported_manifest,
    import_files,
    restore_tape,
    symbol_in,
)
from tapes.summary import summarise
from tapes.synth import MarketParameters, Preset, make_tape, preset

TAPES_FOLDER = Path("tapes")
_DAY_US = 86_400_000_000


def add_tape_parser(subparsers: Commands) -> None:
    """Add `tape` and its sub-commands; each sets `handler`, a function of the parsed arguments."""
    tape = subparsers.add_parser("tape", help="make, show and export recorded markets")
    commands = tape.add_subparsers(dest="tape_command", required=True, metavar="COMMAND")
    add_import_options(commands).set_defaults(handler=run_import)
    add_recording_options(commands).set_defaults(handler=run_from_db)
    add_synth_options(commands).set_defaults(handler=run_synth)
    add_show_options(commands).set_defaults(handler=run_show)
    add_export_options(commands).set_defaults(handler=run_export)


def run_import(arguments: Namespace) -> int:
    """Import files into one tape."""
    files: tuple[Path, ...] = tuple(arguments.files)
    columns = _columns(arguments)
    with _tape_errors():
        if len(files) == 1 and columns.kind is SourceKind.AUTO and exported_manifest(files[0]):
            return _restore(arguments, files[0])
        for file in files:
            if not file.is_file():
                found = "a folder" if file.is_dir() else "no such file"
                raise UserError(f"{file} cannot be imported: {found}", "check the path")
        symbol = arguments.symbol or symbol_in(files[0], columns)
        units = find_units(symbol, arguments.tick, arguments.step, arguments.config)
        request = ImportRequest(
            files=files,
            target=arguments.out or TAPES_FOLDER / units.symbol,
            symbol=units.symbol,
            tick_size=units.tick_size,
            qty_step=units.qty_step,
            columns=columns,
            tolerate=arguments.tolerate / 100,
            declare_gaps_us=_declared_us(arguments.declare_gaps),
            replace=arguments.replace,
        )
        total = sum(file.stat().st_size for file in files)
        with progress_bar(total, "importing", "bytes", quiet=_quiet(arguments)) as progress:
            outcome = import_files(request, lambda done, _: progress.update(done))
        made = TapeMade(
            tape=summarise(outcome.tape),
            faults=outcome.counters.met(),
            notes=_import_notes(units, outcome.tape, outcome.counters.files_newest_first),
        )
    emit(made, arguments.json, show_made)
    return ExitCode.DONE


def run_from_db(arguments: Namespace) -> int:
    """Make or extend a tape from the database."""
    # The database's packages take longer to load than most commands to run.
    from backtest.commands.from_db import recorded

    with _tape_errors():
        units = find_units(arguments.symbol, arguments.tick, arguments.step, arguments.config)
        target = arguments.out or TAPES_FOLDER / units.symbol
        found = recorded(arguments, units, target)
    emit(found, arguments.json, show_recorded)
    return ExitCode.DONE


def run_synth(arguments: Namespace) -> int:
    """Make a synthetic market."""
    with _tape_errors():
        parameters = _parameters(arguments)
        name = arguments.preset or "synthetic"
        target = arguments.out or TAPES_FOLDER / f"{parameters.symbol}-{name}"
        total = parameters.rows or parameters.duration_us
        unit = "trades" if parameters.rows else "us"
        with progress_bar(total, "making a market", unit, quiet=_quiet(arguments)) as progress:
            tape = make_tape(
                target,
                parameters,
                replace=arguments.replace,
                on_progress=lambda done, _: progress.update(done),
            )
        made = TapeMade(tape=summarise(tape), faults=(), notes=())
    emit(made, arguments.json, show_made)
    return ExitCode.DONE


def run_show(arguments: Namespace) -> int:
    """Show a tape, on request after verifying its hashes."""
    with _tape_errors():
        tape = Tape.open(arguments.tape)
        if arguments.verify:
            tape.verify()
        shown = TapeShown(tape=summarise(tape), verified=True if arguments.verify else None)
    emit(shown, arguments.json, show_shown)
    return ExitCode.DONE


def run_export(arguments: Namespace) -> int:
    """Write a tape as Parquet."""
    with _tape_errors():
        tape = Tape.open(arguments.tape)
        manifest = tape.manifest
        total = manifest.trade_rows + manifest.ticker_rows
        with progress_bar(total, "exporting", "rows", quiet=_quiet(arguments)) as progress:
            files = export_parquet(
                tape, arguments.file, replace=arguments.replace, on_rows=progress.update
            )
    exported = TapeExported(
        tape=str(tape.path),
        files=tuple(str(file) for file in files),
        trade_rows=manifest.trade_rows,
        ticker_rows=manifest.ticker_rows,
    )
    emit(exported, arguments.json, show_exported)
    return ExitCode.DONE


@contextmanager
def _tape_errors() -> Iterator[None]:
    """Turn a tape's errors into the command line's: exit 2 when the disk refused, else 1."""
    try:
        yield
    except TapeNotWritten as error:
        raise RunFailed(_told(error), error.mend) from error
    except TapeError as error:
        raise UserError(_told(error), error.mend) from error


def _told(error: TapeError) -> str:
    return f"{error.what}: expected {error.expected}, found {error.found}"


def _restore(arguments: Namespace, file: Path) -> int:
    """Restore an exported tape; its metadata states everything, so no option may contradict it."""
    given = [name for name in ("symbol", "tick", "step") if getattr(arguments, name) is not None]
    if given or arguments.declare_gaps is not None:
        raise UserError(
            f"{file.name} was made by `tape export` and states its symbol, tick, step and gaps",
            "leave those options out, or import it as named columns with --format columns",
        )
    manifest = exported_manifest(file)
    assert manifest is not None
    target = arguments.out or TAPES_FOLDER / manifest.header.symbol
    tape = restore_tape(file, target, replace=arguments.replace)
    note = f"restored from {file.name}, which `tape export` wrote"
    emit(TapeMade(tape=summarise(tape), faults=(), notes=(note,)), arguments.json, show_made)
    return ExitCode.DONE


def _import_notes(units: MarketUnits, tape: Tape, newest_first: int) -> tuple[str, ...]:
    notes = [f"tick {units.tick_size} and step {units.qty_step} from {units.origin}"]
    if newest_first:
        notes.append(f"{newest_first} of the files ran newest first and were turned round")
    if tape.manifest.bars:
        notes.append("made from bars: what happened inside a minute is not known")
    return tuple(notes)


def _columns(arguments: Namespace) -> ColumnOptions:
    return ColumnOptions(
        kind=SourceKind(arguments.format),
        time_unit=TimeUnit(arguments.time_unit),
        time=arguments.time_column,
        price=arguments.price_column,
        size=arguments.size_column,
        side=arguments.side_column,
        trade_id=arguments.id_column,
        symbol=arguments.symbol_column,
        delimiter=arguments.delimiter,
    )


def _declared_us(seconds: Decimal | None) -> int | None:
    return None if seconds is None else int(seconds * 1_000_000)


def _parameters(arguments: Namespace) -> MarketParameters:
    changes: dict[str, object] = {
        "seed": arguments.seed,
        "rows": arguments.rows,
        "duration_us": None if arguments.days is None else int(arguments.days * _DAY_US),
        "symbol": arguments.symbol,
        "tick_size": arguments.tick,
        "qty_step": arguments.step,
        "start_us": None if arguments.start is None else int(parse_instant(arguments.start)),
        "price": _float(arguments.price),
        "trades_per_second": _float(arguments.trades_per_second),
        "volatility": _float(arguments.volatility_pct, 100),
        "gaps_per_day": _float(arguments.gaps_per_day),
        "jumps_per_day": _float(arguments.jumps_per_day),
        "tickers": arguments.tickers,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    if arguments.preset is None and not ({"rows", "duration_us"} & given.keys()):
        raise UserError(
            "how long should the market be?", "give --rows or --days, or a --preset with a length"
        )
    return preset(Preset(arguments.preset or Preset.DEMO.value), **given)


def _float(value: Decimal | None, divisor: int = 1) -> float | None:
    """Synthetic markets are made of floats; no account is kept in them."""
    return None if value is None else float(value / divisor)


def _quiet(arguments: Namespace) -> bool:
    return bool(arguments.json or arguments.quiet)

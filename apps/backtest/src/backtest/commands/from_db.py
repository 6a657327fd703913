"""The command `backtest tape from-db`: opens the database, plans, writes, tells what was added.

Knows options and how a database refuses; refuses to know rows.
"""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from appkit.exits import RunFailed, UserError
from appkit.progress import progress_bar
from backtest.recordings.job import export_recording
from backtest.recordings.market import RecordedMarket
from backtest.recordings.plan import RecordingPlan, RecordingRequest, make_plan
from backtest.tape_units import MarketUnits
from backtest.tape_views import RowCounts, TapeRecorded
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseRefused, DatabaseSettings, sqlite_path
from grid_db.words import Environment
from tapes import Tape
from tapes.summary import summarise


def recorded(arguments: Namespace, units: MarketUnits, target: Path) -> TapeRecorded:
    """Make or extend the tape at `target`.

    UserError when the database cannot be used as asked, RunFailed when it fails; TapeError as the
    plan and the tape say.
    """
    request = RecordingRequest(
        target=target,
        environment=Environment(arguments.environment),
        symbol=units.symbol,
        tick_size=units.tick_size,
        qty_step=units.qty_step,
        mark_unit=arguments.mark_unit,
        tickers=arguments.tickers,
        replace=arguments.replace,
    )
    with open_recording(arguments.database_url) as database:
        with database.get_readonly_session() as session:
            market = RecordedMarket(session, request.environment, request.symbol)
            plan = make_plan(market, request)
            quiet = bool(arguments.json or arguments.quiet)
            with progress_bar(plan.to_read.total, "reading", "rows", quiet=quiet) as progress:
                tape = export_recording(market, request, plan, progress.update)
        origin = f"tick {units.tick_size} and step {units.qty_step} from {units.origin}"
        return _told(database, request, plan, tape, origin)


@contextmanager
def open_recording(url: str | None) -> Iterator[DatabaseFactory]:
    """The database that a URL or a file names, else the environment, opened for reading.

    UserError when there is none, or its schema is not the one that is known; what fails while it
    is read ends as RunFailed. No message holds a password.
    """
    shown = "the database"
    try:
        database = DatabaseFactory(_settings(url))
        shown = database.shown_url
        path = sqlite_path(database.url)
        if path is not None and not path.is_file():
            raise UserError(
                f"expected the database {path}, found no such file",
                "name it with --database-url, or in GRIDBOT_DATABASE_URL",
            )
        try:
            schema.require_current(database)
            yield database
        finally:
            database.dispose()
    except DatabaseRefused as error:
        raise UserError(str(error)) from error
    except ValidationError as error:
        raise UserError(f"the GRIDBOT_* settings of the database: {_faults(error)}") from error
    except SQLAlchemyError as error:
        # The original cause tells more, and less of the statement's values.
        cause = str(getattr(error, "orig", None) or error).strip()
        raise RunFailed(
            f"{shown} cannot be read: {cause}", "check that it runs and that the address is right"
        ) from error


def _settings(url: str | None) -> DatabaseSettings:
    if url is None:
        return DatabaseSettings(read_only=True)
    address = url if "://" in url else f"sqlite:///{url}"
    return DatabaseSettings.of_url(address, read_only=True)


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)


def _told(
    database: DatabaseFactory,
    request: RecordingRequest,
    plan: RecordingPlan,
    tape: Tape,
    origin: str,
) -> TapeRecorded:
    before = plan.earlier
    had = (
        RowCounts(trades=0, tickers=0)
        if before is None
        else RowCounts(trades=before.manifest.trade_rows, tickers=before.manifest.ticker_rows)
    )
    kept, read = plan.kept, plan.to_read
    notes = [origin, f"recorded in {database.shown_url}"]
    if plan.late:
        notes.append(f"{plan.late:,} rows came late; the tape is written anew from the first on")
    return TapeRecorded(
        tape=summarise(tape),
        database=database.shown_url,
        environment=request.environment.value,
        kept=RowCounts(trades=kept.trades, tickers=kept.tickers),
        read=RowCounts(trades=read.trades, tickers=read.tickers),
        added=RowCounts(
            trades=kept.trades + read.trades - had.trades,
            tickers=kept.tickers + read.tickers - had.tickers,
        ),
        late=plan.late,
        read_from_us=None if before is None else plan.since_us,
        notes=tuple(notes),
    )

"""A comparison begins when every strategy has its grid, and not before it was asked to."""

from typing import Any

import pytest
import sqlalchemy as sa

from appkit.dates import Window
from apps.comparator.tests.little_market import START
from apps.comparator.tests.recording import Recording
from comparator.beginning import judged_run
from comparator.loading.runs import NothingRecorded, RecordedRun, recorded_run
from grid_db import models
from grid_db.types import from_microseconds
from gridcore.clock import SECOND_US, Instant

GRIDS = models.GridStateSnapshot.__table__.c


def begun(recording: Recording, *chosen: Any) -> RecordedRun:
    with recording.database.get_readonly_session() as session:
        return judged_run(session, recorded_run(session, *chosen))


def tickers(recording: Recording, symbol: str = "BTCUSDT") -> list[int]:
    columns = recording.plan.tapes[symbol].tickers
    assert columns is not None
    times: list[int] = columns.time.tolist()
    return times


def test_it_begins_with_the_first_ticker_after_the_grid_was_built(recording: Recording) -> None:
    assert begun(recording).window.start == tickers(recording)[1]


def test_of_several_symbols_it_begins_with_the_first_ticker_of_any_of_them(record: Any) -> None:
    recording: Recording = record("BTCUSDT", "ETHUSDT", "SOLUSDT")
    seconds = [tickers(recording, symbol)[1] for symbol in recording.plan.tapes]

    assert begun(recording).window.start == min(seconds)
    # All that share the wallet are played, so one of them alone begins with all.
    assert begun(recording, None, None, "SOLUSDT").window.start == min(seconds)


def test_a_grid_that_was_built_late_is_waited_for(recording: Recording) -> None:
    built = START + 30 * SECOND_US
    recording.change(
        sa.delete(models.GridStateSnapshot).where(GRIDS.exchange_ts < from_microseconds(built))
    )
    with recording.database.get_readonly_session() as session:
        first = session.execute(sa.select(sa.func.min(GRIDS.exchange_ts))).scalar_one()

    start = begun(recording).window.start

    assert from_microseconds(start) > first
    assert start in tickers(recording)


def test_a_bot_that_went_on_with_its_grid_is_compared_from_its_start_on(
    recording: Recording,
) -> None:
    moment = from_microseconds(START - SECOND_US)
    recording.change(
        sa.update(models.Run).values(start_ts=moment),
        sa.update(models.GridStateSnapshot)
        .where(GRIDS.exchange_ts == from_microseconds(START))
        .values(exchange_ts=moment),
    )

    assert begun(recording).window.start == tickers(recording)[0]


def test_it_does_not_begin_before_it_was_asked_to(recording: Recording) -> None:
    asked = Instant(START + 60 * SECOND_US)

    run = begun(recording, None, Window(start=asked, end=None))

    assert run.window.start == min(at for at in tickers(recording) if at >= asked)


def test_without_a_ticker_there_is_nothing_to_begin_with(recording: Recording) -> None:
    recording.change(sa.delete(models.TickerSnapshot))

    with pytest.raises(NothingRecorded, match="no ticker of BTCUSDT was recorded"):
        begun(recording)

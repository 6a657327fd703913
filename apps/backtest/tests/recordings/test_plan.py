"""What an export decides to keep and to read."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backtest.recordings.job import export_recording
from backtest.recordings.market import RecordedMarket
from backtest.recordings.plan import RecordingPlan, RecordingRequest, Rows, make_plan
from grid_db.words import Environment
from tapes import Tape, TapeError

Look = Callable[..., RecordedMarket]


@pytest.fixture
def request_of(tmp_path: Path) -> Callable[..., RecordingRequest]:
    def make(**changes: Any) -> RecordingRequest:
        request = RecordingRequest(
            target=tmp_path / "tape",
            environment=Environment.SIM,
            symbol="BTCUSDT",
            tick_size="0.5",
            qty_step="0.001",
            mark_unit="0.01",
        )
        return replace(request, **changes)

    return make


@pytest.fixture
def exported(market: Look) -> Callable[[RecordingRequest], Tape]:
    def export(request: RecordingRequest) -> Tape:
        found = market()
        return export_recording(found, request, make_plan(found, request))

    return export


def test_a_new_tape_reads_everything(recording: Any, market: Look, request_of: Any) -> None:
    recording.trade(1000)
    recording.trade(2000)
    recording.ticker(1500)

    plan = make_plan(market(), request_of())

    assert plan.earlier is None
    assert (plan.kept, plan.to_read) == (Rows(trades=0, tickers=0), Rows(trades=2, tickers=1))
    assert plan.new == plan.to_read.total == 3
    assert plan.header.source == "recording of sim: trades and tickers"
    assert (plan.header.mark_unit, plan.header.funding_unit) == ("0.01", "0.00000001")


def test_the_mark_unit_follows_from_the_step_unless_it_is_given(
    recording: Any, market: Look, request_of: Any
) -> None:
    recording.trade(1000)
    recording.ticker(1000)

    assert make_plan(market(), request_of(mark_unit=None)).header.mark_unit == "0.00001"


@pytest.mark.parametrize(("asked", "has"), [(None, False), (True, True), (False, False)])
def test_a_recording_without_tickers_makes_a_tape_of_trades_unless_told(
    recording: Any, market: Look, request_of: Any, asked: bool | None, has: bool
) -> None:
    recording.trade(1000)

    plan = make_plan(market(), request_of(tickers=asked))

    assert plan.with_tickers is has
    assert (plan.header.mark_unit is not None) is has


def test_only_the_last_time_and_what_came_since_is_read_again(
    recording: Any, market: Look, request_of: Any, exported: Any, at: Callable[[int], int]
) -> None:
    for ms in (1000, 2000, 2000):
        recording.trade(ms)
    exported(request_of())
    recording.trade(2000)
    recording.trade(3000)

    plan = make_plan(market(), request_of())

    assert plan.since_us == at(2000)
    assert (plan.kept.trades, plan.to_read.trades, plan.new, plan.late) == (1, 4, 2, 0)


def test_rows_that_filled_a_gap_are_read_from_the_first_on(
    recording: Any, market: Look, request_of: Any, exported: Any, at: Callable[[int], int]
) -> None:
    for ms in (1000, 2000, 8000, 9000):
        recording.trade(ms)
        recording.ticker(ms)
    exported(request_of())
    recording.trade(5000)
    recording.trade(4000)
    recording.trade(9500)

    plan = make_plan(market(), request_of())

    assert plan.since_us == at(4000)
    assert plan.kept == Rows(trades=2, tickers=2)
    assert plan.to_read == Rows(trades=5, tickers=2)
    assert (plan.new, plan.late) == (3, 2)


def test_late_tickers_count_like_late_trades(
    recording: Any, market: Look, request_of: Any, exported: Any, at: Callable[[int], int]
) -> None:
    for ms in (1000, 2000):
        recording.trade(ms)
    recording.ticker(2000)
    exported(request_of())
    recording.ticker(1500)

    plan = make_plan(market(), request_of())

    assert (plan.since_us, plan.late, plan.new) == (at(1500), 1, 1)


def test_with_nothing_new_the_plan_says_so(
    recording: Any, market: Look, request_of: Any, exported: Any
) -> None:
    recording.trade(1000)
    exported(request_of())

    assert make_plan(market(), request_of()).new == 0


def test_without_rows_the_error_lists_what_was_recorded(
    recording: Any, market: Look, request_of: Any
) -> None:
    with pytest.raises(TapeError, match="found no trades in sim at all"):
        make_plan(market(), request_of())
    recording.symbol = "ETHUSDT"
    recording.trade(1000)

    with pytest.raises(TapeError, match="recorded there: ETHUSDT"):
        make_plan(market(), request_of())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tick_size": "0.1"}, "another tick size"),
        ({"qty_step": "0.0001"}, "another qty step"),
        ({"mark_unit": "0.001"}, "another mark unit"),
        ({"tickers": False}, "another source"),
    ],
)
def test_a_tape_made_otherwise_is_not_extended(
    recording: Any, market: Look, request_of: Any, exported: Any, changes: Any, words: str
) -> None:
    recording.trade(1000)
    recording.ticker(1000)
    exported(request_of())

    with pytest.raises(TapeError, match=words):
        make_plan(market(), request_of(**changes))
    plan: RecordingPlan = make_plan(market(), request_of(replace=True, **changes))
    assert plan.earlier is None


@pytest.mark.parametrize("ms", [2000, 3000])
def test_a_tape_with_rows_that_the_recording_lacks_is_of_another_one(
    recording: Any, market: Look, request_of: Any, exported: Any, at: Any, ms: int
) -> None:
    for each in (1000, 2000, 3000):
        recording.trade(each)
    exported(request_of())
    with recording.database.outside_transactions() as connection:
        connection.exec_driver_sql("DELETE FROM public_trades WHERE exchange_ts = ?", (at(ms),))

    with pytest.raises(TapeError, match="it has trades that this database lacks"):
        make_plan(market(), request_of())


def test_rows_that_were_pruned_since_stay_on_the_tape(
    recording: Any, market: Look, request_of: Any, exported: Any, at: Callable[[int], int]
) -> None:
    for each in (1000, 2000, 3000):
        recording.trade(each)
    exported(request_of())
    with recording.database.outside_transactions() as connection:
        connection.exec_driver_sql("DELETE FROM public_trades WHERE exchange_ts < ?", (at(3000),))
    recording.trade(4000)

    plan = make_plan(market(), request_of())

    assert (plan.since_us, plan.kept.trades, plan.new) == (at(3000), 2, 1)

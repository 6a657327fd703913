from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from appkit.dates import Window, parse_window
from appkit.exits import UserError
from apps.comparator.tests.little_market import START
from apps.comparator.tests.recording import LEAD_US, Recording
from comparator.loading.runs import NothingRecorded, RecordedRun, recorded_run
from comparator.loading.spans import Span
from grid_db import models
from grid_db.records import Gap
from grid_db.repositories import as_admin
from grid_db.types import from_microseconds
from grid_db.words import Environment, GapState, RunType, Stream
from gridcore.clock import HOUR_US, SECOND_US, Instant

RUNS = models.Run.__table__.c


def found(recording: Recording, *chosen: object) -> RecordedRun:
    with recording.database.get_readonly_session() as session:
        return recorded_run(session, *chosen)  # type: ignore[arg-type]


def begin_of(recording: Recording, run_id: str, seconds: int) -> sa.Update:
    """Moves the start of a run after the market's."""
    moved = from_microseconds(START + seconds * SECOND_US)
    return sa.update(models.Run).where(RUNS.run_id == run_id).values(start_ts=moved)


def test_without_an_id_it_is_the_latest_recording_run(recording: Recording) -> None:
    run = found(recording)

    assert run.run_id == recording.recording_run == run.recorder_run
    assert run.run_type is RunType.RECORDING
    assert (run.account_id, run.environment) == (recording.account_id, Environment.SIM)
    assert run.setup == recording.setup
    assert (run.holes, run.faults, run.is_mixed) == ((), (), False)


def test_a_recording_run_is_of_every_strategy_that_traded_then(
    record: Callable[..., Recording],
) -> None:
    recording = record("BTCUSDT", "ETHUSDT")

    run = found(recording)

    told = [(one.strat_id, one.symbol, one.run_ids) for one in run.strategies]
    assert told == [
        (f"grid-{symbol}", symbol, (recording.live_runs[symbol],))
        for symbol in ("BTCUSDT", "ETHUSDT")
    ]
    assert [one.setup for one in run.strategies] == list(run.setups)


def test_a_live_run_is_one_strategy_of_an_account(record: Callable[..., Recording]) -> None:
    """The set-up is of the whole account still: its strategies share one wallet."""
    recording = record("BTCUSDT", "ETHUSDT")

    run = found(recording, recording.live_runs["ETHUSDT"])

    assert run.symbols == ("ETHUSDT",)
    assert len(run.setups) == 2
    assert run.instrument("ETHUSDT") == recording.plan.symbols["ETHUSDT"].instrument
    assert run.instrument("XRPUSDT") is None


def test_a_symbol_chooses_its_strategy(record: Callable[..., Recording]) -> None:
    recording = record("BTCUSDT", "ETHUSDT")

    assert found(recording, None, None, "ETHUSDT").symbols == ("ETHUSDT",)
    with pytest.raises(UserError, match="a symbol that the run traded, found 'XRPUSDT'"):
        found(recording, None, None, "XRPUSDT")


def test_the_window_is_the_time_that_both_bot_and_recorder_were_there(
    recording: Recording,
) -> None:
    """The last instant of a run belongs to it."""
    whole = Span(start=START, end=Instant(recording.outcome.end + 1))
    assert found(recording).window == whole

    recording.change(begin_of(recording, recording.recording_run, 5))

    assert found(recording).window.start == START + 5 * SECOND_US


def test_a_window_asked_for_cuts_it(recording: Recording) -> None:
    asked = Window(start=Instant(START + 60 * SECOND_US), end=Instant(START + 90 * SECOND_US))

    window = found(recording, None, asked).window

    assert (window.start, window.end) == (asked.start, asked.end)


def test_dates_without_a_zone_are_utc_and_an_end_is_its_whole_day(recording: Recording) -> None:
    whole = found(recording).window

    assert found(recording, None, parse_window("2026-01-01", "2026-01-01")).window == whole
    cut = found(recording, None, parse_window("2026-01-01 01:01", None)).window
    assert cut.start == START + 60 * SECOND_US


def test_a_window_outside_the_run_is_refused(recording: Recording) -> None:
    later = Window(start=Instant(START + 9 * HOUR_US), end=None)

    with pytest.raises(UserError, match=r"was recorded from 2026-01-01 01:00:00 to .* not in the"):
        found(recording, None, later)


def goes_on(recording: Recording) -> None:
    recording.change(sa.update(models.Run).values(end_ts=None, status="running"))


def test_a_run_that_goes_on_ends_with_what_is_recorded_so_far(recording: Recording) -> None:
    goes_on(recording)

    assert found(recording).window.end == recording.outcome.end + 1


def test_a_window_beyond_what_is_recorded_so_far_stays(recording: Recording) -> None:
    """So that it is seen that data are stale."""
    goes_on(recording)
    end = Instant(recording.outcome.end + HOUR_US)

    assert found(recording, None, Window(start=None, end=end)).window.end == end


def test_an_unknown_run_is_refused_with_the_newest_ones(recording: Recording) -> None:
    with pytest.raises(UserError, match="the id of a run of an account, found 'x'") as refused:
        found(recording, "x")

    assert recording.live_run in (refused.value.hint or "")


def test_a_backtest_run_is_refused(recording: Recording) -> None:
    recording.change(
        sa.update(models.Run)
        .where(RUNS.run_id == recording.live_run)
        .values(run_type=RunType.BACKTEST)
    )

    with pytest.raises(UserError, match="is a backtest run"):
        found(recording, recording.live_run)


def test_without_any_recorder_nothing_is_recorded(recording: Recording) -> None:
    recording.change(sa.delete(models.Run).where(RUNS.run_type == RunType.RECORDING))

    with pytest.raises(NothingRecorded, match="no recording run"):
        found(recording)
    with pytest.raises(NothingRecorded, match="no recorder was alive"):
        found(recording, recording.live_run)


def test_without_any_bot_nothing_is_recorded(recording: Recording) -> None:
    recording.change(sa.delete(models.Run).where(RUNS.run_type == RunType.LIVE))

    with pytest.raises(NothingRecorded, match="no bot traded the account"):
        found(recording)


def test_a_run_of_before_set_ups_were_kept_says_so(recording: Recording) -> None:
    told = '{"strategy": {"strat_id": "grid-BTCUSDT", "symbol": "BTCUSDT"}, "fencing": 1}'
    recording.change(
        sa.update(models.Run).where(RUNS.run_type == RunType.LIVE).values(config_snapshot=told)
    )

    run = found(recording)

    assert (run.setup, run.setups, run.symbols) == (None, (), ("BTCUSDT",))
    assert "keeps no set-up" in run.faults[0]


def test_a_run_that_does_not_say_what_it_ran_is_nothing(recording: Recording) -> None:
    recording.change(sa.update(models.Run).values(config_snapshot="nonsense"))

    with pytest.raises(NothingRecorded, match="does not say which strategy it ran"):
        found(recording)


def test_a_bot_that_was_started_again_with_another_configuration_is_mixed(
    recording: Recording,
) -> None:
    """Of two lives with one configuration, the second simply goes on."""
    second = "11111111-0000-4000-8000-000000000009"
    columns = list(models.Run.__table__.c)
    values = [sa.literal(second) if column.name == "run_id" else column for column in columns]
    again = sa.insert(models.Run).from_select(
        [column.name for column in columns],
        sa.select(*values).where(RUNS.run_id == recording.live_run),
    )
    recording.change(again, begin_of(recording, second, 30))

    run = found(recording)
    assert run.strategies[0].run_ids == (recording.live_run, second)
    assert not run.is_mixed

    recording.change(
        sa.update(models.Run)
        .where(RUNS.run_id == second)
        .values(config_snapshot=sa.func.replace(RUNS.config_snapshot, "c0ffee", "c0ffef"))
    )
    assert found(recording).is_mixed


def gap(recording: Recording, stream: Stream, **changes: object) -> Gap:
    private = stream not in (Stream.TRADES, Stream.TICKERS)
    start = from_microseconds(START + 60 * SECOND_US)
    fields: dict[str, object] = {
        "gap_id": f"33333333-0000-4000-8000-{stream.value:>12}",
        "environment": Environment.SIM,
        "account_id": recording.account_id if private else None,
        "stream": stream,
        "symbol": None if private else "BTCUSDT",
        "from_ts": start,
        "to_ts": start + timedelta(seconds=10),
        "reason": "disconnect",
    }
    return Gap(**(fields | changes))  # type: ignore[arg-type]


def enter(recording: Recording, *gaps: Gap) -> None:
    with recording.database.get_session() as session:
        as_admin(session).gaps.record(gaps, from_microseconds(START))


def test_gaps_that_were_not_filled_are_holes(recording: Recording) -> None:
    """Both ends of a gap belong to it."""
    enter(recording, gap(recording, Stream.TRADES), gap(recording, Stream.EXECUTIONS))

    holes = found(recording).holes

    at = START + 60 * SECOND_US
    span = Span(start=Instant(at), end=Instant(at + 10 * SECOND_US + 1))
    assert [(hole.stream, hole.symbol, hole.span) for hole in holes] == [
        (Stream.EXECUTIONS, None, span),
        (Stream.TRADES, "BTCUSDT", span),
    ]


def test_gaps_that_are_filled_or_of_others_are_no_holes(recording: Recording) -> None:
    before = from_microseconds(START - 60 * SECOND_US)
    enter(
        recording,
        gap(recording, Stream.TRADES, state=GapState.FILLED),
        gap(recording, Stream.TICKERS, symbol="XRPUSDT"),
        gap(recording, Stream.ORDERS, from_ts=before, to_ts=before),
    )

    assert found(recording).holes == ()


def test_a_time_without_a_recorder_is_a_hole_in_every_stream(recording: Recording) -> None:
    cut = START + 30 * SECOND_US
    recording.change(
        sa.update(models.Run)
        .where(RUNS.run_id == recording.recording_run)
        .values(end_ts=from_microseconds(cut))
    )
    with recording.database.get_session() as session:
        rows = as_admin(session)
        first = rows.runs.get(recording.recording_run)
        assert first is not None
        rows.runs.start(
            replace(
                first,
                run_id="22222222-0000-4000-8000-000000000002",
                start_ts=from_microseconds(cut + 20 * SECOND_US),
                end_ts=None,
            )
        )

    run = found(recording)

    assert {hole.span for hole in run.holes} == {
        Span(start=Instant(cut + 1), end=Instant(cut + 20 * SECOND_US))
    }
    assert {hole.stream for hole in run.holes} == set(Stream)
    assert [one.run_id[-1] for one in run.recorders] == ["1", "2"]
    late = Window(start=Instant(cut + 25 * SECOND_US), end=None)
    assert found(recording, None, late).recorder_run[-1] == "2"


def test_the_recorder_was_there_before_the_bot(recording: Recording) -> None:
    """A seed needs rows of before (V-3)."""
    assert found(recording).recorders[0].span.start == START - LEAD_US

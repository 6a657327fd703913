"""Tapes that are made of a recording, and extended by it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backtest.recordings.columns import TICKER_SEQ
from backtest.recordings.job import export_recording
from backtest.recordings.market import RecordedMarket
from backtest.recordings.plan import RecordingRequest, make_plan
from grid_db import pruning, schema
from grid_db.factory import DatabaseFactory
from grid_db.records import PublicTrade, TickerSnapshot
from grid_db.repositories import as_admin
from grid_db.settings import DatabaseSettings
from grid_db.types import from_microseconds
from grid_db.words import Environment, GapState, Stream
from gridcore.sides import SideType
from tapes import UNKNOWN, Gap, Tape, TapeError
from tapes.synth import Preset, make_tape, preset

Export = Callable[..., Tape]


@pytest.fixture
def export(market: Callable[..., RecordedMarket], tmp_path: Path) -> Export:
    """Makes or extends the tape `name` of the recording as it is now."""

    def run(name: str = "tape", heard: list[int] | None = None, **changes: Any) -> Tape:
        request = RecordingRequest(
            **{
                "target": tmp_path / name,
                "environment": Environment.SIM,
                "symbol": "BTCUSDT",
                "tick_size": "0.5",
                "qty_step": "0.001",
                "mark_unit": "0.01",
                **changes,
            }
        )
        found = market()
        plan = make_plan(found, request)
        on_progress = (lambda rows: None) if heard is None else heard.append
        return export_recording(found, request, plan, on_progress)

    return run


def test_the_tape_has_what_was_recorded_in_the_markets_order(
    recording: Any, export: Export, at: Callable[[int], int]
) -> None:
    recording.trade(2000, "101.0", "0.003", SideType.SELL, seq=8)
    recording.trade(2000, "100.5", "0.002", None, seq=7)
    recording.trade(1000, "100.0", "1.5")
    recording.ticker(2000, bid=None)
    heard: list[int] = []

    tape = export(heard=heard)

    trades, tickers = tape.trades, tape.tickers
    assert tickers is not None
    assert trades.seq is not None
    assert trades.time.tolist() == [at(1000), at(2000), at(2000)]
    assert trades.price.tolist() == [200, 201, 202]
    assert trades.size.tolist() == [1500, 2, 3]
    assert trades.side.tolist() == [1, 0, -1]
    assert trades.seq.tolist() == [0, 0, 1]
    assert (tickers.time.tolist(), tickers.seq.tolist()) == ([at(2000)], [TICKER_SEQ])
    assert (tickers.bid.tolist(), tickers.ask.tolist()) == ([UNKNOWN], [201])
    assert (tickers.mark.tolist(), tickers.funding.tolist()) == ([10037], [-10000])
    assert max(trades.seq.tolist()) < min(tickers.seq.tolist()), "trades before their ticker"
    assert heard == [3, 4]
    tape.verify()


def test_the_gap_ledger_is_in_the_manifest(
    recording: Any, export: Export, at: Callable[[int], int]
) -> None:
    for ms in (0, 1000, 9000):
        recording.trade(ms)
        recording.ticker(ms)
    recording.gap(1000, 4000)
    recording.gap(2000, 3000, state=GapState.FILLED, reason="filled before")
    recording.gap(5000, 6000, stream=Stream.TICKERS, state=GapState.UNRECOVERABLE, symbol=None)
    recording.gap(5500, 7000, symbol="ETHUSDT")

    tape = export()

    assert tape.manifest.gaps == (
        Gap(start_us=at(1000), end_us=at(4000), reason="trades: disconnect (open)"),
        Gap(start_us=at(5000), end_us=at(6000), reason="tickers: disconnect (unrecoverable)"),
    )


def test_an_extended_tape_is_the_tape_made_at_once(recording: Any, export: Export) -> None:
    gap = recording.gap(2000, 8000)
    for ms in (1000, 2000, 8000, 9000):
        recording.trade(ms)
        recording.ticker(ms)
    first = export()
    assert len(first.manifest.gaps) == 1
    for ms in (3000, 9000, 9000, 12000):
        recording.trade(ms)
    recording.ticker(11_000)
    recording.filled(gap)

    extended = export()

    assert extended.manifest == export("at-once").manifest
    assert extended.manifest.gaps == ()
    assert len(extended.trades) == 8
    extended.verify()


def test_a_tape_to_which_nothing_comes_is_left_as_it_is(recording: Any, export: Export) -> None:
    recording.trade(1000)
    recording.ticker(1000)
    first = export()
    made_at = (first.path / "manifest.json").stat().st_mtime_ns

    again = export()

    assert again.manifest == first.manifest
    assert (again.path / "manifest.json").stat().st_mtime_ns == made_at


def test_a_gap_that_ended_without_rows_changes_the_manifest_alone(
    recording: Any, export: Export
) -> None:
    recording.trade(1000)
    recording.trade(5000)
    gap = recording.gap(2000, 3000)
    first = export()
    recording.filled(gap)

    again = export()

    assert len(first.manifest.gaps) == 1
    assert again.manifest.gaps == ()
    assert again.manifest.columns == first.manifest.columns


def test_what_was_pruned_since_stays_on_the_tape_with_its_gaps(
    recording: Any, export: Export, at: Callable[[int], int]
) -> None:
    for ms in (0, 1000, 2000, 5000, 6000):
        recording.trade(ms)
        recording.ticker(ms)
    recording.gap(1000, 2000, state=GapState.UNRECOVERABLE)
    first = export()
    before = from_microseconds(at(4000))
    pruning.prune(recording.database, list(pruning.Prunable), before)
    recording.trade(7000)

    extended = export()

    assert extended.trades.time.tolist() == [*first.trades.time.tolist(), at(7000)]
    assert extended.manifest.gaps == first.manifest.gaps
    assert [gap.reason for gap in export("fresh").manifest.gaps] == []


def test_what_was_pruned_before_it_was_read_is_a_gap(
    recording: Any, export: Export, at: Callable[[int], int]
) -> None:
    recording.trade(0)
    recording.trade(1000)
    export()
    for ms in (2000, 3000, 8000):
        recording.trade(ms)
    pruning.prune(recording.database, list(pruning.Prunable), from_microseconds(at(4000)))

    extended = export()

    assert extended.trades.time.tolist() == [at(0), at(1000), at(8000)]
    assert extended.manifest.gaps == (
        Gap(start_us=at(1000), end_us=at(3000), reason="trades: pruned (unrecoverable)"),
    )


def test_tickers_of_which_all_were_pruned_stay_on_the_tape(
    recording: Any, export: Export, at: Callable[[int], int]
) -> None:
    gap = recording.gap(1000, 5000)
    for ms in (1000, 5000):
        recording.trade(ms)
        recording.ticker(ms)
    assert len(export().manifest.gaps) == 1
    pruning.prune(recording.database, [pruning.Prunable.TICKERS], from_microseconds(at(9000)))
    recording.trade(6000)
    recording.filled(gap)

    extended = export()

    assert extended.tickers is not None
    assert extended.tickers.time.tolist() == [at(1000), at(5000)]
    assert extended.manifest.gaps == ()


def test_a_unit_that_does_not_divide_leaves_the_old_tape(recording: Any, export: Export) -> None:
    recording.trade(1000)
    first = export()
    recording.trade(2000, "100.7")

    with pytest.raises(TapeError, match=r"multiples of the tick size 0.5, found 100.7"):
        export()
    assert Tape.open(first.path).manifest == first.manifest
    assert [path.name for path in first.path.parent.glob(".*")] == []


def test_a_tape_is_replaced_when_asked(recording: Any, export: Export) -> None:
    recording.trade(1000, "100.0")
    recording.trade(2000, "101.0")
    export()

    tape = export(replace=True, tick_size="0.25")

    assert tape.trades.price.tolist() == [400, 404]


def times(units: int | None, unit: Decimal) -> Decimal | None:
    return None if units is None else units * unit


def store(database: DatabaseFactory, tape: Tape) -> None:
    """Record a tape as event_saver records a market."""
    header = tape.manifest.header
    tick, step = Decimal(header.tick_size), Decimal(header.qty_step)
    sides = {1: SideType.BUY, -1: SideType.SELL, 0: None}
    trades = [
        PublicTrade(
            environment=Environment.SIM,
            symbol=header.symbol,
            trade_id=f"t-{row}",
            exchange_ts=from_microseconds(int(tape.trades.time[row])),
            local_ts=from_microseconds(int(tape.trades.time[row])) + timedelta(seconds=1),
            side=sides[int(tape.trades.side[row])],
            price=int(tape.trades.price[row]) * tick,
            size=int(tape.trades.size[row]) * step,
        )
        for row in range(len(tape.trades))
    ]
    tickers = []
    if tape.tickers is not None:
        assert header.mark_unit is not None
        assert header.funding_unit is not None
        for row in map(tape.tickers.row, range(len(tape.tickers))):
            assert row.last is not None
            tickers.append(
                TickerSnapshot(
                    environment=Environment.SIM,
                    symbol=header.symbol,
                    exchange_ts=from_microseconds(row.time_us),
                    local_ts=from_microseconds(row.time_us),
                    last_price=row.last * tick,
                    mark_price=times(row.mark, Decimal(header.mark_unit)),
                    bid1_price=times(row.bid, tick),
                    ask1_price=times(row.ask, tick),
                    funding_rate=times(row.funding, Decimal(header.funding_unit)),
                )
            )
    with database.get_session() as session:
        as_admin(session).trades.record(trades)
        as_admin(session).tickers.record(tickers)


def test_a_tape_goes_to_the_database_and_comes_back_equal(
    recording: Any, export: Export, tmp_path: Path
) -> None:
    market = preset(
        Preset.DEMO, rows=3000, duration_us=None, seed=3, gaps_per_day=0.0, tickers=True
    )
    source = make_tape(tmp_path / "source", market)
    header = source.manifest.header
    units = {
        "tick_size": header.tick_size,
        "qty_step": header.qty_step,
        "mark_unit": header.mark_unit,
    }
    store(recording.database, source)

    first = export("first", **units)

    assert first.tickers is not None
    assert source.tickers is not None
    for name in ("time", "price", "size", "side"):
        assert getattr(first.trades, name).tolist() == getattr(source.trades, name).tolist()
    for name in ("time", "last", "bid", "ask", "mark", "funding"):
        assert getattr(first.tickers, name).tolist() == getattr(source.tickers, name).tolist()
    with recording.database.get_session() as session:
        for table in ("public_trades", "ticker_snapshots"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    store(recording.database, first)
    assert export("second", **units).manifest == first.manifest


@pytest.mark.untraced
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=8), min_size=1, max_size=4
    )
)
def test_however_often_it_is_extended_it_is_the_tape_made_at_once(
    tmp_path_factory: pytest.TempPathFactory,
    parts: list[list[tuple[int, bool]]],
) -> None:
    folder = tmp_path_factory.mktemp("extended")
    database = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{folder / 'grid.db'}"))
    schema.upgrade(database)
    request = RecordingRequest(
        target=folder / "tape",
        environment=Environment.SIM,
        symbol="BTCUSDT",
        tick_size="1",
        qty_step="1",
        tickers=True,
    )
    at_once = RecordingRequest(
        target=folder / "at-once",
        environment=Environment.SIM,
        symbol="BTCUSDT",
        tick_size="1",
        qty_step="1",
        tickers=True,
    )
    count = 0

    def made(asked: RecordingRequest) -> Tape:
        with database.get_readonly_session() as session:
            found = RecordedMarket(session, Environment.SIM, "BTCUSDT")
            return export_recording(found, asked, make_plan(found, asked))

    for part in [[(15, True)], *parts]:
        with database.get_session() as session:
            for second, is_trade in part:
                count += 1
                at = from_microseconds((1_767_229_200 + second) * 1_000_000)
                if is_trade:
                    as_admin(session).trades.record(
                        [
                            PublicTrade(
                                environment=Environment.SIM,
                                symbol="BTCUSDT",
                                trade_id=f"t-{count}",
                                exchange_ts=at,
                                local_ts=at,
                                side=SideType.BUY,
                                price=Decimal(count),
                                size=Decimal(1),
                            )
                        ]
                    )
                else:
                    as_admin(session).tickers.record(
                        [
                            TickerSnapshot(
                                environment=Environment.SIM,
                                symbol="BTCUSDT",
                                exchange_ts=at,
                                local_ts=at,
                                last_price=Decimal(count),
                                mark_price=None,
                                bid1_price=None,
                                ask1_price=None,
                                funding_rate=None,
                            )
                        ]
                    )
        extended = made(request)

    assert extended.manifest == made(at_once).manifest
    database.dispose()

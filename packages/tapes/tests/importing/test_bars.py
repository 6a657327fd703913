"""1-minute bars as four rows each."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.errors import TapeError
from tapes.importing.bars import BarRows, bar_trades, merged_bars, read_bars
from tapes.importing.counters import Fault, ImportCounters
from tapes.importing.layouts import BarLayout
from tapes.importing.moments import TimeUnit
from tapes.importing.sources import open_source
from tapes.importing.trade_rows import Market

Write = Callable[..., Path]

HEADER = "timestamp,open,high,low,close,volume"
GOOD = "2026-01-05 22:54:00+00:00,10.0,10.5,9.5,10.2,0.007"
START_US = 1_767_653_640_000_000
MINUTE_US = 60_000_000


def read(path: Path, market: Market) -> tuple[BarRows, ImportCounters]:
    counters = ImportCounters()
    source = open_source(path, ",")
    layout = BarLayout(time="timestamp", volume="volume")
    return read_bars(source, layout, market, TimeUnit.AUTO, counters, 0), counters


def test_a_bar_becomes_open_high_low_close_within_its_minute(write: Write, market: Market) -> None:
    bars, counters = read(write("a.csv", HEADER, GOOD), market)

    trades = bar_trades(bars)

    assert trades.price.tolist() == [100, 105, 95, 102]
    assert (trades.time - START_US).tolist() == [0, 15_000_000, 30_000_000, 59_999_999]
    assert trades.size.tolist() == [1, 1, 1, 4]
    assert trades.side.tolist() == [0, 0, 0, 0]
    assert counters.met() == ()


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("x,10,10.5,9.5,10.2,1", Fault.UNREADABLE),
        ("2026-01-05 22:55:00,10,?,9.5,10.2,1", Fault.UNREADABLE),
        ("2026-01-05 22:55:00,10,10.5,9.5,10.2,", Fault.UNREADABLE),
        ("2026-01-05 22:55:00,10,10.5,0,10.2,1", Fault.NON_POSITIVE),
        ("2026-01-05 22:55:00,10,10.5,0.01,10.2,1", Fault.ROUNDS_TO_ZERO),
        ("2026-01-05 22:55:00,10,10.5,9.5,10.2,-1", Fault.NON_POSITIVE),
        ("2026-01-05 22:55:01,10,10.5,9.5,10.2,1", Fault.OFF_MINUTE),
        ("2026-01-05 22:55:00,10,10.1,9.5,10.2,1", Fault.INCONSISTENT_BAR),
        ("2026-01-05 22:55:00,10,10.5,10.1,10.2,1", Fault.INCONSISTENT_BAR),
    ],
)
def test_a_bar_that_cannot_be_is_dropped_and_counted(
    write: Write, market: Market, row: str, fault: Fault
) -> None:
    bars, counters = read(write("a.csv", HEADER, GOOD, row), market)

    assert len(bars) == 1
    assert [(met.fault, met.count) for met in counters.met()] == [(fault, 1)]


def test_a_minute_without_volume_and_an_off_tick_bar_are_kept(write: Write, market: Market) -> None:
    bars, counters = read(
        write("a.csv", HEADER, "2026-01-05 22:55:00,10.04,10.5,9.5,10.2,0"), market
    )

    trades = bar_trades(bars)

    assert trades.price.tolist() == [100, 105, 95, 102]
    assert trades.size.tolist() == [0, 0, 0, 0]
    assert counters.count(Fault.OFF_TICK) == 1


def table_of(starts: list[int], file: int = 0) -> BarRows:
    rows = [[start * MINUTE_US, 5, 9, 1, 6, 8, file] for start in starts]
    return BarRows(table=np.array(rows, np.int64).T)


def test_files_are_merged_and_a_bar_seen_twice_is_kept_once() -> None:
    counters = ImportCounters()

    bars = merged_bars([table_of([5, 6, 6]), table_of([4, 5], file=1)], counters)

    assert (bars.starts // MINUTE_US).tolist() == [4, 5, 6]
    assert counters.count(Fault.DUPLICATE) == 1
    assert counters.count(Fault.OVERLAP) == 1


def test_longer_bars_are_refused() -> None:
    with pytest.raises(TapeError, match="300 s apart"):
        merged_bars([table_of([0, 5, 10, 15])], ImportCounters())


def test_missing_minutes_are_no_longer_bars() -> None:
    assert len(merged_bars([table_of([0, 1, 2, 30, 31])], ImportCounters())) == 5


@settings(deadline=None, max_examples=50)
@given(volume=st.integers(0, 10**9))
def test_a_bars_volume_is_neither_lost_nor_invented(volume: int) -> None:
    bars = BarRows(table=np.array([[0], [5], [9], [1], [6], [volume], [0]], np.int64))

    assert bar_trades(bars).size.sum() == volume

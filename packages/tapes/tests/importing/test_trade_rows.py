"""Rows of trades: what is good is kept, all else is counted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tapes.importing.counters import Fault, ImportCounters
from tapes.importing.layouts import TradeLayout
from tapes.importing.moments import TimeUnit
from tapes.importing.sources import open_source
from tapes.importing.trade_rows import Market, TradeRows, joined, read_trades

Write = Callable[..., Path]

HEADER = "timestamp,symbol,side,size,price,trdMatchID"
GOOD = "1767653689.2300,BTCUSDT,Buy,0.001,94125.2,a-1"
LAYOUT = TradeLayout(
    time="timestamp",
    price="price",
    size="size",
    side="side",
    trade_id="trdMatchID",
    symbol="symbol",
)


def read(path: Path, market: Market) -> tuple[TradeRows, ImportCounters]:
    counters = ImportCounters()
    rows = read_trades(open_source(path, ","), LAYOUT, market, TimeUnit.AUTO, counters)
    return rows, counters


def test_a_good_row_is_read_in_whole_units(write: Write, market: Market) -> None:
    rows, counters = read(write("a.csv", HEADER, GOOD), market)

    assert rows.time.tolist() == [1_767_653_689_230_000]
    assert (rows.price.tolist(), rows.size.tolist(), rows.side.tolist()) == ([941252], [1], [1])
    assert rows.trade_id[0] != 0
    assert counters.as_numbers() == {"rows_read": 1, "rows_written": 0, "files_newest_first": 0}


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("garbage", Fault.UNREADABLE),
        ("x,BTCUSDT,Buy,0.001,94125.2,a", Fault.UNREADABLE),
        ("1767653689.23,BTCUSDT,Buy,0.001,,a", Fault.UNREADABLE),
        ("1767653689.23,BTCUSDT,Buy,1e,94125.2,a", Fault.UNREADABLE),
        ("1767653689.23,BTCUSDT,bid,0.001,94125.2,a", Fault.UNREADABLE),
        ("1767653689.23,BTCUSDT,Buy", Fault.UNREADABLE),
        ("1767653689230,BTCUSDT,Buy,0.001,94125.2,a", Fault.UNREADABLE),
        ("1767653689.23,ETHUSDT,Buy,0.001,94125.2,a", Fault.OTHER_SYMBOL),
        ("1767653689.23,BTCUSDT,Buy,0,94125.2,a", Fault.NON_POSITIVE),
        ("1767653689.23,BTCUSDT,Buy,0.001,-5,a", Fault.NON_POSITIVE),
        ("1767653689.23,BTCUSDT,Buy,0.0001,94125.2,a", Fault.ROUNDS_TO_ZERO),
    ],
)
def test_a_bad_row_is_dropped_under_its_first_fault_with_line_and_text(
    write: Write, market: Market, row: str, fault: Fault
) -> None:
    rows, counters = read(write("a.csv", HEADER, GOOD, row, GOOD), market)

    assert len(rows) == 2
    assert [(met.fault, met.count) for met in counters.met()] == [(fault, 1)]
    assert counters.examples(fault)[0].line == 3
    assert counters.examples(fault)[0].text == row
    assert counters.rows_read == 3 == len(rows) + counters.rows_dropped


def test_off_tick_and_off_step_rows_are_rounded_half_even_and_kept(
    write: Write, market: Market
) -> None:
    rows, counters = read(
        write(
            "a.csv",
            HEADER,
            "1767653689,BTCUSDT,Buy,0.0025,94125.25,a",
            "1767653690,BTCUSDT,Sell,0.0035,94125.35,b",
        ),
        market,
    )

    assert rows.price.tolist() == [941252, 941254]
    assert rows.size.tolist() == [2, 4]
    assert (counters.count(Fault.OFF_TICK), counters.count(Fault.OFF_STEP)) == (2, 2)


def test_unknown_sides_and_cut_times_are_kept_and_counted(write: Write, market: Market) -> None:
    rows, counters = read(
        write("a.csv", HEADER, "1767653689.2300001,BTCUSDT,,0.001,94125.2,a"), market
    )

    assert rows.side.tolist() == [0]
    assert counters.count(Fault.SIDE_UNKNOWN) == 1
    assert counters.count(Fault.TIME_CUT) == 1


def test_a_file_without_one_readable_time_is_all_unreadable(write: Write, market: Market) -> None:
    rows, counters = read(
        write("a.csv", HEADER, "x,BTCUSDT,Buy,0.001,94125.2,a", "y,BTCUSDT,Buy,1,1,a"), market
    )

    assert len(rows) == 0
    assert counters.count(Fault.UNREADABLE) == 2


def test_columns_that_a_source_lacks_are_unknown(write: Write, market: Market) -> None:
    path = write("a.csv", "time,price,size", "1767653689,5,1")
    layout = TradeLayout(time="time", price="price", size="size")
    counters = ImportCounters()

    rows = read_trades(open_source(path, ","), layout, market, TimeUnit.SECONDS, counters)

    assert (rows.side.tolist(), rows.trade_id.tolist()) == ([0], [0])
    assert counters.met() == ()


def test_rows_can_be_joined_and_picked(write: Write, market: Market) -> None:
    rows, _ = read(write("a.csv", HEADER, GOOD), market)

    assert len(joined([])) == 0
    assert len(joined([rows, rows]).picked(slice(1, None))) == 1

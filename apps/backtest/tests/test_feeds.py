"""Streams against naive loops over the same rows."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.feeds import (
    Bands,
    Outage,
    Stream,
    TickerStream,
    TradeStream,
    outages,
    rows_between,
)
from backtest.wiring import RunPlan
from gridcore.clock import SECOND_US, Instant
from gridcore.instrument import Instrument
from simvenue import SimVenue, VenueBand
from tapes import UNKNOWN, Tape, TickerColumns, TradeColumns
from tapes.scan import load_or_build

START = 1_767_229_200_000_000
BTC = Instrument(
    symbol="BTCUSDT",
    tick_size=Decimal("0.1"),
    qty_step=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    max_qty=Decimal(100),
    min_notional=Decimal(5),
)
ANYTHING = VenueBand(
    trade_low=None, trade_high=None, mark_low=None, mark_high=None, bid_high=None, ask_low=None
)
MakeTape = Callable[..., Tape]

prices = st.integers(1, 12)
bound = st.none() | st.integers(0, 13)


def trade_stream(tape: Tape, number: int = 0, rows: tuple[int, int] | None = None) -> TradeStream:
    whole = (0, len(tape.trades))
    return TradeStream(tape, load_or_build(tape), BTC, number, rows or whole)


def ticker_stream(tape: Tape, number: int = 0) -> TickerStream:
    assert tape.tickers is not None
    return TickerStream(tape, BTC, number, (0, len(tape.tickers)))


TickerNumbers = tuple[int, int | None, int | None, int | None, int | None, int | None]


@pytest.fixture(scope="module")
def trade_template(tmp_path_factory: pytest.TempPathFactory, write_trade_tape: MakeTape) -> Tape:
    """A tape whose rows are replaced: examples by the hundred need no files."""
    return write_trade_tape(tmp_path_factory.mktemp("trades") / "tape", [1000])


@pytest.fixture(scope="module")
def ticker_template(tmp_path_factory: pytest.TempPathFactory, write_ticker_tape: MakeTape) -> Tape:
    return write_ticker_tape(
        tmp_path_factory.mktemp("tickers") / "tape",
        [(0, START, 1000)],
        [(1, (START, 1000, None, None, 10000, None))],
    )


def with_trades(template: Tape, rows: Sequence[tuple[int, int, int]]) -> Tape:
    """The template with other trades (seq, time, price)."""
    columns = np.asarray(rows, dtype=np.int64).T
    trades = TradeColumns(
        time=columns[1].copy(),
        price=columns[2].copy(),
        size=np.ones(len(rows), dtype=np.int64),
        side=np.zeros(len(rows), dtype=np.int8),
        seq=None if template.trades.seq is None else columns[0].copy(),
    )
    return replace(template, folder=None, trades=trades)


def with_tickers(template: Tape, rows: Sequence[TickerNumbers], seqs: Sequence[int]) -> Tape:
    """The template with other tickers."""
    numbers = [[UNKNOWN if one is None else one for one in row] for row in rows]
    time, last, bid, ask, mark, funding = np.asarray(numbers, dtype=np.int64).T.copy()
    tickers = TickerColumns(
        time=time,
        seq=np.asarray(seqs, dtype=np.int64),
        last=last,
        bid=bid,
        ask=ask,
        mark=mark,
        funding=funding,
    )
    return replace(template, folder=None, tickers=tickers)


def inside(value: int, low: int | None, high: int | None) -> bool:
    return (low is None or value > low) and (high is None or value < high)


@given(
    st.lists(prices, min_size=1, max_size=40),
    st.none() | st.tuples(bound, bound),
    bound,
    bound,
    st.data(),
)
@settings(max_examples=60)
def test_a_trade_matters_when_it_leaves_the_band_of_the_session_or_of_the_venue(
    trade_template: Tape,
    column: list[int],
    session: tuple[int | None, int | None] | None,
    low: int | None,
    high: int | None,
    data: st.DataObject,
) -> None:
    limit = data.draw(st.integers(0, len(column)))
    cursor = data.draw(st.integers(0, limit))
    venue = VenueBand(
        trade_low=low, trade_high=high, mark_low=None, mark_high=None, bid_high=None, ask_low=None
    )
    trades = [(row, START + row, price) for row, price in enumerate(column)]
    stream = trade_stream(with_trades(trade_template, trades))
    stream.cursor = cursor

    found = stream.find(Bands(session, venue), limit)
    moving = [stream.moves_venue(row, Bands(session, venue)) for row, _ in enumerate(column)]

    def matters(price: int) -> bool:
        return session is None or not (inside(price, *session) and inside(price, low, high))

    naive = next((row for row in range(cursor, limit) if matters(column[row])), limit)
    assert found == naive or (session is None and found == cursor)
    assert moving == [not inside(price, low, high) for price in column]


def test_a_trade_of_a_tape_without_tickers_is_a_ticker_at_its_price(trade_tape: MakeTape) -> None:
    stream = trade_stream(trade_tape([1000, 1010]))

    ticker = stream.ticker(1)

    assert ticker is not None
    assert (ticker.at, ticker.last, ticker.mark) == (START + SECOND_US, 1010, Decimal("101.0"))
    assert (ticker.bid, ticker.ask, ticker.funding_rate) == (None, None, None)
    assert stream.seq(1) == 0


def test_a_trade_beside_recorded_tickers_is_for_the_venue_alone(
    tmp_path: Path, write_ticker_tape: MakeTape, make_plan: Callable[..., RunPlan]
) -> None:
    """The session decides on tickers; the venue still matches the trade (section 4, Events)."""
    tape = write_ticker_tape(
        tmp_path / "tape",
        [(1, START, 1000), (4, START, 1010)],
        [(2, (START, 1001, None, None, 10012, None))],
    )
    stream = trade_stream(tape)
    plan = make_plan({"BTCUSDT": tape})
    venue = SimVenue(plan.venue, tuple(plan.symbols.values()), Instant(START))

    stream.to_venue(1, venue)

    assert stream.ticker(1) is None
    assert [stream.seq(0), stream.seq(1)] == [1, 4]
    assert stream.find(Bands(None, ANYTHING), 2) == 2
    assert venue.mark("BTCUSDT") == Decimal("101.0")


numbers = st.none() | st.integers(1, 9)
ticker_rows = st.lists(
    st.tuples(st.integers(1, 9), numbers, numbers, numbers, st.none() | st.integers(-3, 3)),
    min_size=2,
    max_size=30,
)


@given(ticker_rows, st.tuples(bound, bound), st.tuples(bound, bound), bound, bound, st.data())
@settings(max_examples=60)
def test_a_ticker_matters_when_a_value_leaves_its_band_or_comes_or_goes(
    ticker_template: Tape,
    rows: list[tuple[int, int | None, int | None, int | None, int | None]],
    session: tuple[int | None, int | None],
    marks: tuple[int | None, int | None],
    bid_high: int | None,
    ask_low: int | None,
    data: st.DataObject,
) -> None:
    """A quote, mark or rate that appears or disappears is never skipped."""
    limit = data.draw(st.integers(1, len(rows)))
    cursor = data.draw(st.integers(1, limit))
    unit = Decimal("0.01")
    bands = Bands(
        session,
        VenueBand(
            trade_low=None,
            trade_high=None,
            mark_low=None if marks[0] is None else marks[0] * unit,
            mark_high=None if marks[1] is None else marks[1] * unit,
            bid_high=bid_high,
            ask_low=ask_low,
        ),
    )
    written: list[TickerNumbers] = [
        (START + number, last, bid, ask, mark, rate)
        for number, (last, bid, ask, mark, rate) in enumerate(rows)
    ]
    stream = ticker_stream(with_tickers(ticker_template, written, range(len(rows))))
    stream.cursor = cursor

    found = stream.find(bands, limit)

    def matters(row: int) -> bool:
        last, bid, ask, mark, _ = rows[row]
        before = rows[row - 1]
        comes_or_goes = [
            (one is None) != (was is None) for one, was in zip(rows[row], before, strict=True)
        ]
        return (
            any(comes_or_goes)
            or not inside(last, *session)
            or (mark is not None and not inside(mark, *marks))
            or (bid is not None and not inside(bid, None, bid_high))
            or (ask is not None and not inside(ask, ask_low, None))
        )

    assert found == next((row for row in range(cursor, limit) if matters(row)), limit)


def test_every_ticker_matters_without_a_band_and_at_the_first_row(
    tmp_path: Path, write_ticker_tape: MakeTape
) -> None:
    rows = [(number, (START + number, 1000, None, None, 10000, None)) for number in (1, 2, 3)]
    stream = ticker_stream(write_ticker_tape(tmp_path / "tape", [(0, START, 1000)], rows))
    quiet = Bands((None, None), ANYTHING)

    first = stream.find(quiet, 3)
    stream.cursor = 1
    later = stream.find(quiet, 3)
    without = stream.find(Bands(None, ANYTHING), 3)

    assert (first, later, without) == (0, 3, 1)


def test_a_mark_bound_between_two_units_is_never_passed_unseen(
    tmp_path: Path, write_ticker_tape: MakeTape
) -> None:
    """The venue's bounds are Decimals of any precision; the column holds whole units."""
    marks = [10_000, 10_003, 10_004, 9_998, 9_997]
    rows = [
        (number, (START + number, 1000, None, None, mark, None))
        for number, mark in enumerate(marks, 1)
    ]
    stream = ticker_stream(write_ticker_tape(tmp_path / "tape", [(0, START, 1000)], rows))
    stream.cursor = 1

    def find(low: str | None, high: str | None) -> int:
        band = VenueBand(
            trade_low=None,
            trade_high=None,
            mark_low=None if low is None else Decimal(low),
            mark_high=None if high is None else Decimal(high),
            bid_high=None,
            ask_low=None,
        )
        return stream.find(Bands((None, None), band), 5)

    assert find(None, "100.0351") <= 2
    assert find("99.9799", None) == 4
    assert find("99.98", None) == 3


def test_a_ticker_is_told_in_exact_units_and_the_venue_learns_the_mark(
    tmp_path: Path, write_ticker_tape: MakeTape, make_plan: Callable[..., RunPlan]
) -> None:
    tape = write_ticker_tape(
        tmp_path / "tape",
        [(0, START, 1000)],
        [
            (1, (START + 1, 1001, 1000, 1002, 10017, -12)),
            (2, (START + 2, 1002, None, None, None, None)),
        ],
    )
    stream = ticker_stream(tape)
    plan = make_plan({"BTCUSDT": tape})
    venue = SimVenue(plan.venue, tuple(plan.symbols.values()), Instant(START))

    known, unknown = stream.ticker(0), stream.ticker(1)
    stream.to_venue(0, venue)

    assert (known.last, known.bid, known.ask) == (1001, 1000, 1002)
    assert (known.mark, known.funding_rate) == (Decimal("100.17"), Decimal("-0.00000012"))
    assert (unknown.at, unknown.bid, unknown.ask, unknown.mark) == (START + 2, None, None, None)
    assert unknown.funding_rate is None
    assert venue.mark("BTCUSDT") == Decimal("100.17")
    assert stream.moves_venue(0, Bands(None, ANYTHING))
    assert (stream.seq(0), stream.seq(1)) == (1, 2)


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=12).map(sorted),
    st.lists(st.booleans(), min_size=12, max_size=12),
    st.integers(0, 11),
    st.integers(-1, 1),
    st.integers(0, 2),
)
@settings(max_examples=100)
def test_rows_merge_by_time_then_sequence_then_stream(
    ticker_template: Tape,
    moments: list[int],
    traded: list[bool],
    place: int,
    beside: int,
    number: int,
) -> None:
    """Both kinds of streams, before a key of an earlier, the same and a later stream."""
    at, seq = moments[min(place, len(moments) - 1)], place + beside
    trades = [(-1, START - 1, 1000)]
    tickers: list[TickerNumbers] = [(START - 1, 1000, None, None, 10000, None)]
    ticker_seqs = [-1]
    for place, moment in enumerate(moments):
        if traded[place]:
            trades.append((place, START + moment, 1000))
        else:
            tickers.append((START + moment, 1000, None, None, 10000, None))
            ticker_seqs.append(place)
    tape = with_tickers(with_trades(ticker_template, trades), tickers, ticker_seqs)
    streams: list[Stream] = [trade_stream(tape, 1), ticker_stream(tape, 1)]

    found = [stream.rows_before(Instant(START + at), seq, number) for stream in streams]

    for stream, rows in zip(streams, found, strict=True):
        naive = [
            row
            for row in range(stream.stop)
            if (int(stream.times[row]), stream.seq(row), 1) < (START + at, seq, number)
        ]
        assert rows == len(naive)


@pytest.mark.parametrize(("number", "rows"), [(0, 1), (1, 1), (2, 3)])
def test_rows_without_a_sequence_merge_by_time_then_stream(
    trade_tape: MakeTape, number: int, rows: int
) -> None:
    tape = trade_tape([1000] * 4, times=[START, START + 5, START + 5, START + 6])
    stream = trade_stream(tape, number=1)

    assert stream.rows_before(Instant(START + 5), 0, number) == rows


def test_rows_before_a_key_stay_within_the_window(trade_tape: MakeTape) -> None:
    stream = trade_stream(trade_tape([1000] * 4), rows=(1, 3))

    assert stream.rows_before(Instant(START + 60 * SECOND_US), 0, 0) == 3
    assert stream.rows_before(Instant(START), 0, 0) == 1


def test_declared_gaps_are_outages(trade_tape: MakeTape) -> None:
    gap = (START + 1, START + 9 * SECOND_US)
    tape = trade_tape([1000] * 20, gaps=[gap])

    assert outages(tape, "BTCUSDT", ticker_gap_s=60) == [
        Outage(
            symbol="BTCUSDT",
            lost_at=Instant(gap[0]),
            restored_at=Instant(gap[1]),
            reason="hand-made",
        )
    ]


def test_a_tape_of_trades_is_never_lost_by_silence_alone(trade_tape: MakeTape) -> None:
    """Section 4: a trade-only tape never makes a ticker stale by silence alone."""
    tape = trade_tape([1000, 1000], times=[START, START + 7200 * SECOND_US])

    assert outages(tape, "BTCUSDT", ticker_gap_s=60) == []


def test_silent_tickers_are_lost_after_the_limit_and_restored_by_the_next_one(
    tmp_path: Path, write_ticker_tape: MakeTape
) -> None:
    """A silence of exactly the limit is none (section 4: a gap beyond the limit)."""
    seconds = (0, 60, 121, 400)
    rows = [
        (number, (START + second * SECOND_US, 1000, None, None, 10000, None))
        for number, second in enumerate(seconds, 1)
    ]
    tape = write_ticker_tape(tmp_path / "tape", [(0, START, 1000)], rows)

    found = outages(tape, "BTCUSDT", ticker_gap_s=60)

    lost = [(one.lost_at - START) // SECOND_US for one in found]
    restored = [(one.restored_at - START) // SECOND_US for one in found]
    assert (lost, restored) == ([120, 181], [121, 400])
    assert {one.reason for one in found} == {"no ticker"}


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=12).map(sorted),
    st.none() | st.integers(-1, 11),
    st.none() | st.integers(-1, 11),
)
def test_a_window_holds_the_rows_from_start_to_before_end(
    times: list[int], start: int | None, end: int | None
) -> None:
    first, last = rows_between(
        np.asarray(times, dtype=np.int64),
        None if start is None else Instant(start),
        None if end is None else Instant(end),
    )

    wanted = [
        row
        for row, time in enumerate(times)
        if (start is None or time >= start) and (end is None or time < end)
    ]
    assert list(range(first, last)) == wanted


def test_unknown_is_below_every_price() -> None:
    """`find` takes UNKNOWN for a bound: a price, a mark or a rate must never lie below it."""
    assert UNKNOWN < -1_000_000_000

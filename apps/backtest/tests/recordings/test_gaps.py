"""The gap ledger on a tape."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.recordings.gaps import earlier_gaps, ledger_gaps, merged_gaps
from grid_db.records import Gap as LedgerGap
from grid_db.types import from_microseconds
from grid_db.words import Environment, GapState, Stream
from tapes import Gap

T0 = 1_767_229_200_000_000
EVER = {Stream.TRADES: 0, Stream.TICKERS: 0}


def ledger(
    start: int,
    end: int,
    *,
    state: GapState = GapState.OPEN,
    symbol: str | None = "BTCUSDT",
    stream: Stream = Stream.TRADES,
) -> LedgerGap:
    return LedgerGap(
        gap_id="gap",
        environment=Environment.SIM,
        account_id=None,
        stream=stream,
        symbol=symbol,
        from_ts=from_microseconds(T0 + start),
        to_ts=from_microseconds(T0 + end),
        reason="disconnect",
        state=state,
    )


def gap(start: int, end: int, reason: str = "trades: disconnect (open)") -> Gap:
    return Gap(start_us=T0 + start, end_us=T0 + end, reason=reason)


def test_open_and_unrecoverable_gaps_are_missing_and_filled_ones_are_not() -> None:
    rows = [
        ledger(10, 20),
        ledger(30, 40, state=GapState.FILLED),
        ledger(50, 60, state=GapState.UNRECOVERABLE, stream=Stream.TICKERS),
    ]

    assert ledger_gaps(rows, "BTCUSDT", EVER) == [
        gap(10, 20),
        gap(50, 60, "tickers: disconnect (unrecoverable)"),
    ]


@pytest.mark.parametrize(("symbol", "count"), [("BTCUSDT", 1), (None, 1), ("ETHUSDT", 0)])
def test_gaps_are_of_the_symbol_or_of_the_whole_stream(symbol: str | None, count: int) -> None:
    assert len(ledger_gaps([ledger(10, 20, symbol=symbol)], "BTCUSDT", EVER)) == count


def test_a_gap_of_one_instant_gets_a_length() -> None:
    assert ledger_gaps([ledger(10, 10)], "BTCUSDT", EVER) == [gap(10, 11)]


def test_the_ledger_is_asked_from_an_instant_on() -> None:
    rows = [ledger(10, 20), ledger(20, 40), ledger(25, 26), ledger(30, 30), ledger(10, 30)]

    assert ledger_gaps(rows, "BTCUSDT", {Stream.TRADES: T0 + 30}) == [
        gap(30, 40),
        gap(30, 31),
    ]


def test_an_older_tape_is_asked_until_an_instant() -> None:
    gaps = [gap(0, 5), gap(8, 20), gap(10, 30)]

    assert earlier_gaps(gaps, T0 + 10) == [gap(0, 5), gap(8, 10)]


def test_overlapping_gaps_become_one_with_both_reasons() -> None:
    found = merged_gaps([gap(30, 40, "b"), gap(10, 35, "a"), gap(32, 33, "a")], T0, T0 + 100)

    assert found == [gap(10, 40, "a; b")]


def test_gaps_are_cut_to_the_rows_of_the_tape() -> None:
    gaps = [gap(-20, -10), gap(-5, 5), gap(90, 110), gap(100, 120)]

    assert merged_gaps(gaps, T0, T0 + 100) == [gap(0, 5), gap(90, 100)]


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60))))
def test_merged_gaps_cover_what_they_were_made_of_and_a_tape_takes_them(
    spans: list[tuple[int, int]],
) -> None:
    gaps = [gap(start, start + length) for start, length in spans]

    merged = merged_gaps(gaps, T0 + 20, T0 + 150)

    covered = {at for one in merged for at in range(one.start_us, one.end_us)}
    wanted = {at for one in gaps for at in range(one.start_us, one.end_us)}
    assert covered == {at for at in wanted if T0 + 20 <= at < T0 + 150}
    assert all(one.start_us < one.end_us for one in merged)
    assert all(before.end_us <= after.start_us for before, after in pairwise(merged))

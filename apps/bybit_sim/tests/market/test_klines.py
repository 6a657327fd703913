"""Candles: what trades make of them, when they end, and that each end is told once."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_sim.market.klines import (
    INTERVALS,
    Candle,
    Klines,
    candle_end,
    candle_start,
)
from gridcore.clock import DAY_US, MINUTE_US, SECOND_US, Instant


def at(text: str) -> Instant:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return Instant(int(moment.timestamp()) * SECOND_US)


@pytest.mark.parametrize(
    ("interval", "start", "end"),
    [
        ("1", "2026-02-18T13:47:00", "2026-02-18T13:48:00"),
        ("15", "2026-02-18T13:45:00", "2026-02-18T14:00:00"),
        ("240", "2026-02-18T12:00:00", "2026-02-18T16:00:00"),
        ("720", "2026-02-18T12:00:00", "2026-02-19T00:00:00"),
        ("D", "2026-02-18T00:00:00", "2026-02-19T00:00:00"),
        ("W", "2026-02-16T00:00:00", "2026-02-23T00:00:00"),
        ("M", "2026-02-01T00:00:00", "2026-03-01T00:00:00"),
    ],
)
def test_candles_begin_and_end_on_whole_intervals_of_utc(
    interval: str, start: str, end: str
) -> None:
    begun = candle_start(interval, at("2026-02-18T13:47:31"))

    assert begun == at(start)
    assert candle_end(interval, begun) == at(end)


def candles() -> Klines:
    return Klines(lambda minute: None)


def play(klines: Klines, moment: Instant, price: int, qty: int = 1) -> None:
    klines.advance(moment)
    klines.trade(moment, price, qty)


def test_a_candle_holds_first_highest_lowest_and_last_price_and_what_was_traded() -> None:
    klines, start = candles(), at("2026-02-18T13:45:00")
    for second, price, qty in ((0, 100, 1), (10, 130, 2), (20, 90, 3), (59, 110, 4)):
        play(klines, Instant(start + second * SECOND_US), price, qty)

    assert klines.current("1") == Candle(start, 100, 130, 90, 110, 10, 100 + 260 + 270 + 440)
    assert klines.current("5") == klines.current("1")


def test_a_minute_without_trades_is_flat_and_counts_as_a_candle() -> None:
    klines, start = candles(), at("2026-02-18T13:45:00")
    play(klines, start, 100)
    klines.advance(Instant(start + 3 * MINUTE_US))

    flat = [candle.close for candle in klines.closed("1")]

    assert flat == [100, 100, 100]
    assert [candle.volume for candle in klines.closed("1")] == [1, 0, 0]
    assert klines.closed("3")[0].volume == 1


def test_the_next_candle_opens_at_the_last_close() -> None:
    klines, start = candles(), at("2026-02-18T13:45:00")
    play(klines, start, 100)
    play(klines, Instant(start + MINUTE_US), 120)

    assert klines.current("1") == Candle(Instant(start + MINUTE_US), 100, 120, 100, 120, 1, 120)


def test_the_end_of_a_candle_is_told_once() -> None:
    """bybit.md B.3: confirm is true exactly once per candle."""
    klines, start = candles(), at("2026-02-18T13:44:30")
    play(klines, start, 100)
    klines.advance(at("2026-02-18T13:45:00"))
    klines.advance(at("2026-02-18T13:45:01"))

    told = [(ended.interval, ended.candle.start) for ended in klines.take_closed()]

    assert told == [
        ("1", at("2026-02-18T13:44:00")),
        ("3", at("2026-02-18T13:42:00")),
        ("5", at("2026-02-18T13:40:00")),
        ("15", at("2026-02-18T13:30:00")),
    ]
    assert klines.take_closed() == []


@given(
    moves=st.lists(
        st.tuples(st.integers(0, 5 * 60), st.integers(50, 150), st.integers(1, 9)),
        min_size=1,
        max_size=60,
    )
)
def test_every_interval_adds_up_to_the_same_trades(moves: list[tuple[int, int, int]]) -> None:
    klines, now = candles(), at("2026-02-28T22:10:00")
    prices, volume = [], 0
    for wait_s, price, qty in moves:
        now = Instant(now + wait_s * SECOND_US)
        play(klines, now, price, qty)
        prices.append(price)
        volume += qty

    for interval in INTERVALS:
        found = [*klines.closed(interval), klines.current(interval)]
        whole = [candle for candle in found if candle is not None]
        assert sum(candle.volume for candle in whole) == volume
        assert max(candle.high for candle in whole) == max(prices)
        assert min(candle.low for candle in whole) == min(prices)
        assert whole[0].open == prices[0]
        assert whole[-1].close == prices[-1]
        for earlier, later in pairwise(whole):
            assert candle_end(interval, earlier.start) == later.start


@given(
    prices=st.lists(st.integers(1, 500), min_size=2, max_size=30),
    qty=st.sampled_from([0, 1, 5, 2**31, 2**60]),
)
def test_trades_counted_together_make_the_same_candle(prices: list[int], qty: int) -> None:
    """Also where their worth is beyond 64 bits."""
    one_by_one, together = candles(), candles()
    start = at("2026-02-28T22:10:00")
    for price in prices:
        play(one_by_one, start, price, qty)
    play(together, start, prices[0], qty)

    together.trades(np.array(prices[1:]), np.full(len(prices) - 1, qty))

    assert together.current("60") == one_by_one.current("60")


def test_a_silence_of_weeks_ends_old_candles_and_begins_new_ones() -> None:
    klines, start = candles(), at("2026-01-30T12:00:00")
    play(klines, start, 100)
    play(klines, Instant(start + 40 * DAY_US), 200)

    month = klines.closed("M")
    current = klines.current("M")

    assert month[0].start == at("2026-01-01T00:00:00")
    assert month[0].volume == 1
    assert current is not None
    assert current.start == at("2026-03-01T00:00:00")


def test_candles_are_asked_for_newest_first_within_a_window() -> None:
    klines, start = candles(), at("2026-02-18T13:00:00")
    for minute in range(6):
        play(klines, Instant(start + minute * MINUTE_US), 100 + minute)

    def closes(first: int | None, last: int | None, limit: int) -> list[int]:
        begin = None if first is None else Instant(start + first * MINUTE_US)
        end = None if last is None else Instant(start + last * MINUTE_US)
        return [candle.close for candle in klines.newest_first("1", begin, end, limit)]

    assert closes(None, None, 2) == [105, 104]
    assert closes(None, 3, 2) == [103, 102]
    assert closes(1, 4, 2) == [104, 103]
    assert closes(1, None, 2) == [102, 101]
    assert closes(9, None, 2) == []

"""Recorded blocks as columns of a tape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.recordings.columns import (
    TICKER_SEQ,
    Places,
    RecordingUnits,
    ticker_columns,
    trade_columns,
)
from backtest.recordings.units import FINEST, whole_unit
from grid_db import bulk
from tapes import UNKNOWN, TapeError

UNITS = RecordingUnits(
    tick=whole_unit("0.5", "tick size", "--tick"),
    step=whole_unit("0.001", "quantity step", "--step"),
    mark=whole_unit("0.01", "mark unit", "--mark-unit"),
    funding=whole_unit(FINEST, "funding unit", "--mark-unit"),
)
PRICE = 10_050_000_000


def column(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


@given(st.lists(st.integers(0, 6), max_size=30).map(sorted), st.integers(1, 7))
def test_places_count_the_rows_of_each_time_whatever_the_blocks(
    times: list[int], block: int
) -> None:
    places = Places()

    found = [
        int(place)
        for first in range(0, len(times), block)
        for place in places.number(column(*times[first : first + block]))
    ]

    assert found == [times[:row].count(time) for row, time in enumerate(times)]


def test_an_empty_block_changes_no_place() -> None:
    places = Places()
    places.number(column(5))
    places.number(column())

    assert places.number(column(5, 6)).tolist() == [1, 0]


def test_trades_become_ticks_and_steps() -> None:
    block = bulk.TradeBlock(
        at=column(1, 1),
        price=column(PRICE, PRICE + 50_000_000),
        size=column(100_000, 300_000),
        side=np.array([1, -1], np.int8),
    )

    found = trade_columns(block, UNITS, Places())

    assert found.price.tolist() == [201, 202]
    assert found.size.tolist() == [1, 3]
    assert found.side.tolist() == [1, -1]
    assert found.seq is not None
    assert found.seq.tolist() == [0, 1]
    assert trade_columns(block, UNITS, None).seq is None


def test_tickers_come_after_the_trades_of_their_time_and_may_not_know_all() -> None:
    missing = bulk.UNKNOWN
    block = bulk.TickerBlock(
        at=column(1, 2),
        last=column(PRICE, PRICE),
        mark=column(10_037_000_000, missing),
        bid=column(missing, PRICE),
        ask=column(PRICE, missing),
        funding=column(-10_000, missing),
    )

    found = ticker_columns(block, UNITS)

    assert found.seq.tolist() == [TICKER_SEQ, TICKER_SEQ]
    assert found.last.tolist() == [201, 201]
    assert found.mark.tolist() == [10_037, UNKNOWN]
    assert found.bid.tolist() == [UNKNOWN, 201]
    assert found.ask.tolist() == [201, UNKNOWN]
    assert found.funding.tolist() == [-10_000, UNKNOWN]


def test_a_size_between_two_steps_names_the_step() -> None:
    block = bulk.TradeBlock(
        at=column(1_767_229_200_000_000),
        price=column(PRICE),
        size=column(150_000),
        side=np.zeros(1, np.int8),
    )

    with pytest.raises(TapeError, match=r"quantity step 0.001, found 0.0015 at 2026"):
        trade_columns(block, UNITS, None)

"""Recorded rows as columns of a tape: whole units, and each row's place among rows of its time.

Knows blocks in time order; refuses to know where they come from and where they go.
"""

from dataclasses import dataclass

import numpy as np

from backtest.recordings.units import WholeUnit
from grid_db import bulk
from tapes import TickerColumns, TradeColumns
from tapes.columns import Times

TICKER_SEQ = 1 << 32
"""A ticker comes after all trades of its time, as it tells what they made of the market; there is
one ticker at most for each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingUnits:
    """The units of a tape to be made."""

    tick: WholeUnit
    step: WholeUnit
    mark: WholeUnit
    funding: WholeUnit


class Places:
    """Numbers the rows of each time 0, 1, 2, ..., over blocks in time order."""

    def __init__(self) -> None:
        self._last_us: int | None = None
        self._next = 0

    def number(self, times: Times) -> Times:
        """The place of each row of the next block."""
        rows = np.arange(len(times), dtype=np.int64)
        if not len(times):
            return rows
        begins = np.ones(len(times), np.bool_)
        begins[1:] = times[1:] != times[:-1]
        first = np.maximum.accumulate(np.where(begins, rows, 0))
        places: Times = rows - first
        if int(times[0]) == self._last_us:
            places[first == 0] += self._next
        self._last_us, self._next = int(times[-1]), int(places[-1]) + 1
        return places


def trade_columns(
    block: bulk.TradeBlock, units: RecordingUnits, places: Places | None
) -> TradeColumns:
    """A block of trades; `places` on a tape with tickers. TapeError when a unit does not divide."""
    return TradeColumns(
        time=block.at,
        price=units.tick.of(block.price, block.at, "a trade's price"),
        size=units.step.of(block.size, block.at, "a trade's size"),
        side=block.side,
        seq=None if places is None else places.number(block.at),
    )


def ticker_columns(block: bulk.TickerBlock, units: RecordingUnits) -> TickerColumns:
    """A block of tickers. TapeError when a unit does not divide."""
    time, missing = block.at, bulk.UNKNOWN
    return TickerColumns(
        time=time,
        seq=np.full(len(time), TICKER_SEQ, np.int64),
        last=units.tick.of_known(block.last, missing, time, "a ticker's last price"),
        bid=units.tick.of_known(block.bid, missing, time, "a ticker's bid"),
        ask=units.tick.of_known(block.ask, missing, time, "a ticker's ask"),
        mark=units.mark.of_known(block.mark, missing, time, "a ticker's mark price"),
        funding=units.funding.of_known(block.funding, missing, time, "a funding rate"),
    )

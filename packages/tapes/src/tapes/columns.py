"""The columns of a tape: their names, widths and numpy views.

Knows integers in whole units; refuses to know where they are stored and what they are worth.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from tapes.compiled import Integers

Times = npt.NDArray[np.int64]

# Unknown in a ticker column. Prices are positive, and a funding rate of -21.47 does not exist, so
# no recorded value can be mistaken for it, in 32 bits and in 64.
UNKNOWN = -(2**31)


class ColumnSet(Enum):
    """The two kinds of rows a tape can hold."""

    TRADES = "trades"
    TICKERS = "tickers"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSpec:
    """A column's place, its narrowest stored width in bytes and the widest it may grow to."""

    column_set: ColumnSet
    name: str
    bytes_min: int
    bytes_max: int

    @property
    def full_name(self) -> str:
        """The name in the manifest, for example "trades.price"."""
        return f"{self.column_set.value}.{self.name}"


def _spec(column_set: ColumnSet, name: str, bytes_min: int, bytes_max: int) -> ColumnSpec:
    return ColumnSpec(column_set=column_set, name=name, bytes_min=bytes_min, bytes_max=bytes_max)


TRADE_SPECS = (
    _spec(ColumnSet.TRADES, "time", 8, 8),
    _spec(ColumnSet.TRADES, "price", 4, 8),
    _spec(ColumnSet.TRADES, "size", 4, 8),
    _spec(ColumnSet.TRADES, "side", 1, 1),
)
TRADE_SEQ_SPEC = _spec(ColumnSet.TRADES, "seq", 8, 8)
TICKER_SPECS = (
    _spec(ColumnSet.TICKERS, "time", 8, 8),
    _spec(ColumnSet.TICKERS, "seq", 8, 8),
    _spec(ColumnSet.TICKERS, "last", 4, 8),
    _spec(ColumnSet.TICKERS, "bid", 4, 8),
    _spec(ColumnSet.TICKERS, "ask", 4, 8),
    _spec(ColumnSet.TICKERS, "mark", 4, 8),
    _spec(ColumnSet.TICKERS, "funding", 4, 8),
)
SPECS_BY_NAME = {spec.full_name: spec for spec in (*TRADE_SPECS, TRADE_SEQ_SPEC, *TICKER_SPECS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeColumns:
    """Trades in time order: time (us UTC), price (ticks), size (steps), side (taker: +1 buy, -1
    sell, 0 unknown), seq (present exactly when the tape has tickers)."""

    time: Times
    price: Integers
    size: Integers
    side: npt.NDArray[np.int8]
    seq: Times | None

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerRow:
    """One ticker at the edge of the API: None is unknown. Prices in ticks, mark and funding rate in
    the manifest's own units."""

    time_us: int
    seq: int
    last: int | None
    bid: int | None
    ask: int | None
    mark: int | None
    funding: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerColumns:
    """Tickers in (time, seq) order: last, bid, ask in ticks, mark and funding in the manifest's
    units; the raw columns hold UNKNOWN where nothing was recorded."""

    time: Times
    seq: Times
    last: Integers
    bid: Integers
    ask: Integers
    mark: Integers
    funding: Integers

    def __len__(self) -> int:
        return len(self.time)

    def row(self, number: int) -> TickerRow:
        """The ticker at a row number, with None for what is unknown."""
        return TickerRow(
            time_us=int(self.time[number]),
            seq=int(self.seq[number]),
            last=_known(self.last[number]),
            bid=_known(self.bid[number]),
            ask=_known(self.ask[number]),
            mark=_known(self.mark[number]),
            funding=_known(self.funding[number]),
        )


def _known(stored: np.signedinteger) -> int | None:
    value = int(stored)
    return None if value == UNKNOWN else value

"""The rows of a tape as streams: where the next row that matters is, and what a row says.

A stream knows its columns and its place; it refuses to know orders and strategies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from gridcore.clock import SECOND_US, Instant
from gridcore.events import Event, Ticker
from gridcore.instrument import Instrument
from gridcore.policy import PriceBand
from simvenue import SimVenue, VenueBand
from tapes.columns import UNKNOWN
from tapes.scan import (
    NO_HIGH,
    NO_LOW,
    ScanIndex,
    first_at_or_after,
    first_key_at_or_after,
    load_or_build,
)
from tapes.scan.ask import first_outside
from tapes.tape import Tape

BlockTimes = NDArray[np.int64]


class Bands(NamedTuple):
    """Where rows of one symbol change nothing: the session's band of last prices, the venue's."""

    session: PriceBand | None
    venue: VenueBand


class Stream(Protocol):
    """Rows of one kind of one symbol, in time order."""

    symbol: str
    number: int
    times: BlockTimes
    cursor: int
    stop: int

    def find(self, bands: Bands, limit: int) -> int:
        """The first row in [cursor, limit) that matters, else limit."""
        ...

    def moves_venue(self, row: int, bands: Bands) -> bool:
        """Whether the venue may answer the row with an event."""
        ...

    def to_venue(self, row: int, venue: SimVenue) -> list[Event]:
        """Give a row to the venue; its events."""
        ...

    def ticker(self, row: int) -> Ticker | None:
        """The row as a ticker for the session; None when it is not one."""
        ...

    def seq(self, row: int) -> int:
        """The row's place among rows of one instant on its tape; 0 where none is recorded."""
        ...

    def rows_before(self, at: Instant, seq: int, number: int) -> int:
        """The first row that does not come before the key (at, seq, stream number)."""
        ...


def at_row(times: BlockTimes, row: int) -> Instant:
    """The time of a row."""
    return Instant(int(times[row]))


def _plain(column: Any) -> Sequence[Any]:
    """A column that gives plain integers, at a third of the cost of numpy scalars."""
    return cast("Sequence[Any]", memoryview(column))


def _rows_before(stream: Stream, seqs: BlockTimes | None, key: tuple[Instant, int, int]) -> int:
    """Rows are merged by time, then by sequence on the tape, then by the stream's number."""
    at, seq, number = key
    start, times = stream.cursor, stream.times
    earlier = stream.number < number
    if seqs is None:
        bound = at + 1 if (0, stream.number) < (seq, number) else at
        found = first_at_or_after(times, bound, start)
    else:
        found = first_key_at_or_after(times, seqs, at, seq + 1 if earlier else seq, start)
    return min(found, stream.stop)


class TradeStream:
    """Trades. On a tape without tickers each one counts as a ticker: last = mark = price."""

    __slots__ = (
        "_at",
        "_nodes",
        "_prices",
        "_seqs",
        "_sides",
        "_sizes",
        "_tick",
        "_values",
        "cursor",
        "is_ticker",
        "number",
        "stop",
        "symbol",
        "times",
    )

    def __init__(
        self,
        tape: Tape,
        index: ScanIndex,
        instrument: Instrument,
        number: int,
        rows: tuple[int, int],
    ) -> None:
        self.symbol = instrument.symbol
        self.number = number
        self.times = tape.trades.time
        self.is_ticker = tape.tickers is None
        self.cursor, self.stop = rows
        self._at = _plain(tape.trades.time)
        self._prices = _plain(tape.trades.price)
        self._sizes = _plain(tape.trades.size)
        self._sides = _plain(tape.trades.side)
        self._seqs = tape.trades.seq
        self._values = index.values
        self._nodes = index.nodes
        self._tick = instrument.tick_size

    def find(self, bands: Bands, limit: int) -> int:
        """The first row in [cursor, limit) that matters, else limit."""
        venue = bands.venue
        low = NO_LOW if venue.trade_low is None else venue.trade_low
        high = NO_HIGH if venue.trade_high is None else venue.trade_high
        if self.is_ticker:
            session = bands.session
            if session is None:
                return self.cursor
            if session[0] is not None and session[0] > low:
                low = session[0]
            if session[1] is not None and session[1] < high:
                high = session[1]
        return first_outside(self._values, self._nodes, self.cursor, limit, low, high)

    def moves_venue(self, row: int, bands: Bands) -> bool:
        """Whether the venue may answer the row with an event."""
        price = self._prices[row]
        low, high = bands.venue.trade_low, bands.venue.trade_high
        return (low is not None and price <= low) or (high is not None and price >= high)

    def to_venue(self, row: int, venue: SimVenue) -> list[Event]:
        """Give a row to the venue; its events."""
        return venue.on_trade(
            self.symbol,
            self._at[row],
            self._prices[row],
            self._sizes[row],
            self._sides[row],
        )

    def ticker(self, row: int) -> Ticker | None:
        """The row as a ticker for the session; None when it is not one."""
        if not self.is_ticker:
            return None
        price = self._prices[row]
        return Ticker(
            symbol=self.symbol,
            at=self._at[row],
            last=price,
            mark=self._tick * price,
        )

    def seq(self, row: int) -> int:
        """The row's place among rows of one instant on its tape; 0 where none is recorded."""
        return 0 if self._seqs is None else int(self._seqs[row])

    def rows_before(self, at: Instant, seq: int, number: int) -> int:
        """The first row that does not come before the key (at, seq, stream number)."""
        return _rows_before(self, self._seqs, (at, seq, number))


class TickerStream:
    """Recorded tickers: last, quotes, mark and funding rate."""

    __slots__ = (
        "_columns",
        "_funding_unit",
        "_indexes",
        "_mark_unit",
        "cursor",
        "number",
        "stop",
        "symbol",
        "times",
    )

    def __init__(
        self, tape: Tape, instrument: Instrument, number: int, rows: tuple[int, int]
    ) -> None:
        assert tape.tickers is not None, "a ticker stream needs tickers"
        header = tape.manifest.header
        self.symbol = instrument.symbol
        self.number = number
        self.times = tape.tickers.time
        self.cursor, self.stop = rows
        self._columns = tape.tickers
        self._mark_unit = Decimal(header.mark_unit or 1)
        self._funding_unit = Decimal(header.funding_unit or 1)
        self._indexes = {
            name: load_or_build(tape, f"tickers.{name}")
            for name in ("last", "bid", "ask", "mark", "funding")
        }

    def find(self, bands: Bands, limit: int) -> int:
        """The first row in [cursor, limit) that matters, else limit."""
        if bands.session is None or self.cursor == 0:
            return self.cursor
        for name, low, high in self._watched(bands):
            before = int(self._indexes[name].values[self.cursor - 1])
            if before == UNKNOWN:
                low, high = NO_LOW, UNKNOWN + 1
            else:
                low = max(low, UNKNOWN)
            limit = self._indexes[name].first_outside(self.cursor, limit, low, high)
        return limit

    def _watched(self, bands: Bands) -> list[tuple[str, int, int]]:
        """(column, low, high) in the columns' own units: at or beyond a bound matters."""
        assert bands.session is not None, "without a band every row matters"
        venue = bands.venue
        low, high = bands.session
        unit = self._mark_unit
        mark_low = NO_LOW if venue.mark_low is None else int(venue.mark_low // unit)
        mark_high = NO_HIGH if venue.mark_high is None else int(venue.mark_high // unit)
        return [
            ("last", NO_LOW if low is None else low, NO_HIGH if high is None else high),
            ("mark", mark_low, mark_high),
            ("bid", NO_LOW, NO_HIGH if venue.bid_high is None else venue.bid_high),
            ("ask", NO_LOW if venue.ask_low is None else venue.ask_low, NO_HIGH),
            ("funding", NO_LOW, NO_HIGH),
        ]

    def moves_venue(self, row: int, bands: Bands) -> bool:
        """Whether the venue may answer the row with an event."""
        return True

    def to_venue(self, row: int, venue: SimVenue) -> list[Event]:
        """Give a row to the venue; its events."""
        ticker = self.ticker(row)
        return venue.on_ticker(
            self.symbol,
            ticker.at,
            ticker.last,
            ticker.mark,
            ticker.bid,
            ticker.ask,
            ticker.funding_rate,
        )

    def ticker(self, row: int) -> Ticker:
        """The row as a ticker for the session."""
        seen = self._columns.row(row)
        assert seen.last is not None, "a recorded ticker has a last price"
        return Ticker(
            symbol=self.symbol,
            at=Instant(seen.time_us),
            last=seen.last,
            mark=None if seen.mark is None else self._mark_unit * seen.mark,
            bid=seen.bid,
            ask=seen.ask,
            funding_rate=None if seen.funding is None else self._funding_unit * seen.funding,
        )

    def seq(self, row: int) -> int:
        """The row's place among rows of one instant on its tape."""
        return int(self._columns.seq[row])

    def rows_before(self, at: Instant, seq: int, number: int) -> int:
        """The first row that does not come before the key (at, seq, stream number)."""
        return _rows_before(self, self._columns.seq, (at, seq, number))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A time in which nothing is known of a symbol's market: a declared gap, or silent tickers."""

    symbol: str
    lost_at: Instant
    restored_at: Instant
    reason: str


def outages(tape: Tape, symbol: str, ticker_gap_s: int) -> list[Outage]:
    """Declared gaps, and silences of recorded tickers beyond the limit, in order of time.

    A tape without tickers has no outage by silence alone.
    """
    found = [
        Outage(
            symbol=symbol,
            lost_at=Instant(gap.start_us),
            restored_at=Instant(gap.end_us),
            reason=gap.reason,
        )
        for gap in tape.manifest.gaps
    ]
    if tape.tickers is not None:
        times = tape.tickers.time
        limit = ticker_gap_s * SECOND_US
        for row in np.flatnonzero(np.diff(times) > limit):
            found.append(
                Outage(
                    symbol=symbol,
                    lost_at=Instant(int(times[row]) + limit),
                    restored_at=Instant(int(times[row + 1])),
                    reason="no ticker",
                )
            )
    return sorted(found, key=lambda outage: (outage.lost_at, outage.restored_at))


def rows_between(times: BlockTimes, start: Instant | None, end: Instant | None) -> tuple[int, int]:
    """The rows [first, last) with start <= time < end."""
    first = 0 if start is None else first_at_or_after(times, start, 0)
    last = len(times) if end is None else first_at_or_after(times, end, 0)
    return first, max(first, last)

"""The rows of one tape as they come next: a source of trades, and one of tickers.

A source knows its columns, its place and a shift of its prices; it refuses to know other tapes.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol, cast

import numpy as np

from bybit_sim.market.facts import SymbolFacts
from bybit_sim.market.run import TradeRun
from bybit_sim.market.words import MarketRow, TickerRow, TradeRow
from gridcore.clock import Instant
from gridcore.instrument import Steps, Ticks
from simvenue import VenueBand
from tapes.scan import first_at_or_after
from tapes.tape import Tape

END = 2**62
"""The time of a row that does not exist."""


class Source(Protocol):
    """Rows of one kind of one symbol, in time order. `next_at` is END when there is none."""

    symbol: str
    number: int
    next_at: int
    shift: int

    def next_seq(self) -> int:
        """The next row's place among rows of one instant on its tape; 0 where none is recorded."""
        ...

    def take(self) -> MarketRow:
        """The next row; there must be one."""
        ...


def rows_between(times: Any, start: Instant | None, end: Instant | None) -> tuple[int, int]:
    """The rows [first, last) with start <= time < end."""
    first = 0 if start is None else first_at_or_after(times, start, 0)
    last = len(times) if end is None else first_at_or_after(times, end, 0)
    return first, max(first, last)


def _plain(column: Any) -> Sequence[int]:
    """A column that gives plain integers, at a third of the cost of numpy scalars."""
    return cast("Sequence[int]", memoryview(column))


class TradeSource:
    """Trades of one symbol. `shift` in ticks is added to every price, which stays above 0."""

    __slots__ = (
        "_at",
        "_columns",
        "_cursor",
        "_prices",
        "_seqs",
        "_sides",
        "_sizes",
        "_stop",
        "next_at",
        "number",
        "shift",
        "symbol",
    )

    def __init__(
        self,
        facts: SymbolFacts,
        tape: Tape,
        number: int,
        start: Instant | None,
        end: Instant | None,
    ) -> None:
        columns = tape.trades
        self.symbol = facts.symbol
        self.number = number
        self.shift = 0
        self._columns = columns
        self._at = _plain(columns.time)
        self._prices = _plain(columns.price)
        self._sizes = _plain(columns.size)
        self._sides = _plain(columns.side)
        self._seqs = None if columns.seq is None else _plain(columns.seq)
        self._cursor, self._stop = rows_between(columns.time, start, end)
        self.next_at = END
        self._look()

    def next_seq(self) -> int:
        """The next row's place among rows of one instant on its tape; 0 where none is recorded."""
        return 0 if self._seqs is None else self._seqs[self._cursor]

    def take(self) -> TradeRow:
        """The next trade; there must be one."""
        row, shift = self._cursor, self.shift
        price = self._prices[row] + shift
        trade = TradeRow(
            self.symbol,
            Instant(self.next_at),
            self.next_seq(),
            Ticks(max(price, 1)),
            Steps(self._sizes[row]),
            self._sides[row],
        )
        self._cursor = row + 1
        self._look()
        return trade

    def quiet_until(self, band: VenueBand, limit: int) -> int:
        """The time of the next trade that matters, or of the one after `limit` that do not."""
        first = self._cursor
        last = min(first + limit, self._stop)
        prices = self._columns.price[first:last]
        outside = np.zeros(last - first, dtype=np.bool_)
        if band.trade_low is not None:
            outside |= prices <= band.trade_low - self.shift
        if band.trade_high is not None:
            outside |= prices >= band.trade_high - self.shift
        if self.shift < 0:
            # A price held above 0 is not the column's plus the shift.
            outside |= prices <= 1 - self.shift
        found = first + int(outside.argmax()) if outside.any() else last
        return self._at[found] if found < self._stop else END

    def take_run(self, before: int, limit: int) -> TradeRun | None:
        """The next trades before a time, at most `limit`; None when there is none."""
        first = self._cursor
        last = min(first + limit, self._stop)
        times = self._columns.time[first:last]
        last = first + int(np.searchsorted(times, before, side="left"))
        if last == first:
            return None
        columns, inner = self._columns, last - 1
        self._cursor = inner
        self._look()
        newest = self.take()
        return TradeRun(
            symbol=self.symbol,
            times=columns.time[first:inner].tolist(),
            prices=(columns.price[first:inner] + np.int64(self.shift)).tolist(),
            qtys=columns.size[first:inner].tolist(),
            sides=columns.side[first:inner].tolist(),
            newest=newest,
        )

    def _look(self) -> None:
        self.next_at = self._at[self._cursor] if self._cursor < self._stop else END


class TickerSource:
    """Recorded tickers of one symbol. `shift` in ticks moves last, quotes and mark."""

    __slots__ = (
        "_columns",
        "_cursor",
        "_funding_unit",
        "_mark_unit",
        "_stop",
        "_tick",
        "next_at",
        "number",
        "shift",
        "symbol",
    )

    def __init__(
        self,
        facts: SymbolFacts,
        tape: Tape,
        number: int,
        start: Instant | None,
        end: Instant | None,
    ) -> None:
        assert tape.tickers is not None, "a source of tickers needs tickers"
        header = tape.manifest.header
        self.symbol = facts.symbol
        self.number = number
        self.shift = 0
        self._columns = tape.tickers
        self._mark_unit = Decimal(header.mark_unit or 1)
        self._funding_unit = Decimal(header.funding_unit or 1)
        self._tick = facts.instrument.tick_size
        self._cursor, self._stop = rows_between(tape.tickers.time, start, end)
        self.next_at = END
        self._look()

    def next_seq(self) -> int:
        """The next row's place among rows of one instant on its tape."""
        return int(self._columns.seq[self._cursor])

    def take(self) -> TickerRow:
        """The next ticker; there must be one."""
        seen = self._columns.row(self._cursor)
        assert seen.last is not None, "a recorded ticker has a last price"
        mark = None if seen.mark is None else self._mark_unit * seen.mark + self._tick * self.shift
        funding = None if seen.funding is None else self._funding_unit * seen.funding
        self._cursor += 1
        self._look()
        return TickerRow(
            symbol=self.symbol,
            at=Instant(seen.time_us),
            seq=seen.seq,
            last=max(seen.last + self.shift, 1),
            mark=None if mark is None else max(mark, self._tick),
            bid=None if seen.bid is None else max(seen.bid + self.shift, 1),
            ask=None if seen.ask is None else max(seen.ask + self.shift, 2),
            funding_rate=funding,
        )

    def _look(self) -> None:
        times = self._columns.time
        self.next_at = int(times[self._cursor]) if self._cursor < self._stop else END

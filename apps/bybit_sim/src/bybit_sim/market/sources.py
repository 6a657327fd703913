"""The rows of one tape as they come next: a source of trades, and one of tickers.

A source knows its columns, its place and a shift of its prices; it refuses to know other tapes.
"""

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from bybit_sim.market.facts import SymbolFacts
from bybit_sim.market.run import Column, TradeRun
from bybit_sim.market.words import MarketRow, TickerRow, TradeRow
from gridcore.clock import Instant
from gridcore.instrument import Steps, Ticks
from simvenue import VenueBand
from tapes.columns import UNKNOWN
from tapes.scan import first_at_or_after
from tapes.tape import Tape

END = 2**62
"""The time of a row that does not exist."""
TICKERS_PER_TRADE = 8
"""How many tickers are looked at where one trade is: they cost less."""
_WATCHED = ("mark", "bid", "ask", "funding")
"""The values of a ticker that a venue looks at; the last price is that of trades."""


class Source(Protocol):
    """Rows of one kind of one symbol, in time order. `next_at` is END when there is none."""

    symbol: str
    number: int
    next_at: int
    shift: int

    def next_seq(self) -> int:
        """The next row's place among rows of one instant on its tape; 0 where none is recorded."""
        ...

    def quiet_until(self, band: VenueBand, horizon: int, limit: int) -> int:
        """A time up to which no row matters: that of the next row that may, at most `horizon`.

        At most `limit` rows are looked at, of tickers some times as many.
        """
        ...

    def take(self) -> MarketRow:
        """The next row; there must be one."""
        ...


def rows_between(times: Any, start: Instant | None, end: Instant | None) -> tuple[int, int]:
    """The rows [first, last) with start <= time < end."""
    first = 0 if start is None else first_at_or_after(times, start, 0)
    last = len(times) if end is None else first_at_or_after(times, end, 0)
    return first, max(first, last)


def _time_of_first(times: Column, first: int, outside: NDArray[np.bool_]) -> int:
    """The time of the first row that is outside, counted from row `first`; END when none is."""
    found = int(outside.argmax()) if len(outside) else 0
    return int(times[first + found]) if len(outside) and outside[found] else END


def _floor(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_FLOOR))


def _ceiling(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_CEILING))


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
        "_times",
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
        self._times = np.asarray(columns.time)
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

    def quiet_until(self, band: VenueBand, horizon: int, limit: int) -> int:
        """The time of the next trade that matters, or of the one after `limit` that do not."""
        if self.next_at >= horizon:
            return horizon
        first = self._cursor
        last = min(first + limit, self._stop)
        until = int(self._times[last]) if last < self._stop else END
        prices = self._columns.price[first:last]
        # Also outside: a price that is held above 0, which is not the column's plus the shift.
        outside = prices <= (band.trade_low or 0) - self.shift
        if band.trade_high is not None:
            outside |= prices >= band.trade_high - self.shift
        return min(horizon, until, _time_of_first(self._times, first, outside))

    def take_run(self, before: int) -> TradeRun | None:
        """Take the trades before a time but the newest of them; None when there are none."""
        first = self._cursor
        inner = first + int(self._times[first : self._stop].searchsorted(before)) - 1
        if inner <= first:
            return None
        self._cursor = inner
        self._look()
        columns = self._columns
        return TradeRun(
            symbol=self.symbol,
            times=self._times[first:inner],
            prices=columns.price[first:inner] + np.int64(self.shift),
            qtys=columns.size[first:inner],
            sides=columns.side[first:inner],
        )

    def _look(self) -> None:
        self.next_at = self._at[self._cursor] if self._cursor < self._stop else END


class TickerSource:
    """Recorded tickers of one symbol. `shift` in ticks moves last, quotes and mark."""

    __slots__ = (
        "_columns",
        "_cursor",
        "_funding_unit",
        "_known",
        "_mark_unit",
        "_stop",
        "_tick",
        "_times",
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
        self._times = np.asarray(tape.tickers.time)
        self._known: tuple[bool, ...] | None = None
        """Which of _WATCHED the newest ticker told; None: there was none."""
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
        self._known = tuple(getattr(seen, name) is not None for name in _WATCHED)
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

    def quiet_until(self, band: VenueBand, horizon: int, limit: int) -> int:
        """The time of the next ticker that matters, or of the last one that was looked at.

        The first one matters, and each in which a value appears or disappears.
        """
        if self._known is None:
            return min(horizon, self.next_at)
        if self.next_at >= horizon:
            return horizon
        first = self._cursor
        last = min(first + limit * TICKERS_PER_TRADE, self._stop)
        until = int(self._times[last]) if last < self._stop else END
        last = first + int(self._times[first:last].searchsorted(horizon))
        outside = np.zeros(last - first, dtype=np.bool_)
        for known, (name, low, high) in zip(self._known, self._watched(band), strict=True):
            column = getattr(self._columns, name)[first:last]
            if not known:
                outside |= column != UNKNOWN
                continue
            outside |= column <= max(low, UNKNOWN)
            if high is not None:
                outside |= column >= high
        return min(horizon, until, _time_of_first(self._times, first, outside))

    def pass_over(self, before: int) -> None:
        """Leave out the tickers before a time but the newest of them."""
        first = self._cursor
        newest = first + int(self._times[first : self._stop].searchsorted(before)) - 1
        if newest > first:
            self._cursor = newest
            self._look()

    def _watched(self, band: VenueBand) -> Iterator[tuple[str, int, int | None]]:
        """(column, low, high) in the columns' own units: at or beyond a bound matters.

        So does a value that a shift would bring below the least: it is held there.
        """
        shift, unit, tick = self.shift, self._mark_unit, self._tick
        moved = tick * shift
        mark_low = _floor(((band.mark_low or 0) - moved) / unit)
        mark_high = None if band.mark_high is None else _ceiling((band.mark_high - moved) / unit)
        yield "mark", max(mark_low, _ceiling((tick - moved) / unit) - 1), mark_high
        yield "bid", -shift, None if band.bid_high is None else band.bid_high - shift
        yield "ask", max(band.ask_low or 0, 1) - shift, None
        yield "funding", UNKNOWN, None

    def _look(self) -> None:
        times = self._columns.time
        self.next_at = int(times[self._cursor]) if self._cursor < self._stop else END

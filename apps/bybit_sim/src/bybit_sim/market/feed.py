"""Tapes merged into steps: what happened next on all markets.

It knows rows and their order by (time, seq, stream number); it refuses to know who plays them.
"""

from collections.abc import Callable, Mapping, Sequence

from bybit_sim.market.facts import SymbolFacts
from bybit_sim.market.run import Stretch
from bybit_sim.market.sources import END, Source, TickerSource, TradeSource
from bybit_sim.market.words import MarketRow, Step
from gridcore.clock import Instant
from simvenue import VenueBand
from tapes.tape import Tape

Tapes = Sequence[tuple[SymbolFacts, Tape]]
"""One tape of each symbol."""
Continuation = Callable[[], Tapes]
"""Gives the tapes that follow on those before, of the same symbols and later in time."""


class Feed:
    """The rows of one tape per symbol, in [start, end); `more`: what comes after, without end."""

    def __init__(
        self,
        tapes: Tapes,
        start: Instant | None = None,
        end: Instant | None = None,
        more: Continuation | None = None,
    ) -> None:
        self._more = more
        self._shifts: dict[str, int] = {}
        self._trades: list[TradeSource] = []
        self._tickers: list[TickerSource] = []
        self._open(tapes, start, end)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that it plays."""
        return tuple(source.symbol for source in self._trades)

    def has_tickers(self, symbol: str) -> bool:
        """Whether the tape of a symbol holds tickers; else each of its trades counts as one."""
        return any(source.symbol == symbol for source in self._tickers)

    def next_at(self) -> Instant | None:
        """The time of the next row; None at the end."""
        at = min((source.next_at for source in self._sources), default=END)
        if at == END and self._more is not None:
            self._open(self._more(), None, None)
            at = min((source.next_at for source in self._sources), default=END)
        return None if at == END else Instant(at)

    def next_step(self) -> Step | None:
        """Take all rows of the next timestamp; None at the end."""
        at = self.next_at()
        if at is None:
            return None
        found: list[tuple[int, int, MarketRow]] = []
        for source in self._sources:
            while source.next_at == at:
                seq = source.next_seq()
                found.append((seq, source.number, source.take()))
        if len(found) > 1:
            # Rows of one stream and one seq stay in the order of their tape.
            found.sort(key=lambda entry: entry[:2])
        return Step(at, tuple(row for _, _, row in found))

    def take_stretch(
        self, bands: Mapping[str, VenueBand], before: Instant, limit: int
    ) -> Stretch | None:
        """Take the rows up to the next one that matters, at most `limit` trades of a symbol.

        None of them leaves the quiet band of its symbol or comes at or after `before`. None: the
        next step matters.
        """
        horizon = int(before)
        for source in self._sources:
            horizon = source.quiet_until(bands[source.symbol], horizon, limit)
        runs = [source.take_run(horizon) for source in self._trades]
        for ticker in self._tickers:
            ticker.pass_over(horizon)
        newest: list[tuple[int, int, int, MarketRow]] = []
        for source in self._sources:
            if source.next_at < horizon:
                at, seq = source.next_at, source.next_seq()
                newest.append((at, seq, source.number, source.take()))
        if not newest:
            return None
        newest.sort(key=lambda entry: entry[:3])
        return Stretch(
            tuple(run for run in runs if run is not None), tuple(entry[3] for entry in newest)
        )

    def shift(self, symbol: str, ticks: int) -> None:
        """Move every later price of a symbol by so many ticks, on top of earlier shifts."""
        self._shifts[symbol] = self._shifts.get(symbol, 0) + ticks
        self._apply_shifts()

    def _open(self, tapes: Tapes, start: Instant | None, end: Instant | None) -> None:
        count = len(tapes)
        self._trades = [
            TradeSource(facts, tape, number, start, end)
            for number, (facts, tape) in enumerate(tapes)
        ]
        self._tickers = [
            TickerSource(facts, tape, count + number, start, end)
            for number, (facts, tape) in enumerate(tapes)
            if tape.tickers is not None
        ]
        self._sources: list[Source] = [*self._trades, *self._tickers]
        self._apply_shifts()

    def _apply_shifts(self) -> None:
        for source in self._sources:
            source.shift = self._shifts.get(source.symbol, 0)

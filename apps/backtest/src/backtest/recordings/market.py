"""What the database holds of one symbol's public market: how much, from when, and the rows.

Knows counts, times and columns; refuses to know tapes and units.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from grid_db import bulk, models
from grid_db.records import Gap
from grid_db.repositories import as_admin
from grid_db.types import LATEST_PLAUSIBLE, from_microseconds, microseconds
from grid_db.words import Environment, Stream

END_US: Final = microseconds(LATEST_PLAUSIBLE)
"""No recorded time reaches it."""

_TABLES: Final[dict[Stream, sa.FromClause]] = {
    Stream.TRADES: models.PublicTrade.__table__,
    Stream.TICKERS: models.TickerSnapshot.__table__,
}


class RecordedMarket:
    """The public rows of a symbol in an environment, as one session sees them."""

    def __init__(self, session: Session, environment: Environment, symbol: str) -> None:
        self._session = session
        self.environment = environment
        self.symbol = symbol

    def first_us(self, stream: Stream) -> int | None:
        """The time of the oldest row; None when there is none."""
        columns = _TABLES[stream].c
        query = sa.select(sa.func.min(columns.exchange_ts)).where(*self._mine(columns))
        found = self._session.scalar(query)
        return None if found is None else microseconds(found)

    def count(self, stream: Stream, since_us: int, until_us: int | None = None) -> int:
        """Rows in [since, until); the index knows them all, no row is read."""
        count = bulk.count_trades if stream is Stream.TRADES else bulk.count_tickers
        return count(
            self._session, self.environment, self.symbol, start_us=since_us, end_us=until_us
        )

    def counter(self, stream: Stream) -> Callable[[int, int], int]:
        """`count` of one stream."""
        return lambda since_us, until_us: self.count(stream, since_us, until_us)

    def trades(self, since_us: int) -> Iterator[bulk.TradeBlock]:
        """All trades from an instant on, block by block, in the market's order."""
        return bulk.read_trades(self._session, self.environment, self.symbol, start_us=since_us)

    def tickers(self, since_us: int) -> Iterator[bulk.TickerBlock]:
        """All tickers from an instant on, block by block, in time order."""
        return bulk.read_tickers(self._session, self.environment, self.symbol, start_us=since_us)

    def gaps(self, stream: Stream, first_us: int, last_us: int) -> list[Gap]:
        """What the ledger says of the stream between two instants, in every state."""
        start, end = from_microseconds(first_us), from_microseconds(last_us)
        return as_admin(self._session).gaps.overlapping(self.environment, stream, start, end)

    def recorded_symbols(self) -> list[str]:
        """The symbols with trades in this environment, ascending; one look into the index each."""
        columns = _TABLES[Stream.TRADES].c
        found: list[str] = []
        while True:
            query = sa.select(sa.func.min(columns.symbol)).where(
                columns.environment == self.environment.value,
                columns.symbol > (found[-1] if found else ""),
            )
            symbol = self._session.scalar(query)
            if symbol is None:
                return found
            found.append(symbol)

    def _mine(self, columns: Any) -> tuple[sa.ColumnElement[bool], ...]:
        return columns.environment == self.environment.value, columns.symbol == self.symbol

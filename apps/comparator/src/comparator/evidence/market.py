"""The recorded market of one symbol as columns, and what was traded at a price in some time."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from comparator.loading.spans import Span
from grid_db import bulk
from grid_db.bulk import TickerBlock, TradeBlock
from grid_db.types import from_fixed8, to_fixed8
from grid_db.words import Environment
from gridcore.clock import Instant
from gridcore.sides import BUY, SideType

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTrades:
    """What was traded while an order could have been filled at its price, in base coin.

    `at_price`: at exactly its price, `against` of that by takers of the other side (or unknown);
    `beyond`: at better prices for the taker, so that the order must have been filled before.
    """

    at_price: Decimal
    against: Decimal
    beyond: Decimal
    trades: int
    first_at: Instant | None
    first_beyond_at: Instant | None

    @property
    def reached(self) -> Decimal:
        """Everything at the price or beyond it."""
        return self.at_price + self.beyond


def read_trades(session: Session, environment: Environment, symbol: str, span: Span) -> TradeBlock:
    """The trades of a symbol within a span, in the market's order."""
    blocks = list(
        bulk.read_trades(session, environment, symbol, start_us=span.start, end_us=span.end)
    )
    return TradeBlock(
        at=_joined([block.at for block in blocks]),
        price=_joined([block.price for block in blocks]),
        size=_joined([block.size for block in blocks]),
        side=np.concatenate([block.side for block in blocks] or [np.empty(0, np.int8)]),
    )


def read_tickers(
    session: Session, environment: Environment, symbol: str, span: Span
) -> TickerBlock:
    """The tickers of a symbol within a span; counts of 1e-8, bulk.UNKNOWN for what is missing."""
    blocks = list(
        bulk.read_tickers(session, environment, symbol, start_us=span.start, end_us=span.end)
    )
    names = ("at", "last", "mark", "bid", "ask", "funding")
    return TickerBlock(
        **{name: _joined([getattr(block, name) for block in blocks]) for name in names}
    )


def level_trades(
    trades: TradeBlock, side: SideType, price: Decimal, start: int, end: int
) -> LevelTrades:
    """What was traded at or beyond the price of an order of `side`, both times included."""
    first, stop = np.searchsorted(trades.at, [start, end + 1])
    prices, sizes = trades.price[first:stop], trades.size[first:stop]
    takers, times = trades.side[first:stop], trades.at[first:stop]
    level = to_fixed8(price)
    at_price = prices == level
    beyond = prices < level if side is BUY else prices > level
    own_side = 1 if side is BUY else -1
    touched = at_price | beyond
    return LevelTrades(
        at_price=_amount(sizes[at_price]),
        against=_amount(sizes[at_price & (takers != own_side)]),
        beyond=_amount(sizes[beyond]),
        trades=int(touched.sum()),
        first_at=_first(times[touched]),
        first_beyond_at=_first(times[beyond]),
    )


def _amount(sizes: Whole) -> Decimal:
    return from_fixed8(sum(sizes.tolist()))


def _first(times: Whole) -> Instant | None:
    return Instant(int(times[0])) if len(times) else None


def _joined(parts: Sequence[Whole]) -> Whole:
    return np.concatenate(parts or [np.empty(0, np.int64)])

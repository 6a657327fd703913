"""The rows of a market and the steps they are played in, as plain values. It refuses to act.

Prices are in ticks and sizes in steps of the instrument; mark and index are in quote currency.
"""

from dataclasses import dataclass
from decimal import Decimal

from gridcore.clock import Instant
from gridcore.instrument import Price, Steps, Ticks


@dataclass(frozen=True, slots=True)
class TradeRow:
    """One public trade; `side` +1: the taker bought, -1: sold, 0: unknown.

    `seq` orders rows of one instant on one tape; it is 0 where the tape has no tickers.
    """

    symbol: str
    at: Instant
    seq: int
    price: Ticks
    qty: Steps
    side: int


@dataclass(frozen=True, slots=True)
class TickerRow:
    """One recorded ticker; None is unknown."""

    symbol: str
    at: Instant
    seq: int
    last: Price
    mark: Decimal | None
    bid: Price | None
    ask: Price | None
    funding_rate: Decimal | None


MarketRow = TradeRow | TickerRow


@dataclass(frozen=True, slots=True)
class Step:
    """All rows of one timestamp, of all symbols, in order of (seq, stream)."""

    at: Instant
    rows: tuple[MarketRow, ...]

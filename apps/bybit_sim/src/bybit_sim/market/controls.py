"""What an operator does to a market by hand: trades and prices that are on no tape, as rows.

It makes rows; it refuses to play them.
"""

from decimal import Decimal

from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.words import MarketRow, TickerRow, TradeRow
from gridcore.clock import Instant
from gridcore.instrument import Price, Ticks
from gridcore.sides import SideType


def injected_trade(
    market: SymbolMarket, now: Instant, price: Decimal, qty: Decimal, side: SideType
) -> TradeRow:
    """A trade of now. ValueError for a price off the tick, a quantity off the step, or neither
    above 0."""
    ticks, steps = market.instrument.to_ticks(price), market.instrument.to_steps(qty)
    if ticks <= 0 or steps <= 0:
        raise ValueError(f"expected a price and a quantity above 0, found {price} and {qty}")
    taken = 1 if side is SideType.BUY else -1
    return TradeRow(market.symbol, now, 0, ticks, steps, taken)


def moved_rows(market: SymbolMarket, now: Instant, price: Decimal) -> tuple[int, list[MarketRow]]:
    """(ticks from the last price to `price`, the rows that bring the market there).

    A trade of the least quantity at the new price; on a market with recorded tickers also one
    whose quotes and mark moved as far. ValueError for a price off the tick or not above 0.
    """
    ticks = market.instrument.to_ticks(price)
    if ticks <= 0:
        raise ValueError(f"expected a price above 0, found {price}")
    distance = 0 if market.last is None else ticks - int(market.last)
    side = 1 if distance >= 0 else -1
    rows: list[MarketRow] = [
        TradeRow(market.symbol, now, 0, ticks, market.instrument.min_steps, side)
    ]
    if market.records_tickers:
        rows.append(_moved_ticker(market, now, ticks, distance))
    return distance, rows


def _moved_ticker(market: SymbolMarket, now: Instant, ticks: Ticks, distance: int) -> TickerRow:
    tick = market.instrument.tick_size
    mark = market.mark
    return TickerRow(
        symbol=market.symbol,
        at=now,
        seq=1,
        last=ticks,
        mark=None if mark is None else max(mark + tick * distance, tick),
        bid=_moved(market.bid, distance),
        ask=_moved(market.ask, distance),
        funding_rate=None,
    )


def _moved(quote: Price | None, distance: int) -> Price | None:
    return None if quote is None else max(quote + distance, 1)

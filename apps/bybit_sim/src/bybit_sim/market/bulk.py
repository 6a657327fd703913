"""Plays all rows up to the next one that matters at once, as if they had come one by one.

It knows which rows the exchange has to see; it refuses to know pacing and frames.
"""

from bybit_sim.exchange.words import Push
from bybit_sim.market.feed import Feed
from bybit_sim.market.ports import PlayedExchange
from bybit_sim.market.words import Step


def play_quiet(exchange: PlayedExchange, feed: Feed, limit: int) -> tuple[Push, ...] | None:
    """Play the rows inside the quiet bands, at most `limit` trades of a symbol; the pushes of it.

    Trades reach their market's log and candles; venues and tickers see the newest row of each kind
    of each symbol (`SimVenue.quiet_band`). Timers and settlements of funding end the stretch: their
    rates and marks are those of their own instant. None: the next step matters.
    """
    markets = exchange.markets
    bands = {symbol: exchange.quiet_band(symbol) for symbol in feed.symbols}
    due = exchange.next_deadline()
    ends = [market.next_funding for market in markets.values()]
    stretch = feed.take_stretch(bands, min(ends if due is None else [*ends, due]), limit)
    if stretch is None:
        return None
    for run in stretch.runs:
        markets[run.symbol].play_run(run)
    pushes: list[Push] = []
    for row in stretch.newest:
        pushes += exchange.play(Step(row.at, (row,)))
    return tuple(pushes)

"""Where the market may move without anything happening: liquidation zones and quiet bands.

It knows books, legs and the wallet's slack; it refuses to know which rows are skipped.
"""

from simvenue.book import BEYOND
from simvenue.clearing import Clearing
from simvenue.margin import EVERYWHERE, INFINITY, ZERO, Interval
from simvenue.market import Market
from simvenue.matching import Bounds
from simvenue.messages import VenueBand

NOWHERE = Bounds(0, 0)


def share_out_zones(clearing: Clearing) -> None:
    """Give every symbol the marks between which it cannot cause a liquidation.

    The wallet's slack (equity - maintenance margin at the marks of now) is divided evenly among the
    symbols with a position. Strictly inside its zone a symbol loses less than its share; the sum of
    such losses is less than the slack, so no combination of marks liquidates. One symbol alone has
    the whole slack: its zone ends at its liquidation price, or at the next tier boundary.
    """
    slack = clearing.totals().slack
    exposed = [market for market in clearing.markets if market.pair.open]
    for market in clearing.markets:
        mark = market.mark()
        if not market.pair.open or mark is None:
            market.zone = EVERYWHERE
        elif slack <= 0:
            market.zone = Interval(mark, mark)
        else:
            low, high = market.margins.safe_interval(market.pair, mark, slack / len(exposed))
            # One tick of caution: the ends are rounded to 28 digits.
            market.zone = Interval(low + market.tick if low > 0 else ZERO, high - market.tick)
        market.expire()
    clearing.zones_hold = True


def refresh_band(market: Market, clearing: Clearing) -> VenueBand:
    """Compute the quiet band of a symbol; it holds until the market's `expire`.

    The first price matters whatever it is: the models need a previous one.
    """
    if not clearing.zones_hold:
        share_out_zones(clearing)
    last = market.last
    low, high = NOWHERE if last is None else market.matching.bounds(market.book, last)
    ask_low, bid_high = market.matching.quote_bounds(market.book)
    mark_low, mark_high = market.zone
    if market.ticker_mark is None and market.pair.open:
        # The mark follows the last price.
        low = max(low, int(mark_low // market.tick))
        if mark_high < INFINITY:
            high = min(high, int(mark_high // market.tick))
    market.trade_low, market.trade_high = low, high
    market.ask_low, market.bid_high = ask_low, bid_high
    market.band = VenueBand(
        trade_low=low or None,
        trade_high=None if high >= BEYOND else high,
        mark_low=mark_low or None,
        mark_high=mark_high if mark_high < INFINITY else None,
        bid_high=None if bid_high >= BEYOND else bid_high,
        ask_low=ask_low or None,
    )
    return market.band

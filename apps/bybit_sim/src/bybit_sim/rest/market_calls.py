"""The public calls of /v5/market (bybit.md A.3). It refuses to know accounts."""

from collections.abc import Mapping

from bybit_sim.exchange.words import Row
from bybit_sim.rest.answers import done
from bybit_sim.rest.caller import SYMBOL, symbols_of
from bybit_sim.rest.paging import Place, by_name
from bybit_sim.rest.parameters import (
    PLAYED_CATEGORY,
    BadParameter,
    Query,
    invalid,
    missing,
)
from bybit_sim.rest.ports import MarketPort
from bybit_sim.rest.words import Answer
from gridcore.clock import SECOND_US, Instant

Markets = Mapping[str, MarketPort]

STATUSES = frozenset({"PreLaunch", "Trading", "Delivering", "Closed"})
RISK_SYMBOLS_PER_PAGE = 15


def server_time(markets: Markets, query: Query, now: Instant) -> Answer:
    """market/time: market time, in seconds and in nanoseconds."""
    return done({"timeSecond": str(now // SECOND_US), "timeNano": str(now * 1000)})


def instruments(markets: Markets, query: Query, now: Instant) -> Answer:
    """market/instruments-info: by symbol; status Trading unless another is asked for."""
    category = query.category()
    limit = query.limit(500, 1000)
    status = query.choice("status", STATUSES, "Trading")
    if category != PLAYED_CATEGORY:
        return done({"category": category, "list": [], "nextPageCursor": ""})
    rows = [markets[symbol].instrument_row() for symbol in symbols_of(markets, query)]
    rows = [row for row in rows if row["status"] == status]
    page = by_name(rows, _row_place, limit, query.text("cursor"))
    return done({"category": category, "list": page.items, "nextPageCursor": page.cursor})


def tickers(markets: Markets, query: Query, now: Instant) -> Answer:
    """market/tickers: one symbol, or all."""
    category = query.category()
    if category != PLAYED_CATEGORY:
        return done({"category": category, "list": []})
    rows = [markets[symbol].ticker_row() for symbol in symbols_of(markets, query)]
    return done({"category": category, "list": rows})


def recent_trades(markets: Markets, query: Query, now: Instant) -> Answer:
    """market/recent-trade: newest first; no cursor and no time filter."""
    category = query.category()
    limit = query.limit(500, 1000)
    market = _market(markets, query, category)
    rows = [] if market is None else market.trade_rows(limit)
    return done({"category": category, "list": rows})


def klines(markets: Markets, query: Query, now: Instant) -> Answer:
    """market/kline: candles as lists of texts, newest first."""
    category = query.category(default=PLAYED_CATEGORY)
    symbol, interval = query.required(SYMBOL), query.required("interval")
    limit = query.limit(200, 1000)
    market = _market(markets, query, category)
    rows: list[list[str]] | None = []
    if market is not None:
        rows = market.kline_rows(interval, query.whole("start"), query.whole("end"), limit)
    if rows is None:
        raise BadParameter("Invalid period!")
    return done({"symbol": symbol, "category": category, "list": rows})


def funding_history(markets: Markets, query: Query, now: Instant) -> Answer:
    """market/funding/history: newest first; startTime alone is an error, endTime alone is not."""
    category = query.category()
    limit = query.limit(200, 200)
    start_ms, end_ms = query.whole("startTime"), query.whole("endTime")
    if start_ms is not None and end_ms is None:
        raise missing("endTime")
    market = _market(markets, query, category)
    rows = [] if market is None else market.funding_rows(start_ms, end_ms, limit)
    return done({"category": category, "list": rows})


def risk_limits(markets: Markets, query: Query, now: Instant) -> Answer:
    """market/risk-limit: the tiers of one symbol, or of 15 symbols a page."""
    category = query.category()
    if category != PLAYED_CATEGORY:
        return done({"category": category, "list": [], "nextPageCursor": ""})
    page = by_name(
        symbols_of(markets, query), _symbol_place, RISK_SYMBOLS_PER_PAGE, query.text("cursor")
    )
    rows = [row for symbol in page.items for row in markets[symbol].risk_rows()]
    return done({"category": category, "list": rows, "nextPageCursor": page.cursor})


def price_limit(markets: Markets, query: Query, now: Instant) -> Answer:
    """market/price-limit: the highest buy and the lowest sell of now."""
    market = _market(markets, query, query.category(default=PLAYED_CATEGORY))
    if market is None:
        raise invalid(SYMBOL)
    return done(market.price_limit_row(now), text="")


def _market(markets: Markets, query: Query, category: str) -> MarketPort | None:
    """The market of the required symbol; None in categories that are not simulated."""
    symbol = query.required(SYMBOL)
    if category != PLAYED_CATEGORY:
        return None
    if symbol not in markets:
        raise invalid(SYMBOL)
    return markets[symbol]


def _row_place(row: Row) -> Place:
    return _symbol_place(str(row["symbol"]))


def _symbol_place(symbol: str) -> Place:
    return Place(0, 0, symbol)

"""The calls of /v5/position (bybit.md A.5). It refuses to know orders."""

from decimal import Decimal

from bybit_sim.exchange.words import Row
from bybit_sim.rest.answers import done, refused
from bybit_sim.rest.caller import SETTLE_COIN, SYMBOL, Caller, require_one_of, symbols_of
from bybit_sim.rest.paging import Place, by_name, newest_first
from bybit_sim.rest.parameters import COIN, PLAYED_CATEGORY, Body, Query, invalid, missing
from bybit_sim.rest.words import Answer

ONE_WAY, HEDGE = 0, 3


def positions(caller: Caller, query: Query) -> Answer:
    """position/list: both sides of a symbol even when flat; of a settleCoin only those held."""
    category = query.category()
    limit = query.limit(20, 200)
    rows: list[Row] = []
    if category == PLAYED_CATEGORY:
        require_one_of(query, SYMBOL, SETTLE_COIN)
        rows = [
            row
            for symbol in symbols_of(caller.markets, query)
            for row in caller.account.position_rows(symbol, caller.now)
            if query.text(SYMBOL) or Decimal(str(row["size"])) > 0
        ]
    page = by_name(rows, _position_place, limit, query.text("cursor"))
    return done({"list": page.items, "nextPageCursor": page.cursor, "category": category})


def closed_pnl(caller: Caller, query: Query) -> Answer:
    """position/closed-pnl: one row per closing order, newest first, 7 days at most."""
    category = query.category()
    limit = query.limit(50, 100)
    window = query.window(caller.now)
    rows: list[Row] = []
    if category == PLAYED_CATEGORY:
        rows = [
            row
            for symbol in symbols_of(caller.markets, query)
            for row in caller.account.closed_pnl_rows(symbol)
            if window.start_ms <= _updated_ms(row) <= window.end_ms
        ]
    page = newest_first(rows, _closed_place, limit, query.text("cursor"))
    return done({"nextPageCursor": page.cursor, "category": category, "list": page.items})


def set_leverage(caller: Caller, body: Body) -> Answer:
    """position/set-leverage: an empty result, or why not (110043: unchanged)."""
    body.require_played_category()
    symbol = body.required(SYMBOL)
    if symbol not in caller.markets:
        raise invalid(SYMBOL)
    buy, sell = body.required("buyLeverage"), body.required("sellLeverage")
    refusal = caller.account.set_leverage(symbol, buy, sell, caller.now)
    return done({}) if refusal is None else refused(refusal)


def switch_mode(caller: Caller, body: Body) -> Answer:
    """position/switch-mode: 0 one-way, 3 hedge; for a symbol, or for all of a coin."""
    body.require_played_category()
    symbol = body.text(SYMBOL)
    require_one_of(body, SYMBOL, "coin")
    if symbol and symbol not in caller.markets:
        raise invalid(SYMBOL)
    if not symbol and body.text("coin") != COIN:
        raise invalid("coin")
    mode = body.whole("mode")
    if mode is None:
        raise missing("mode")
    if mode not in (ONE_WAY, HEDGE):
        raise invalid("mode")
    refusal = caller.account.switch_mode(symbol or None, mode, caller.now)
    return done({}) if refusal is None else refused(refusal)


def _position_place(row: Row) -> Place:
    return Place(0, 0, f"{row['symbol']} {row['positionIdx']}")


def _updated_ms(row: Row) -> int:
    return int(str(row["updatedTime"]))


def _closed_place(row: Row) -> Place:
    return Place(_updated_ms(row), 0, str(row["orderId"]))

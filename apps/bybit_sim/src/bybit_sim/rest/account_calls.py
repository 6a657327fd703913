"""The reading calls of /v5/account and /v5/user (bybit.md A.5). It refuses to change anything."""

from bybit_sim.exchange.words import Row
from bybit_sim.rest.answers import done
from bybit_sim.rest.caller import BASE_COIN, SYMBOL, Caller, symbols_of
from bybit_sim.rest.paging import Place, newest_first
from bybit_sim.rest.parameters import (
    CATEGORIES,
    DAY_MS,
    PLAYED_CATEGORY,
    BadParameter,
    Query,
)
from bybit_sim.rest.words import Answer

ACCOUNT_TYPE = "UNIFIED"


def wallet_balance(caller: Caller, query: Query) -> Answer:
    """account/wallet-balance: the unified account; `coin` names the coins to show."""
    _require_unified(query.required("accountType"))
    row = dict(caller.account.wallet_row(caller.now))
    asked = query.text("coin")
    coins = row["coin"]
    if asked and isinstance(coins, list):
        row["coin"] = [coin for coin in coins if coin["coin"] in asked.split(",")]
    return done({"list": [row]})


def account_information(caller: Caller, query: Query) -> Answer:
    """account/info: margin mode and the like."""
    return done(caller.account.info_row(caller.now))


def fee_rates(caller: Caller, query: Query) -> Answer:
    """account/fee-rate: maker and taker rate per symbol; derivatives have no category key."""
    if query.category() != PLAYED_CATEGORY:
        return done({"list": []})
    symbols = symbols_of(caller.markets, query)
    return done({"list": [row for name in symbols for row in caller.account.fee_rows(name)]})


def transactions(caller: Caller, query: Query) -> Answer:
    """account/transaction-log: newest first; without times the last 24 h, at most 7 days."""
    _require_unified(query.text("accountType") or ACCOUNT_TYPE)
    category = query.choice("category", CATEGORIES | {""}, "")
    limit = query.limit(20, 50)
    window = query.window(caller.now, span_ms=DAY_MS)
    wanted = {name: query.text(name) for name in ("currency", "type")}
    symbols = set(symbols_of(caller.markets, query))
    by_symbol = bool(query.text(SYMBOL) or query.text(BASE_COIN))
    rows = [
        row
        for row in caller.account.transaction_rows()
        if window.start_ms <= _transaction_ms(row) <= window.end_ms
        and category in ("", row["category"])
        and all(value in ("", row[name]) for name, value in wanted.items())
        and (not by_symbol or row["symbol"] in symbols)
    ]
    page = newest_first(rows, _transaction_place, limit, query.text("cursor"))
    return done({"nextPageCursor": page.cursor, "list": page.items})


def disconnect_protection(caller: Caller, query: Query) -> Answer:
    """account/query-dcp-info: the exchange enables it for institutions only, so never here."""
    return done({"dcpInfos": []}, text="success")


def key_information(caller: Caller, query: Query) -> Answer:
    """user/query-api: the key that signed the request."""
    return done(caller.account.key_row(caller.key, caller.now), text="")


def coins(caller: Caller, query: Query) -> Answer:
    """asset/coin/query-info: no chains here; clients that load currencies first go on with none."""
    return done({"rows": []}, text="success")


def _require_unified(account_type: str) -> None:
    if account_type != ACCOUNT_TYPE:
        raise BadParameter("accountType only support UNIFIED.")


def _transaction_ms(row: Row) -> int:
    return int(str(row["transactionTime"]))


def _transaction_place(row: Row) -> Place:
    return Place(_transaction_ms(row), 0, str(row["id"]))

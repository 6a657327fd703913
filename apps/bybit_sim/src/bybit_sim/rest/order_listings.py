"""Listings of orders and executions (bybit.md A.4). It refuses to change anything."""

from bybit_sim.exchange.rows import execution_row, order_row
from bybit_sim.exchange.words import ExecutionRecord, OrderRecord, State
from bybit_sim.rest.answers import done
from bybit_sim.rest.caller import BASE_COIN, SETTLE_COIN, SYMBOL, Caller, require_one_of, symbols_of
from bybit_sim.rest.paging import Place, newest_first
from bybit_sim.rest.parameters import PLAYED_CATEGORY, Query, Window
from bybit_sim.rest.staleness import as_it_was, was_open
from bybit_sim.rest.words import Answer
from gridcore.clock import Instant

ENDED_ORDERS_MAX = 500
ORDINARY_FILTERS = frozenset({"", "Order", "OpenOrder"})
STATES = frozenset({"", *(state.value for state in State)})


def open_orders(caller: Caller, query: Query) -> Answer:
    """order/realtime: open orders, with openOnly=1 the last 500 ended ones; newest first.

    By orderId or orderLinkId an order is found in either state.
    """
    category = query.category()
    limit = query.limit(20, 50)
    ended = query.choice("openOnly", ("0", "1"), "0") == "1"
    records: list[OrderRecord] = []
    if category == PLAYED_CATEGORY:
        order_id, link_id = query.text("orderId"), query.text("orderLinkId")
        if order_id or link_id:
            records = _one_order(caller, query, order_id, link_id)
        else:
            require_one_of(query, SYMBOL, SETTLE_COIN, BASE_COIN)
            records = _last_ended(caller, query) if ended else _open(caller, query)
    return _listed(caller, category, query, records, limit)


def order_history(caller: Caller, query: Query) -> Answer:
    """order/history: ended orders by time of creation, 7 days at most."""
    category = query.category()
    limit = query.limit(20, 50)
    window = query.window(caller.now)
    status = query.choice("orderStatus", STATES, "")
    if category != PLAYED_CATEGORY:
        return _listed(caller, category, query, [], limit)
    order_id, link_id = query.text("orderId"), query.text("orderLinkId")
    records = [
        record
        for record in _ended(caller, query)
        if window.holds(record.created_at)
        and status in ("", record.state.value)
        and _is_asked(record, order_id, link_id)
    ]
    return _listed(caller, category, query, records, limit)


def executions(caller: Caller, query: Query) -> Answer:
    """execution/list: fills and funding, newest first, 7 days at most."""
    category = query.category()
    limit = query.limit(50, 100)
    window = query.window(caller.now)
    records: list[ExecutionRecord] = []
    if category == PLAYED_CATEGORY:
        exec_type = query.text("execType")
        order_id, link_id = query.text("orderId"), query.text("orderLinkId")
        records = [
            record
            for symbol in symbols_of(caller.markets, query)
            for record in _within(caller.account.executions(symbol), window)
            if record.at <= caller.as_of
            and exec_type in ("", record.exec_type)
            and (not (order_id or link_id) or _belongs(record, order_id, link_id))
        ]
    page = newest_first(records, _execution_place, limit, query.text("cursor"))
    rows = [execution_row(record) for record in page.items]
    return done({"nextPageCursor": page.cursor, "category": category, "list": rows})


def _listed(
    caller: Caller, category: str, query: Query, records: list[OrderRecord], limit: int
) -> Answer:
    if query.text("orderFilter") not in ORDINARY_FILTERS:
        records = []
    page = newest_first(records, _order_place, limit, query.text("cursor"))
    rows = [order_row(record) for record in page.items]
    return done({"list": rows, "nextPageCursor": page.cursor, "category": category})


def _open(caller: Caller, query: Query) -> list[OrderRecord]:
    symbols = symbols_of(caller.markets, query)
    if caller.as_of == caller.now:
        return [record for symbol in symbols for record in caller.account.open_orders(symbol)]
    return [record for symbol in symbols for record in _open_then(caller, symbol)]


def _open_then(caller: Caller, symbol: str) -> list[OrderRecord]:
    account, then = caller.account, caller.as_of
    executions = account.executions(symbol)
    records = [*account.open_orders(symbol), *account.ended_orders(symbol, caller.now)]
    return [as_it_was(record, executions, then) for record in records if was_open(record, then)]


def _ended(caller: Caller, query: Query) -> list[OrderRecord]:
    return [
        record
        for symbol in symbols_of(caller.markets, query)
        for record in caller.account.ended_orders(symbol, caller.now)
        if record.updated_at <= caller.as_of
    ]


def _last_ended(caller: Caller, query: Query) -> list[OrderRecord]:
    newest = sorted(_ended(caller, query), key=_ended_at, reverse=True)
    return newest[:ENDED_ORDERS_MAX]


def _one_order(caller: Caller, query: Query, order_id: str, link_id: str) -> list[OrderRecord]:
    record = caller.account.find_order(order_id, link_id)
    if record is None or record.symbol not in symbols_of(caller.markets, query):
        return []
    if was_open(record, caller.as_of):
        if caller.as_of == caller.now:
            return [record]
        return [as_it_was(record, caller.account.executions(record.symbol), caller.as_of)]
    remembered = caller.account.ended_orders(record.symbol, caller.now)[:ENDED_ORDERS_MAX]
    ids = {other.order_id for other in remembered if other.updated_at <= caller.as_of}
    return [record] if record.order_id in ids else []


def _within(records: list[ExecutionRecord], window: Window) -> list[ExecutionRecord]:
    """Those inside the window, of records that come newest first."""
    inside = []
    for record in records:
        if record.at // 1000 < window.start_ms:
            break
        if window.holds(record.at):
            inside.append(record)
    return inside


def _is_asked(record: OrderRecord, order_id: str, link_id: str) -> bool:
    """The order id goes before the link id; without either every order is asked for."""
    if order_id:
        return record.order_id == order_id
    return link_id in ("", record.order_link_id)


def _belongs(record: ExecutionRecord, order_id: str, link_id: str) -> bool:
    return record.order is not None and _is_asked(record.order, order_id, link_id)


def _ended_at(record: OrderRecord) -> Instant:
    return record.updated_at


def _order_place(record: OrderRecord) -> Place:
    return Place(record.created_at, 0, record.order_id)


def _execution_place(record: ExecutionRecord) -> Place:
    return Place(record.at, record.seq, record.exec_id)

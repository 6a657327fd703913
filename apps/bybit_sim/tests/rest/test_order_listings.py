"""Listings of orders and executions: selection, order, paging, windows (bybit.md A.4)."""

from typing import Any

import pytest

from bybit_sim.exchange.words import State
from gridcore.clock import MINUTE_US, SECOND_US

OPEN, HISTORY, FILLS = "/v5/order/realtime", "/v5/order/history", "/v5/execution/list"
DAY_US = 86_400 * SECOND_US


def orders(answer: dict[str, Any]) -> list[str]:
    return [row["orderId"][-1] for row in answer["result"]["list"]]


def fills(answer: dict[str, Any]) -> list[str]:
    return [row["execId"][-1] for row in answer["result"]["list"]]


def test_open_orders_are_rows_of_the_protocol_newest_first(client: Any, an_order: Any) -> None:
    client.exchange.account.open = [an_order(1), an_order(3), an_order(2)]

    answer = client.get(OPEN, category="linear", symbol="BTCUSDT")

    assert orders(answer) == ["3", "2", "1"]
    assert answer["result"]["category"] == "linear"
    assert answer["result"]["nextPageCursor"] == ""
    row = answer["result"]["list"][0]
    assert (row["price"], row["qty"], row["positionIdx"]) == ("50000.10", "0.010", 1)
    assert row["orderStatus"] == "New"


def test_a_listing_needs_a_symbol_or_a_coin(client: Any) -> None:
    answer = client.get(OPEN, category="linear")

    assert answer["retCode"] == 10001
    assert answer["retMsg"] == (
        "Missing some parameters that must be filled in, symbol or settleCoin or baseCoin"
    )


def test_twenty_orders_make_a_page_and_orders_of_one_instant_are_all_shown(
    client: Any, an_order: Any
) -> None:
    same = client.exchange.now - MINUTE_US
    client.exchange.account.open = [an_order(n, created_at=same) for n in range(45)]

    pages = list(client.pages(OPEN, category="linear", settleCoin="USDT"))

    assert [len(page["list"]) for page in pages] == [20, 20, 5]
    assert len({row["orderId"] for page in pages for row in page["list"]}) == 45


def test_ended_orders_are_listed_when_asked_for_and_at_most_500(client: Any, an_order: Any) -> None:
    client.exchange.account.open = [an_order(1)]
    client.exchange.account.ended = [an_order(n, state=State.FILLED) for n in range(2, 600)]

    pages = list(client.pages(OPEN, category="linear", symbol="BTCUSDT", openOnly=1, limit=50))

    assert sum(len(page["list"]) for page in pages) == 500
    assert pages[0]["list"][0]["orderId"] == "order-0599"
    assert pages[9]["list"][49]["orderId"] == "order-0100"


def test_an_order_is_found_by_either_id_in_either_state(client: Any, an_order: Any) -> None:
    client.exchange.account.open = [an_order(1)]
    client.exchange.account.ended = [an_order(2, state=State.CANCELLED)]

    def found(**params: object) -> list[str]:
        return orders(client.get(OPEN, category="linear", **params))

    assert found(orderId="order-0001") == ["1"]
    assert found(orderLinkId="link-2", openOnly=0) == ["2"]
    assert found(orderId="order-0002", orderLinkId="link-1") == ["2"]
    assert found(orderId="order-0001", symbol="ETHUSDT") == []
    assert found(orderId="order-0009") == []


def test_an_order_that_the_exchange_has_forgotten_is_not_found(client: Any, an_order: Any) -> None:
    record = an_order(1, state=State.CANCELLED)
    client.exchange.account.find_order = lambda order_id, link_id: record

    assert orders(client.get(OPEN, category="linear", orderId="order-0001")) == []


def test_stop_orders_do_not_exist(client: Any, an_order: Any) -> None:
    client.exchange.account.open = [an_order(1)]

    def shown(order_filter: str) -> list[str]:
        return orders(
            client.get(OPEN, category="linear", symbol="BTCUSDT", orderFilter=order_filter)
        )

    assert shown("StopOrder") == []
    assert shown("Order") == ["1"]


def test_history_is_of_the_last_seven_days_by_creation(client: Any, an_order: Any) -> None:
    now = client.exchange.now
    client.exchange.account.ended = [
        an_order(3, state=State.FILLED, created_at=now),
        an_order(2, state=State.FILLED, created_at=now - 7 * DAY_US),
        an_order(1, state=State.FILLED, created_at=now - 7 * DAY_US - 1000),
    ]

    assert orders(client.get(HISTORY, category="linear")) == ["3", "2"]
    older = client.get(HISTORY, category="linear", endTime=(now - 7 * DAY_US) // 1000 - 1)
    assert orders(older) == ["1"]
    assert client.get(HISTORY, category="linear", startTime=2, endTime=1)["retCode"] == 10001


def test_history_is_filtered_by_status_ids_and_symbol(client: Any, an_order: Any) -> None:
    client.exchange.account.open = [an_order(4)]
    client.exchange.account.ended = [
        an_order(3, state=State.FILLED),
        an_order(2, state=State.CANCELLED, symbol="ETHUSDT"),
        an_order(1, state=State.REJECTED),
    ]

    def shown(**params: object) -> list[str]:
        return orders(client.get(HISTORY, category="linear", **params))

    assert shown() == ["3", "2", "1"]
    assert shown(orderStatus="Cancelled") == ["2"]
    assert shown(symbol="BTCUSDT") == ["3", "1"]
    assert shown(orderId="order-0003", orderLinkId="link-1") == ["3"]
    assert shown(orderLinkId="link-1") == ["1"]
    assert client.get(HISTORY, category="linear", orderStatus="Gone")["retCode"] == 10001


def test_executions_are_newest_first_over_pages_by_time_and_sequence(
    client: Any, an_execution: Any
) -> None:
    same = client.exchange.now - MINUTE_US
    client.exchange.account.fills = [an_execution(n, at=same) for n in (4, 3, 2, 1)]

    pages = list(client.pages(FILLS, category="linear", limit=3))

    assert [[row["execId"][-1] for row in page["list"]] for page in pages] == [
        ["4", "3", "2"],
        ["1"],
    ]
    assert pages[0]["list"][0]["execFee"] == "0.1000002"


def test_executions_are_filtered_by_type_order_symbol_and_time(
    client: Any, an_execution: Any
) -> None:
    now = client.exchange.now
    client.exchange.account.fills = [
        an_execution(4, order=None, exec_type="Funding"),
        an_execution(3, symbol="ETHUSDT"),
        an_execution(2),
        an_execution(1, at=now - 8 * DAY_US),
    ]

    def shown(**params: object) -> list[str]:
        return fills(client.get(FILLS, category="linear", **params))

    assert shown() == ["4", "3", "2"]
    assert shown(execType="Funding") == ["4"]
    assert shown(symbol="ETHUSDT") == ["3"]
    assert shown(orderId="order-0002") == shown(orderLinkId="link-2") == ["2"]
    assert shown(startTime=(now - 9 * DAY_US) // 1000) == ["1"]
    assert client.get(FILLS, category="linear", limit=101)["retCode"] == 10001


@pytest.mark.parametrize("path", [OPEN, HISTORY, FILLS])
@pytest.mark.parametrize("category", ["spot", "inverse", "option"])
def test_other_categories_are_empty(client: Any, path: str, category: str, an_order: Any) -> None:
    client.exchange.account.open = client.exchange.account.ended = [an_order(1)]

    assert client.get(path, category=category)["result"] == {
        "list": [],
        "nextPageCursor": "",
        "category": category,
    }


def test_a_stale_listing_shows_the_state_of_a_moment_ago(
    client: Any, an_order: Any, an_execution: Any
) -> None:
    now = client.exchange.now
    account = client.exchange.account
    filled = an_order(1, state=State.FILLED, leaves=0, cum_qty=an_order(1).qty, updated_at=now)
    account.ended = [filled]
    account.open = [an_order(2, created_at=now)]
    account.fills = [an_execution(1, at=now)]

    def stale(path: str, query: str) -> dict[str, Any]:
        answer: dict[str, Any] = client.read(client.send("GET", path, query, stale_us=500_000))
        return answer

    of_btc = "category=linear&symbol=BTCUSDT"
    assert orders(stale(OPEN, of_btc)) == ["1"]
    assert stale(OPEN, of_btc)["result"]["list"][0]["orderStatus"] == "New"
    assert orders(stale(OPEN, "category=linear&orderId=order-0001")) == ["1"]
    assert orders(stale(OPEN, "category=linear&orderId=order-0002")) == []
    assert orders(stale(HISTORY, of_btc)) == fills(stale(FILLS, of_btc)) == []
    assert orders(client.get(OPEN, category="linear", symbol="BTCUSDT")) == ["2"]

"""Order entry as HTTP and the trade socket share it (bybit.md A.2, A.4, B.5)."""

from typing import Any

import pytest

from bybit_sim.rest.trading import OPERATIONS

ORDER: dict[str, object] = {
    "symbol": "BTCUSDT",
    "side": "Buy",
    "orderType": "Limit",
    "qty": "0.01",
    "price": "50000.1",
    "positionIdx": 1,
}
SINGLE = {"category": "linear", **ORDER}


def batch(*legs: dict[str, object]) -> dict[str, object]:
    return {"category": "linear", "request": list(legs)}


def act(client: Any, op: str, body: dict[str, object], key: str = "own") -> Any:
    return client.trade.act(
        client.exchange.account, client.keys[key], op, body, client.exchange.now, client.wall_us
    )


def test_the_desk_knows_single_and_batch_operations(client: Any) -> None:
    for op in ("order.create", "order.amend", "order.cancel", "order.create-batch"):
        assert client.trade.knows(op)
    assert not client.trade.knows("order.cancel-all")


def test_a_socket_gets_the_same_answer_and_headers_as_http(client: Any) -> None:
    answer, headers = act(client, "order.create", SINGLE)

    assert (answer.code, answer.text) == (0, "OK")
    assert answer.result == {"orderId": "order-0001", "orderLinkId": ""}
    assert headers == {
        "X-Bapi-Limit": "10",
        "X-Bapi-Limit-Status": "9",
        "X-Bapi-Limit-Reset-Timestamp": str(client.wall_us // 1000),
    }


def test_sockets_and_http_share_the_limit_of_an_account(client: Any) -> None:
    for _ in range(5):
        act(client, "order.create", SINGLE)
        client.post("/v5/order/create", SINGLE)

    over_socket, _ = act(client, "order.create", SINGLE)
    over_http = client.post("/v5/order/create", SINGLE)
    other_path = client.post("/v5/order/cancel", {**SINGLE, "orderId": "x"})

    assert (over_socket.code, over_socket.text) == (10006, "Too many visits!")
    assert over_http["retCode"] == 10006
    assert other_path["retCode"] == 110001
    assert len(client.exchange.account.placed) == 10


@pytest.mark.parametrize("op", sorted(OPERATIONS))
def test_a_read_only_key_may_not_act(client: Any, op: str) -> None:
    answer, headers = act(client, op, batch(ORDER), key="reader")

    assert answer.code == 10005
    assert headers == {}
    assert client.exchange.account.placed == []


@pytest.mark.parametrize("body", [{}, {"category": "spot", **ORDER}, {**SINGLE, "qty": 1}])
def test_whatever_is_wrong_with_a_body_becomes_an_answer(
    client: Any, body: dict[str, object]
) -> None:
    answer, _ = act(client, "order.create", body)

    assert answer.code == 10001
    assert answer.result == {}


def test_a_batch_answers_leg_by_leg_in_order(client: Any) -> None:
    bad = {**ORDER, "side": "buy", "orderLinkId": "b"}

    answer = client.post(
        "/v5/order/create-batch", batch({**ORDER, "orderLinkId": "a"}, bad, {**ORDER, "qty": 1})
    )

    assert answer["retCode"] == 0
    assert answer["result"]["list"] == [
        {
            "category": "linear",
            "symbol": "BTCUSDT",
            "orderId": "order-0001",
            "orderLinkId": "a",
            "createAt": "1700000000000",
        },
        {
            "category": "linear",
            "symbol": "BTCUSDT",
            "orderId": "",
            "orderLinkId": "b",
            "createAt": "",
        },
        {
            "category": "linear",
            "symbol": "BTCUSDT",
            "orderId": "",
            "orderLinkId": "",
            "createAt": "",
        },
    ]
    assert answer["retExtInfo"]["list"] == [
        {"code": 0, "msg": "OK"},
        {"code": 10001, "msg": "params error: side invalid"},
        {"code": 10001, "msg": "Request parameter error."},
    ]


def test_a_batch_of_cancels_has_no_times(client: Any, an_order: Any) -> None:
    client.exchange.account.open = [an_order(1)]

    answer = client.post(
        "/v5/order/cancel-batch",
        batch(
            {"symbol": "BTCUSDT", "orderId": "order-0001"},
            {"symbol": "BTCUSDT", "orderLinkId": "gone"},
        ),
    )

    assert answer["result"]["list"] == [
        {
            "category": "linear",
            "symbol": "BTCUSDT",
            "orderId": "order-0001",
            "orderLinkId": "link-1",
        },
        {"category": "linear", "symbol": "BTCUSDT", "orderId": "", "orderLinkId": "gone"},
    ]
    assert [leg["code"] for leg in answer["retExtInfo"]["list"]] == [0, 110001]


def test_amendments_come_in_batches_too(client: Any) -> None:
    answer = client.post(
        "/v5/order/amend-batch", batch({"symbol": "BTCUSDT", "orderLinkId": "a", "price": "2"})
    )

    assert answer["retExtInfo"]["list"] == [{"code": 0, "msg": "OK"}]
    assert len(client.exchange.account.amended) == 1


def test_a_batch_uses_up_one_unit_per_order_and_the_rest_fails_by_itself(client: Any) -> None:
    first = client.post("/v5/order/create-batch", batch(*[ORDER] * 7))
    second = client.post("/v5/order/create-batch", batch(*[ORDER] * 5))
    third = client.post("/v5/order/create-batch", batch(ORDER))
    single = client.post("/v5/order/create", SINGLE)

    assert {leg["code"] for leg in first["retExtInfo"]["list"]} == {0}
    assert [leg["code"] for leg in second["retExtInfo"]["list"]] == [0, 0, 0, 10006, 10006]
    assert second["retCode"] == 0
    assert third["retCode"] == 10006
    assert single["retCode"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"category": "linear"},
        {"category": "linear", "request": []},
        {"category": "linear", "request": [ORDER] * 21},
        {"category": "linear", "request": ["x"]},
        {"category": "spot", "request": [ORDER]},
    ],
)
def test_a_batch_of_one_to_twenty_objects_is_wanted(client: Any, body: dict[str, object]) -> None:
    answer = client.post("/v5/order/create-batch", body)

    assert answer["retCode"] == 10001
    assert client.exchange.account.placed == []

"""What happens to a request before and around its call (bybit.md A.1, A.2)."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bybit_sim.rest.routes import ROUTES, method_of
from bybit_sim.rest.words import HttpRequest

INFO, TIME, LEVERAGE = "/v5/account/info", "/v5/market/time", "/v5/position/set-leverage"


def unsigned(method: str, path: str, **changes: Any) -> HttpRequest:
    request = HttpRequest(
        method=method, path=path, query="", body=b"", headers={}, address="a", wall_us=0
    )
    return replace(request, **changes)


def test_a_path_that_is_none_is_404_with_an_envelope(client: Any) -> None:
    reply = client.desk.handle(unsigned("GET", "/v5/market/nothing"))

    assert reply.status == 404
    assert json.loads(reply.body)["retCode"] == 10017


@pytest.mark.parametrize(("method", "path"), [("POST", TIME), ("GET", LEVERAGE), ("PUT", TIME)])
def test_the_wrong_method_is_400_and_says_which_is_right(
    client: Any, method: str, path: str
) -> None:
    reply = client.desk.handle(unsigned(method, path))

    assert reply.status == 400
    assert "expected" in json.loads(reply.body)["retMsg"]


def test_a_get_with_a_body_is_403(client: Any) -> None:
    assert client.desk.handle(unsigned("GET", TIME, body=b"{}")).status == 403


def test_a_private_call_without_credentials_is_401(client: Any) -> None:
    reply = client.desk.handle(unsigned("GET", INFO))

    assert reply.status == 401
    assert json.loads(reply.body)["retMsg"].startswith("empty value: apiTimestamp[]")


def test_public_calls_need_no_signature_and_have_no_limit_headers(client: Any) -> None:
    reply = client.desk.handle(unsigned("GET", TIME))

    assert reply.status == 200
    assert reply.headers == {"Content-Type": "application/json"}


def test_private_calls_carry_the_three_headers(client: Any) -> None:
    reply = client.send("GET", INFO, "")

    assert reply.headers == {
        "Content-Type": "application/json",
        "X-Bapi-Limit": "50",
        "X-Bapi-Limit-Status": "49",
        "X-Bapi-Limit-Reset-Timestamp": str(client.wall_us // 1000),
    }


def test_too_many_visits_are_refused_with_the_time_of_the_reset(client: Any) -> None:
    replies = [client.send("GET", INFO, "") for _ in range(51)]

    last = json.loads(replies[50].body)
    assert json.loads(replies[49].body)["retCode"] == 0
    assert (last["retCode"], last["retMsg"]) == (10006, "Too many visits!")
    assert replies[50].headers["X-Bapi-Limit-Status"] == "0"
    reset = int(replies[50].headers["X-Bapi-Limit-Reset-Timestamp"])
    assert reset == client.wall_us // 1000 + 1000


def test_posts_of_positions_are_limited_too(client: Any) -> None:
    body = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "5", "sellLeverage": "5"}

    codes = [client.post(LEVERAGE, body)["retCode"] for _ in range(11)]

    assert codes == [0] * 10 + [10006]


def test_the_601st_request_of_an_address_is_403_and_others_go_on(client: Any) -> None:
    requests = [client.desk.handle(unsigned("GET", TIME)) for _ in range(601)]

    assert [reply.status for reply in requests] == [200] * 600 + [403]
    assert requests[600].body == b"access too frequent"
    assert client.desk.handle(unsigned("GET", TIME, address="b")).status == 200


def test_a_read_only_key_reads_and_does_not_write(client: Any) -> None:
    reader = client.keys["reader"]

    read = client.read(client.send("GET", "/v5/user/query-api", "", key=reader))
    wrote = client.read(client.send("POST", LEVERAGE, "{}", key=reader))
    ordered = client.read(client.send("POST", "/v5/order/create", "{}", key=reader))

    assert read["result"]["readOnly"] == 1
    assert wrote["retCode"] == ordered["retCode"] == 10005


@pytest.mark.parametrize("path", [LEVERAGE, "/v5/order/create", "/v5/order/create-batch"])
@pytest.mark.parametrize("raw", ["", "[]", "{", '"x"'])
def test_a_body_that_is_no_object_is_refused(client: Any, path: str, raw: str) -> None:
    answer = client.read(client.send("POST", path, raw))

    assert (answer["retCode"], answer["retMsg"]) == (10001, "Request parameter error.")


def test_a_query_that_is_not_text_is_an_answer_all_the_same(client: Any) -> None:
    reply = client.desk.handle(
        unsigned("GET", "/v5/market/kline", query="category=spot&interval=1&symbol=\udcff%FF")
    )

    assert json.loads(reply.body)["retCode"] == 0


NAMES = """
category symbol baseCoin settleCoin orderId orderLinkId openOnly orderStatus orderFilter limit
cursor startTime endTime start end interval status accountType coin currency type execType side
orderType qty price timeInForce positionIdx reduceOnly closeOnTrigger buyLeverage sellLeverage mode
"""
WORDS = """
linear spot BTCUSDT ETHUSDT USDT BTC 0 1 -1 50 1e400 NaN 99999999999999999999 0.01 0.02 49000 Buy
Sell Limit Market GTC IOC FOK PostOnly UNIFIED Trading 1767261600000 1%3A2%2Cx Filled
"""
names = st.sampled_from(NAMES.split())
texts = st.one_of(st.sampled_from(WORDS.split()), st.text(max_size=8))
values = st.one_of(
    texts,
    st.none(),
    st.booleans(),
    st.integers(0, 3),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(texts, max_size=2),
)
SOUND = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "orderType": "Limit",
    "qty": "0.01",
    "price": "49000",
    "positionIdx": 1,
    "buyLeverage": "7",
    "sellLeverage": "7",
    "mode": 3,
}


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(sorted(ROUTES)),
    query=st.dictionaries(names, texts, max_size=4),
    body=st.dictionaries(names, values, max_size=3),
    legs=st.lists(st.dictionaries(names, values, max_size=2), max_size=3),
)
def test_whatever_is_asked_of_a_whole_exchange_is_answered(
    real_client: Any,
    trade: Any,
    path: str,
    query: dict[str, str],
    body: dict[str, Any],
    legs: list[dict[str, Any]],
) -> None:
    trade(real_client.exchange, "50000")
    trade(real_client.exchange, "2000", symbol="ETHUSDT")
    real_client.wall_us += 1_000_000
    is_post = method_of(ROUTES[path]) == "POST"
    whole = {**SOUND, **body, "request": [{**SOUND, **leg} for leg in legs]}
    asked = {"category": "linear", "symbol": "BTCUSDT", "interval": "1", **query}

    reply = real_client.send(
        "POST" if is_post else "GET", path, json.dumps(whole) if is_post else urlencode(asked)
    )

    assert reply.status == 200
    assert set(json.loads(reply.body)) == {"retCode", "retMsg", "result", "retExtInfo", "time"}

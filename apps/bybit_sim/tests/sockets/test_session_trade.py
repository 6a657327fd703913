from collections.abc import Callable
from typing import Any

import orjson
import pytest

from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.page.requests import RequestLog
from bybit_sim.sockets.session_trade import TradeSession
from bybit_sim.sockets.words import Clocks, FindKey

NOW_MS = 1_795_000_000_000
BODY = {"symbol": "BTCUSDT"}


@pytest.fixture
def new(find_key: FindKey, orders: Any) -> Any:
    def make(*faults: Any) -> Any:
        return TradeSession(
            "c-1", "127.0.0.1", find_key, orders, FaultBoard(1, faults), RequestLog()
        )

    return make


@pytest.fixture
def session(
    new: Callable[..., TradeSession], clocks: Clocks, signed_login: Callable[..., list[Any]]
) -> Any:
    session = new()
    said(session, clocks, op="auth", args=signed_login())
    return session


def handled_of(session: Any, clocks: Clocks, **message: Any) -> Any:
    return session.receive(orjson.dumps(message).decode(), clocks)


def said(session: Any, clocks: Clocks, **message: Any) -> Any:
    return orjson.loads(handled_of(session, clocks, **message).replies[0])


def order(**changes: Any) -> Any:
    header = {"X-BAPI-TIMESTAMP": NOW_MS}
    return {"op": "order.create", "reqId": "r-1", "header": header, "args": [BODY], **changes}


def test_an_authentication_is_answered_as_documented(
    new: Callable[..., TradeSession], clocks: Clocks, signed_login: Callable[..., list[Any]]
) -> None:
    """bybit.md B.2."""
    assert said(new(), clocks, op="auth", args=signed_login()) == {
        "retCode": 0,
        "retMsg": "OK",
        "op": "auth",
        "connId": "c-1",
    }


def test_a_second_authentication_is_20001(
    session: Any, clocks: Clocks, signed_login: Callable[..., list[Any]]
) -> None:
    assert said(session, clocks, op="auth", args=signed_login(), reqId="a")["retCode"] == 20001


def test_a_refused_authentication_has_its_code(
    new: Callable[..., TradeSession], clocks: Clocks, signed_login: Callable[..., list[Any]]
) -> None:
    session = new()

    assert said(session, clocks, op="auth", args=signed_login(secret="x"))["retCode"] == 10004
    assert said(session, clocks, op="auth", args=[])["retCode"] == 10001
    assert session.uid is None


def test_an_operation_is_answered_with_limits_and_time(
    session: Any, clocks: Clocks, orders: Any
) -> None:
    """bybit.md B.5."""
    assert said(session, clocks, **order()) == {
        "reqId": "r-1",
        "retCode": 0,
        "retMsg": "OK",
        "op": "order.create",
        "data": {"orderId": "o-1"},
        "retExtInfo": {},
        "header": {"X-Bapi-Limit": "10", "Traceid": "c-1-1", "Timenow": "1795000000000"},
        "connId": "c-1",
    }
    assert orders.acted == [BODY]


def test_without_req_id_the_answer_has_none(session: Any, clocks: Clocks) -> None:
    message = order()
    del message["reqId"]

    assert "reqId" not in said(session, clocks, **message)


def test_before_authentication_nothing_acts(
    new: Callable[..., TradeSession], clocks: Clocks, orders: Any
) -> None:
    assert said(new(), clocks, **order())["retCode"] == 10004
    assert orders.acted == []


def test_a_req_id_is_used_once(session: Any, clocks: Clocks, orders: Any) -> None:
    said(session, clocks, **order())

    assert said(session, clocks, **order())["retCode"] == 20006
    assert len(orders.acted) == 1


def test_an_unknown_operation_is_10404(session: Any, clocks: Clocks) -> None:
    assert said(session, clocks, **order(op="order.fly"))["retCode"] == 10404


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reqId": "x" * 37}, 10001),
        ({"args": []}, 10001),
        ({"args": [BODY, BODY]}, 10001),
        ({"args": ["text"]}, 10001),
        ({"header": {}}, 10001),
        ({"header": {"X-BAPI-TIMESTAMP": "soon"}}, 10001),
        ({"header": {"X-BAPI-TIMESTAMP": NOW_MS - 5001}}, 10002),
        ({"header": {"X-BAPI-TIMESTAMP": NOW_MS + 1000}}, 10002),
        ({"header": {"X-BAPI-TIMESTAMP": NOW_MS - 20, "X-BAPI-RECV-WINDOW": 10}}, 10002),
    ],
)
def test_what_is_wrong_with_a_request_keeps_it_from_acting(
    session: Any, clocks: Clocks, orders: Any, changes: Any, code: int
) -> None:
    assert said(session, clocks, **order(**changes))["retCode"] == code
    assert orders.acted == []


@pytest.mark.parametrize(
    "stamp", [NOW_MS - 5000, NOW_MS + 999, str(NOW_MS), 1_767_571_200_000 - 5000]
)
def test_a_timestamp_is_good_by_either_clock(session: Any, clocks: Clocks, stamp: object) -> None:
    """bybit.md A.1; a client may follow market time."""
    assert said(session, clocks, **order(header={"X-BAPI-TIMESTAMP": stamp}))["retCode"] == 0


def test_a_ping_is_answered_with_the_servers_time(
    new: Callable[..., TradeSession], clocks: Clocks
) -> None:
    """bybit.md B.2."""
    assert said(new(), clocks, op="ping") == {
        "retCode": 0,
        "retMsg": "OK",
        "op": "pong",
        "data": ["1795000000000"],
        "connId": "c-1",
    }


def test_what_is_no_message_is_a_parameter_error(session: Any, clocks: Clocks) -> None:
    assert orjson.loads(session.receive("[]", clocks).replies[0])["retCode"] == 10001


def faulty(
    new: Callable[..., TradeSession],
    clocks: Clocks,
    signed_login: Callable[..., list[Any]],
    fault: Fault,
) -> Any:
    session = new(fault)
    said(session, clocks, op="auth", args=signed_login())
    return session


def test_a_lost_request_neither_acts_nor_answers(
    new: Callable[..., TradeSession],
    clocks: Clocks,
    signed_login: Callable[..., list[Any]],
    acting: Callable[..., Fault],
    orders: Any,
) -> None:
    lost = acting(WireFault.REQUEST_LOST, target="/v5/order/create")
    session = faulty(new, clocks, signed_login, lost)

    assert handled_of(session, clocks, **order()).replies == ()
    assert orders.acted == []
    assert said(session, clocks, **order(op="order.cancel", reqId="r-2"))["retCode"] == 0


def test_a_lost_reply_is_lost_after_acting(
    new: Callable[..., TradeSession],
    clocks: Clocks,
    signed_login: Callable[..., list[Any]],
    acting: Callable[..., Fault],
    orders: Any,
) -> None:
    session = faulty(new, clocks, signed_login, acting(WireFault.REPLY_LOST))

    assert handled_of(session, clocks, **order()).replies == ()
    assert orders.acted == [BODY]


def test_a_delayed_request_acts_later(
    new: Callable[..., TradeSession],
    clocks: Clocks,
    signed_login: Callable[..., list[Any]],
    acting: Callable[..., Fault],
    orders: Any,
) -> None:
    session = faulty(new, clocks, signed_login, acting(WireFault.REQUEST_DELAYED, amount=40))

    handled = handled_of(session, clocks, **order())

    assert (handled.replies, handled.later_ms, orders.acted) == ((), 40, [])
    assert orjson.loads(handled.later(clocks).replies[0])["retCode"] == 0
    assert orders.acted == [BODY]


def test_a_delayed_reply_is_late_though_it_has_acted(
    new: Callable[..., TradeSession],
    clocks: Clocks,
    signed_login: Callable[..., list[Any]],
    acting: Callable[..., Fault],
    orders: Any,
) -> None:
    session = faulty(new, clocks, signed_login, acting(WireFault.REPLY_DELAYED, amount=40))

    handled = handled_of(session, clocks, **order())

    assert (handled.replies, handled.later_ms, orders.acted) == ((), 40, [BODY])
    assert orjson.loads(handled.later(clocks).replies[0])["retCode"] == 0


@pytest.mark.parametrize(
    ("kind", "amount", "code", "acts"),
    [
        (WireFault.RET_CODE, 10006, 10006, 0),
        (WireFault.RET_CODE_AFTER, 10016, 10016, 1),
        (WireFault.HTTP_STATUS, 502, 10016, 0),
    ],
)
def test_a_code_is_answered_without_or_after_acting(
    new: Callable[..., TradeSession],
    clocks: Clocks,
    signed_login: Callable[..., list[Any]],
    acting: Callable[..., Fault],
    orders: Any,
    kind: WireFault,
    amount: int,
    code: int,
    acts: int,
) -> None:
    session = faulty(new, clocks, signed_login, acting(kind, amount=amount))

    assert said(session, clocks, **order())["retCode"] == code
    assert len(orders.acted) == acts


def test_a_reset_connection_has_not_acted(
    new: Callable[..., TradeSession],
    clocks: Clocks,
    signed_login: Callable[..., list[Any]],
    acting: Callable[..., Fault],
    orders: Any,
) -> None:
    session = faulty(new, clocks, signed_login, acting(WireFault.CONNECTION_RESET))

    handled = handled_of(session, clocks, **order())

    assert (handled.reset, handled.replies, orders.acted) == (True, (), [])


def test_the_fault_of_authentications_refuses_a_good_one(
    new: Callable[..., TradeSession],
    clocks: Clocks,
    signed_login: Callable[..., list[Any]],
    acting: Callable[..., Fault],
) -> None:
    session = new(acting(WireFault.AUTH_REFUSED, target="trade"))

    assert said(session, clocks, op="auth", args=signed_login())["retCode"] == 10004

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.sockets.session_private import PrivateSession
from bybit_sim.sockets.words import Clocks, FindKey


@pytest.fixture
def session(find_key: FindKey) -> Any:
    return PrivateSession("c-1", "127.0.0.1", find_key, FaultBoard(1))


def said(session: Any, clocks: Clocks, **message: Any) -> Any:
    handled = session.receive(orjson.dumps(message).decode(), clocks)
    return orjson.loads(handled.replies[0]), handled


def test_an_authentication_is_answered_as_documented(
    session: Any, clocks: Clocks, signed_login: Callable[..., list[Any]]
) -> None:
    """bybit.md B.2: no req_id, because none was sent."""
    reply, _ = said(session, clocks, op="auth", args=signed_login())

    assert reply == {"success": True, "ret_msg": "", "conn_id": "c-1", "op": "auth"}
    assert session.uid == 7


def test_a_refused_authentication_says_why_and_leaves_the_client_unknown(
    session: Any, clocks: Clocks, signed_login: Callable[..., list[Any]]
) -> None:
    reply, _ = said(session, clocks, op="auth", args=signed_login(secret="wrong"))

    assert not reply["success"]
    assert "sign" in reply["ret_msg"]
    assert session.uid is None


def test_a_client_may_authenticate_after_a_failure(
    session: Any, clocks: Clocks, signed_login: Callable[..., list[Any]]
) -> None:
    said(session, clocks, op="auth", args=signed_login(secret="wrong"))

    assert said(session, clocks, op="auth", args=signed_login())[0]["success"]


def test_the_fault_of_authentications_refuses_a_good_one(
    find_key: FindKey,
    acting: Callable[..., Fault],
    clocks: Clocks,
    signed_login: Callable[..., list[Any]],
) -> None:
    board = FaultBoard(1, [acting(WireFault.AUTH_REFUSED)])
    session = PrivateSession("c-1", "127.0.0.1", find_key, board)

    assert not said(session, clocks, op="auth", args=signed_login())[0]["success"]
    assert session.uid is None


def test_without_authentication_nothing_can_be_subscribed(session: Any, clocks: Clocks) -> None:
    reply, handled = said(session, clocks, op="subscribe", args=["order"])

    assert (reply["success"], reply["ret_msg"]) == (False, "Request not authorized")
    assert handled.subscribed == ()


@pytest.mark.parametrize(
    "topics",
    [
        ["order", "execution", "position", "wallet", "execution.fast"],
        ["order.linear", "execution.linear", "position.linear", "wallet"],
        ["execution.fast.linear"],
        ["order.spot"],
        ["dcp.future"],
    ],
)
def test_topics_of_either_form_are_accepted(
    session: Any, clocks: Clocks, signed_login: Callable[..., list[Any]], topics: Any
) -> None:
    said(session, clocks, op="auth", args=signed_login())

    reply, handled = said(session, clocks, op="subscribe", args=topics, req_id="r")

    assert (reply["success"], reply["req_id"]) == (True, "r")
    assert handled.subscribed == tuple(topics)


@pytest.mark.parametrize(
    "topics", [["orders"], ["order", "none"], ["order", "execution.linear"], ["wallet.linear"], []]
)
def test_unknown_topics_and_both_forms_in_one_request_are_refused(
    session: Any, clocks: Clocks, signed_login: Callable[..., list[Any]], topics: Any
) -> None:
    """bybit.md B.2."""
    said(session, clocks, op="auth", args=signed_login())

    reply, handled = said(session, clocks, op="subscribe", args=topics)

    assert not reply["success"]
    assert "req_id" not in reply
    assert handled.subscribed == ()


def test_a_ping_is_answered_with_the_servers_time(session: Any, clocks: Clocks) -> None:
    """bybit.md B.2: op pong, the time in ms as text."""
    reply, _ = said(session, clocks, op="ping", req_id="r")

    assert reply == {"req_id": "r", "op": "pong", "args": ["1795000000000"], "conn_id": "c-1"}


def test_unsubscribing_is_acknowledged(
    session: Any, clocks: Clocks, signed_login: Callable[..., list[Any]]
) -> None:
    said(session, clocks, op="auth", args=signed_login())

    reply, handled = said(session, clocks, op="unsubscribe", args=["order"])

    assert reply["success"]
    assert handled.unsubscribed == ("order",)


def test_the_fault_of_acknowledgements_refuses_a_subscription(
    find_key: FindKey,
    acting: Callable[..., Fault],
    clocks: Clocks,
    signed_login: Callable[..., list[Any]],
) -> None:
    board = FaultBoard(1, [acting(WireFault.ACK_REFUSED, target="order")])
    session = PrivateSession("c-1", "127.0.0.1", find_key, board)
    said(session, clocks, op="auth", args=signed_login())

    assert not said(session, clocks, op="subscribe", args=["order"])[0]["success"]
    assert said(session, clocks, op="subscribe", args=["wallet"])[0]["success"]


def test_what_is_no_message_is_refused(session: Any, clocks: Clocks) -> None:
    assert not orjson.loads(session.receive("?", clocks).replies[0])["success"]
    assert not said(session, clocks, op="fly")[0]["success"]

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.sockets.session_public import PublicSession
from bybit_sim.sockets.words import Clocks


@pytest.fixture
def session(topics: Any) -> Any:
    return PublicSession("c-1", topics, FaultBoard(1))


def said(session: Any, clocks: Clocks, text: str) -> Any:
    handled = session.receive(text, clocks)
    return orjson.loads(handled.replies[0]), handled


def test_a_ping_is_answered_as_documented(session: Any, clocks: Clocks) -> None:
    """bybit.md B.2: the op of a public pong is "ping"."""
    assert said(session, clocks, '{"op":"ping"}')[0] == {
        "success": True,
        "ret_msg": "pong",
        "conn_id": "c-1",
        "req_id": "",
        "op": "ping",
    }


def test_a_subscription_is_acknowledged_with_its_id(session: Any, clocks: Clocks) -> None:
    text = '{"op":"subscribe","req_id":"r","args":["tickers.BTCUSDT","publicTrade.BTCUSDT"]}'

    reply, handled = said(session, clocks, text)

    assert reply == {
        "success": True,
        "ret_msg": "",
        "conn_id": "c-1",
        "req_id": "r",
        "op": "subscribe",
    }
    assert handled.subscribed == ("tickers.BTCUSDT", "publicTrade.BTCUSDT")


def test_one_bad_topic_fails_the_whole_request_and_is_named(session: Any, clocks: Clocks) -> None:
    text = '{"op":"subscribe","args":["tickers.BTCUSDT","tickers.NONE"]}'

    reply, handled = said(session, clocks, text)

    assert (reply["success"], reply["op"], reply["req_id"]) == (False, "subscribe", "")
    assert "tickers.NONE" in reply["ret_msg"]
    assert handled.subscribed == ()


def test_a_topic_may_be_subscribed_again(session: Any, clocks: Clocks) -> None:
    text = '{"op":"subscribe","args":["tickers.BTCUSDT"]}'
    said(session, clocks, text)

    reply, handled = said(session, clocks, text)

    assert reply["success"]
    assert handled.subscribed == ("tickers.BTCUSDT",)


def test_unsubscribing_is_acknowledged(session: Any, clocks: Clocks) -> None:
    reply, handled = said(session, clocks, '{"op":"unsubscribe","args":["tickers.BTCUSDT"]}')

    assert (reply["op"], reply["success"]) == ("unsubscribe", True)
    assert handled.unsubscribed == ("tickers.BTCUSDT",)


def test_more_than_21000_characters_of_topics_are_refused(clocks: Clocks) -> None:
    """bybit.md B.1."""

    class Everything:
        def snapshot_frames(self, topic: Any) -> Any:
            return ()

    session = PublicSession("c-1", Everything(), FaultBoard(1))
    fits = orjson.dumps({"op": "subscribe", "args": ["a" * 21_000]}).decode()

    assert said(session, clocks, fits)[0]["success"]
    reply, _ = said(session, clocks, '{"op":"subscribe","args":["b"]}')
    assert not reply["success"]
    assert "21001" in reply["ret_msg"]


@pytest.mark.parametrize("text", ["no json", '{"op":"fly"}', '{"op":"auth","args":[]}'])
def test_what_is_not_understood_is_refused(session: Any, clocks: Clocks, text: str) -> None:
    assert not said(session, clocks, text)[0]["success"]


def test_an_empty_subscription_is_refused(session: Any, clocks: Clocks) -> None:
    assert not said(session, clocks, '{"op":"subscribe","args":[]}')[0]["success"]


def test_the_fault_of_acknowledgements_refuses_what_would_be_accepted(
    topics: Any, acting: Callable[..., Fault], clocks: Clocks
) -> None:
    refused = acting(WireFault.ACK_REFUSED, target="public", detail="not now")
    session = PublicSession("c-1", topics, FaultBoard(1, [refused]))

    reply, handled = said(session, clocks, '{"op":"subscribe","args":["tickers.BTCUSDT"]}')

    assert (reply["success"], reply["ret_msg"]) == (False, "not now")
    assert handled.subscribed == ()

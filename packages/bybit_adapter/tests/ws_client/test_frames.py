"""Recognition of frames by their envelope; the literal texts are those of bybit.md B.2 to B.4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_adapter.ws_client.frames import (
    AuthenticationAnswer,
    Frame,
    Pong,
    SubscriptionAnswer,
    Topic,
    Unknown,
    recognised,
)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ('{"topic":"tickers.BTCUSDT","type":"delta","data":{}}', Topic(name="tickers.BTCUSDT")),
        ('{"topic": "wallet", "data": []}', Topic(name="wallet")),
        ('{"id":"386825804_BTCUSDT_1","topic":"execution","data":[]}', Topic(name="execution")),
        ('{"ts":1,"topic":"orderbook.1.X"}', Topic(name="orderbook.1.X")),
        (
            '{"success":true,"ret_msg":"","op":"auth","conn_id":"c"}',
            AuthenticationAnswer(accepted=True, text=""),
        ),
        (
            '{"retCode":10004,"retMsg":"sign","op":"auth","connId":"c"}',
            AuthenticationAnswer(accepted=False, text="sign"),
        ),
        ('{"retCode":0,"retMsg":"OK","op":"auth"}', AuthenticationAnswer(accepted=True, text="OK")),
        (
            '{"success":true,"ret_msg":"","conn_id":"c","req_id":"7","op":"subscribe"}',
            SubscriptionAnswer(request="7", accepted=True, text=""),
        ),
        (
            '{"success":false,"ret_msg":"topic:x","conn_id":"c","op":"subscribe"}',
            SubscriptionAnswer(request="", accepted=False, text="topic:x"),
        ),
        ('{"success":true,"ret_msg":"pong","conn_id":"c","req_id":"","op":"ping"}', Pong()),
        ('{"req_id":"x","op":"pong","args":["1675418560633"],"conn_id":"c"}', Pong()),
        ('{"retCode":0,"retMsg":"OK","op":"pong","data":["1"],"connId":"c"}', Pong()),
        ('{"op":"order.create","retCode":0}', Unknown()),
        ('{"topic":7}', Unknown()),
        ("[1]", Unknown()),
        ("", Unknown()),
        ('{"topic":"unfinished', Unknown()),
    ],
)
def test_a_frame_is_what_its_envelope_says(text: str, frame: Frame) -> None:
    assert recognised(text) == frame


def test_a_refusal_that_quotes_a_topic_is_still_an_answer() -> None:
    text = r'{"success":false,"ret_msg":"bad \"topic\":\"x\"","req_id":"1","op":"subscribe"}'

    assert isinstance(recognised(text), SubscriptionAnswer)


@given(st.text())
def test_no_text_at_all_is_an_error(text: str) -> None:
    recognised(text)


@given(st.text(alphabet='{}[]":,topicsubrea_g01 \\'))
def test_no_text_that_looks_like_a_frame_is_an_error(text: str) -> None:
    recognised('{"op":' + text)
    recognised('{"topic":"' + text)

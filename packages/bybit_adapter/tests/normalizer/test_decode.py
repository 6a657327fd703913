"""Texts of frames."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_adapter.normalizer.decode import Undecodable, decode
from bybit_adapter.normalizer.words import Trade, TradeFrame
from gridcore.sides import BUY

TRADES = (
    '{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1762199126022,"data":[{"T":1762199126001,'
    '"s":"BTCUSDT","S":"Buy","v":"0.010","p":"54000.40","L":"PlusTick","i":"a","BT":false,'
    '"RPI":true,"seq":17,"novel":{"x":[1]}}]}'
)


@pytest.mark.parametrize("frame", [TRADES, TRADES.encode()])
def test_trades_are_read_directly(frame: str | bytes) -> None:
    row = Trade(
        T=1762199126001,
        s="BTCUSDT",
        S=BUY,
        v="0.010",
        p="54000.40",
        i="a",
        L="PlusTick",
        BT=False,
        RPI=True,
        seq=17,
    )

    assert decode(frame) == TradeFrame(topic="publicTrade.BTCUSDT", ts=1762199126022, data=[row])


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('"p":"54000.40"', '"p":54000.4'),
        ('"p":"54000.40",', ""),
        ('"S":"Buy"', '"S":""'),
        ('"i":"a"', '"i":""'),
        ('"T":1762199126001', '"T":"1762199126001"'),
        ('"T":1762199126001', '"T":0'),
        ('"ts":1762199126022', '"ts":4102444800000'),
        ('[{"T"', '[null,{"T"'),
    ],
)
def test_trades_of_another_shape_come_as_json(good: str, bad: str) -> None:
    frame = TRADES.replace(good, bad)

    assert frame != TRADES
    assert decode(frame) == json.loads(frame)


@pytest.mark.parametrize(
    "value", [{"op": "pong", "args": ["1675418560633"]}, [], "x", 1, None, True, 0.5]
)
def test_other_frames_come_as_json(value: object) -> None:
    assert decode(json.dumps(value)) == value


@pytest.mark.parametrize(
    "frame",
    ["", "{", b"\xff\xfe", "\ud800", TRADES[:-1], TRADES[:60], "NaN", '{"topic":"publicTrade.'],
)
def test_what_is_no_json_is_refused(frame: str | bytes) -> None:
    with pytest.raises(Undecodable, match="expected JSON"):
        decode(frame)


@pytest.mark.parametrize("head", ["", '{"topic":"publicTrade.'])
def test_depth_without_end_is_refused(head: str) -> None:
    with pytest.raises(Undecodable):
        decode(head + "[" * 100_000)


def test_depth_inside_an_unknown_field_is_refused() -> None:
    nested = TRADES.replace('{"x":[1]}', "[" * 5_000 + "]" * 5_000)

    with pytest.raises(Undecodable):
        decode(nested)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_text_is_decoded_or_refused(frame: str | bytes) -> None:
    for one in (frame, ('{"topic":"publicTrade.' + frame) if isinstance(frame, str) else frame):
        try:
            decode(one)
        except Undecodable:
            continue

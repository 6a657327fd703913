"""Public trades: one by one, and in bulk."""

import json
from typing import Any

import pytest

from bybit_adapter.normalizer.decode import decode
from bybit_adapter.normalizer.numbers import Scale
from bybit_adapter.normalizer.trades import columns, events, recent_trade, trade
from bybit_adapter.normalizer.words import BadElement, TradeColumns, TradeFrame
from gridcore.clock import Instant
from gridcore.events import PublicTrade
from gridcore.instrument import Steps
from gridcore.sides import BUY, SELL

AT = Instant(1_762_199_126_022_000)
NOW = Instant(1_762_199_126_500_000)
ROW = {
    "T": 1762199126001,
    "s": "BTCUSDT",
    "S": "Buy",
    "v": "0.010",
    "p": "54000.40",
    "L": "PlusTick",
    "i": "9dc75fca-4bdd-4773-9f78-6f5d7ab2a110",
    "BT": False,
    "RPI": False,
    "seq": 1783284617,
}
TRADE = PublicTrade(
    symbol="BTCUSDT",
    at=Instant(1_762_199_126_001_000),
    price=540004,
    qty=Steps(10),
    side=BUY,
    trade_id="9dc75fca-4bdd-4773-9f78-6f5d7ab2a110",
)


def frame(*rows: dict[str, Any]) -> TradeFrame:
    decoded = decode(
        json.dumps(
            {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": AT // 1000, "data": rows},
            separators=(",", ":"),
        )
    )
    assert isinstance(decoded, TradeFrame)
    return decoded


def bulk(scale: Scale, *rows: dict[str, Any]) -> TradeColumns | None:
    return columns(frame(*rows), {"BTCUSDT": scale}.get, NOW)


def test_a_trade(scale: Scale) -> None:
    assert trade(ROW, "BTCUSDT", scale, AT) == TRADE


def test_a_trade_may_lack_its_side_and_id(scale: Scale) -> None:
    event = trade({**ROW, "S": "", "i": None, "T": "x"}, "BTCUSDT", scale, AT)

    assert (event.side, event.trade_id, event.at) == (None, None, AT)


@pytest.mark.parametrize("changes", [{"p": "0"}, {"p": ""}, {"v": "0"}, {"v": ""}, {"S": "Both"}])
def test_a_trade_without_price_or_size_is_bad(changes: dict[str, str], scale: Scale) -> None:
    with pytest.raises(BadElement):
        trade({**ROW, **changes}, "BTCUSDT", scale, AT)


def test_a_row_of_the_recent_trades(scale: Scale) -> None:
    row = {
        "execId": TRADE.trade_id,
        "symbol": "BTCUSDT",
        "price": "54000.40",
        "size": "0.010",
        "side": "Buy",
        "time": "1762199126001",
        "isBlockTrade": False,
    }

    assert recent_trade(row, "BTCUSDT", scale, AT) == TRADE


def test_in_bulk_it_is_the_same(scale: Scale) -> None:
    second = {**ROW, "S": "Sell", "p": "54000.35", "i": "b", "T": 1762199126002}

    found = bulk(scale, ROW, second)

    assert found is not None
    assert [one.event for one in events(found)] == [
        TRADE,
        trade(second, "BTCUSDT", scale, AT),
    ]
    assert found.frame.data[1].S is SELL
    assert found.exchange_at == AT
    assert [one.exchange_at for one in events(found)] == [AT, AT]
    assert {one.topic for one in events(found)} == {"publicTrade.BTCUSDT"}
    assert {one.received_at for one in events(found)} == {NOW}


@pytest.mark.parametrize(
    "changes",
    [{"p": "0"}, {"p": "abc"}, {"v": "0"}, {"v": "0.0105"}, {"s": "ETHUSDT"}, {"p": "-1"}],
)
def test_doubtful_elements_are_left_to_the_closer_look(
    changes: dict[str, str], scale: Scale
) -> None:
    assert bulk(scale, ROW, {**ROW, **changes}) is None


def test_an_empty_frame_and_an_unknown_symbol_have_no_columns(scale: Scale) -> None:
    assert bulk(scale) is None
    assert bulk(scale, {**ROW, "s": "XRPUSDT"}) is None

"""What the model demands of single frames."""

from decimal import Decimal
from typing import Any

import pytest

from bbu_reference.normalizer_model import (
    ABSENT_IS_ABSENT,
    CLOSED_SETS,
    CONDITIONAL_ORDERS,
    FLAG_TEXT,
    NO_STREAM,
    PLAUSIBLE_TIME,
    ROUTED_TYPES,
    right,
    right_closed_pnl,
)

NOW = 1_748_736_000_123_456
ORDER = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "orderId": "o1",
    "orderType": "Limit",
    "orderStatus": "New",
    "side": "Buy",
    "price": "100.5",
    "qty": "2",
    "leavesQty": "2",
    "updatedTime": "1735740020125",
    "reduceOnly": "false",
}
EXECUTION = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "execId": "e1",
    "orderId": "o1",
    "execType": "AdlTrade",
    "execTime": "x",
    "side": "Sell",
    "execPrice": "100.5",
    "execQty": "2",
    "execFee": "0.1",
    "leavesQty": "0",
    "execPnl": "3",
}


def test_an_order_whose_text_says_false_does_not_reduce() -> None:
    (output,), rules = right("order", {"topic": "order", "data": [ORDER]}, NOW)

    assert output["reduce_only"] is False
    assert output["exchange_ts"] == 1_735_740_020_125_000
    assert rules == [FLAG_TEXT]


def test_an_execution_by_the_exchange_closes_all_of_it_at_the_frames_time() -> None:
    frame = {"topic": "execution", "creationTime": 1735740020125, "data": [EXECUTION]}

    (output,), rules = right("execution", frame, NOW)

    assert (output["closed_size"], output["kind"]) == (2, "AdlTrade")
    assert output["exchange_ts"] == 1_735_740_020_125_000
    assert output["closed_pnl"] == 3
    assert rules == [ROUTED_TYPES, PLAUSIBLE_TIME]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"price": ""}, ABSENT_IS_ABSENT),
        ({"price": "0"}, ABSENT_IS_ABSENT),
        ({"side": "Both"}, CLOSED_SETS),
        ({"orderStatus": "Active"}, CLOSED_SETS),
        ({"orderStatus": "Untriggered"}, CONDITIONAL_ORDERS),
        ({"symbol": "abc"}, CLOSED_SETS),
        ({"qty": "-1"}, CLOSED_SETS),
    ],
)
def test_an_order_that_is_no_event_names_its_rule(changes: dict[str, Any], rule: object) -> None:
    frame = {"topic": "order", "data": [{**ORDER, **changes, "reduceOnly": False}]}

    assert right("order", frame, NOW) == ([], [rule])


@pytest.mark.parametrize("frame", [None, [], {}, {"topic": "x"}, {"topic": ""}, {"topic": 5}])
@pytest.mark.parametrize("kind", ["ticker", "public_trade", "execution", "order"])
def test_a_frame_of_no_stream_is_not_read(kind: str, frame: object) -> None:
    assert right(kind, frame, NOW) == ([], [NO_STREAM])


def test_a_ticker_says_what_it_knows_and_no_zero() -> None:
    data = {"lastPrice": "5.5", "bid1Price": "0", "ask1Price": "abc", "markPrice": None}
    frame = {"topic": "tickers.BTCUSDT", "type": "snapshot", "ts": 0, "data": data}

    (output,), rules = right("ticker", frame, NOW)

    assert output == {
        "symbol": "BTCUSDT",
        "exchange_ts": NOW,
        "last_price": Decimal("5.5"),
        "mark_price": None,
        "bid1_price": None,
        "ask1_price": None,
        "funding_rate": None,
    }
    assert rules == [ABSENT_IS_ABSENT, PLAUSIBLE_TIME]


def test_a_profit_is_closed_pnl_else_exec_pnl_else_unknown() -> None:
    rules: list[Any] = []

    assert right_closed_pnl({"closedPnl": "0", "execPnl": "5"}, rules) == 0
    assert right_closed_pnl({"closedPnl": "", "execPnl": "5"}, rules) == 5
    assert right_closed_pnl({"execPnl": "abc"}, rules) == "unreadable"
    assert rules == []
    assert right_closed_pnl({}, rules) is None
    assert rules == [ABSENT_IS_ABSENT]

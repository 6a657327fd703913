"""The model of the old normalizer gives what was recorded of it, case by case."""

from decimal import Decimal
from typing import Any

import pytest

from bbu_reference.framework import RAISES
from bbu_reference.normalizer_old import old

NOW = 1_748_736_000_123_456


def test_an_absent_price_was_zero_and_a_missing_time_the_machines_in_ms() -> None:
    assert old("ticker", {"topic": "a.b.c", "data": {}}, NOW) == [
        {
            "symbol": "c",
            "exchange_ts": 1_748_736_000_123_000,
            "last_price": Decimal(0),
            "mark_price": Decimal(0),
            "bid1_price": Decimal(0),
            "ask1_price": Decimal(0),
            "funding_rate": Decimal(0),
        }
    ]


@pytest.mark.parametrize(
    ("kind", "frame"),
    [
        ("ticker", {"data": None}),
        ("ticker", {"ts": "x", "data": {}}),
        ("public_trade", {"data": [{"T": ""}]}),
        ("execution", {"data": [{"category": "linear", "execType": "Trade", "execPrice": ""}]}),
        (
            "execution",
            {"data": [{"category": "linear", "execType": "Trade", "execTime": "9" * 17}]},
        ),
        ("order", {"data": [None]}),
    ],
)
def test_one_bad_element_raised(kind: str, frame: dict[str, Any]) -> None:
    assert old(kind, frame, NOW) is RAISES


@pytest.mark.parametrize(
    ("time", "expected"),
    [("1735740020125", 1_735_740_020_125_000), ("x", 1_748_736_000_123_000), ("0", 0)],
)
def test_times_of_executions(time: str, expected: int) -> None:
    row = {"category": "linear", "execType": "Trade", "execTime": time}

    (output,) = old("execution", {"data": [row]}, NOW)

    assert output["exchange_ts"] == expected


def test_other_categories_and_kinds_were_dropped() -> None:
    rows = [{"category": "spot", "execType": "Trade"}, {"category": "linear", "execType": "Settle"}]

    assert old("execution", {"data": rows}, NOW) == []
    assert old("order", {"data": [{"category": "linear", "orderType": "Market"}]}, NOW) == []


def test_the_text_false_reduced() -> None:
    row = {"category": "linear", "orderType": "Limit", "reduceOnly": "false"}

    assert old("order", {"data": [row]}, NOW)[0]["reduce_only"] is True

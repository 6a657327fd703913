"""The dump holds everything that happened, in order, as JSON."""

from collections.abc import Callable
from typing import Any

import orjson

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import NewOrder
from gridcore.sides import SELL


def test_the_dump_tells_every_change_of_an_order_and_every_fill(
    exchange: Exchange, account: Account, trade: Any, new_order: Callable[..., NewOrder]
) -> None:
    account.create(new_order(link="one"), exchange.now)
    trade(exchange, "48000")
    account.create(new_order("51000", side=SELL, link="two", reduce_only=True), exchange.now)
    account.cancel_all(None, exchange.now)

    dump: Any = orjson.loads(orjson.dumps(account.dump(exchange.now)))

    assert (dump["uid"], dump["name"], dump["hedge_mode"]) == (1001, "demo", True)
    assert [(row["orderLinkId"], row["orderStatus"]) for row in dump["changes"]["order"]] == [
        ("one", "New"),
        ("one", "Filled"),
        ("two", "New"),
        ("two", "Cancelled"),
    ]
    assert [row["orderStatus"] for row in dump["orders"]] == ["Filled", "Cancelled"]
    assert [row["orderLinkId"] for row in dump["executions"]] == ["one"]
    assert [row["type"] for row in dump["transactions"]] == ["TRADE"]
    assert len(dump["positions"]) == 4
    assert len(dump["changes"]["wallet"]) == 1
    assert dump["wallet"]["coin"][0]["walletBalance"] == "9999.902"
    assert dump["venue"]["wallet"] == "9999.90200000"
    assert dump["closed_pnl"] == dump["liquidations"] == []

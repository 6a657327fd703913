"""Which symbols a call is about: symbol before baseCoin before settleCoin (bybit.md A.4)."""

from typing import Any

import pytest

from bybit_sim.rest.caller import require_one_of, symbols_of
from bybit_sim.rest.parameters import BadParameter, Body, Query


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("symbol=ETHUSDT", ["ETHUSDT"]),
        ("symbol=ETHUSDT&baseCoin=BTC", ["ETHUSDT"]),
        ("baseCoin=BTC&settleCoin=USDC", ["BTCUSDT"]),
        ("baseCoin=XRP", []),
        ("settleCoin=USDT", ["BTCUSDT", "ETHUSDT"]),
        ("settleCoin=USDC", []),
        ("", ["BTCUSDT", "ETHUSDT"]),
    ],
)
def test_the_first_that_is_given_decides(client: Any, text: str, symbols: list[str]) -> None:
    assert symbols_of(client.exchange.markets, Query(text)) == symbols


def test_an_unknown_symbol_is_refused_in_queries_and_bodies(client: Any) -> None:
    for asked in (Query("symbol=NOPE"), Body({"symbol": "NOPE"})):
        with pytest.raises(BadParameter, match="symbol invalid"):
            symbols_of(client.exchange.markets, asked)


def test_one_of_several_may_be_required() -> None:
    require_one_of(Query("settleCoin=USDT"), "symbol", "settleCoin")

    with pytest.raises(BadParameter, match="must be filled in, symbol or settleCoin"):
        require_one_of(Query(""), "symbol", "settleCoin")

"""The calls of /v5/position (bybit.md A.5)."""

from typing import Any

import pytest

from simvenue.limits import Refusal


def position(symbol: str, index: int, size: str) -> dict[str, object]:
    return {"symbol": symbol, "positionIdx": index, "size": size}


def closed(number: int, at_ms: int) -> dict[str, object]:
    return {"symbol": "BTCUSDT", "orderId": f"o{number}", "updatedTime": str(at_ms)}


def test_a_symbol_shows_both_sides_even_when_flat_and_a_coin_only_what_is_held(client: Any) -> None:
    client.exchange.account.positions = [
        position("BTCUSDT", 2, "0.000"),
        position("BTCUSDT", 1, "0.010"),
        position("ETHUSDT", 1, "0.00"),
    ]

    def shown(**params: object) -> list[tuple[str, int]]:
        result = client.get("/v5/position/list", category="linear", **params)["result"]
        return [(row["symbol"], row["positionIdx"]) for row in result["list"]]

    assert shown(symbol="BTCUSDT") == [("BTCUSDT", 1), ("BTCUSDT", 2)]
    assert shown(settleCoin="USDT") == [("BTCUSDT", 1)]
    assert shown(symbol="ETHUSDT", settleCoin="USDT") == [("ETHUSDT", 1)]


def test_positions_need_a_symbol_or_a_coin_and_come_in_pages(client: Any) -> None:
    client.exchange.account.positions = [
        position(symbol, index, "1") for symbol in ("ETHUSDT", "BTCUSDT") for index in (1, 2)
    ]

    neither = client.get("/v5/position/list", category="linear")
    pages = list(client.pages("/v5/position/list", category="linear", settleCoin="USDT", limit=3))
    other = client.get("/v5/position/list", category="inverse")

    assert neither["retMsg"].endswith("symbol or settleCoin")
    assert [[(row["symbol"], row["positionIdx"]) for row in page["list"]] for page in pages] == [
        [("BTCUSDT", 1), ("BTCUSDT", 2), ("ETHUSDT", 1)],
        [("ETHUSDT", 2)],
    ]
    assert other["result"] == {"list": [], "nextPageCursor": "", "category": "inverse"}


def test_closed_profit_is_of_the_last_seven_days_newest_first(client: Any) -> None:
    now_ms = client.exchange.now // 1000
    week_ms = 7 * 86_400_000
    client.exchange.account.closed = [
        closed(3, now_ms),
        closed(2, now_ms - week_ms),
        closed(1, now_ms - week_ms - 1),
    ]

    pages = list(client.pages("/v5/position/closed-pnl", category="linear", limit=1))
    older = client.get("/v5/position/closed-pnl", category="linear", endTime=now_ms - week_ms - 1)

    assert [[row["orderId"] for row in page["list"]] for page in pages] == [["o3"], ["o2"]]
    assert [row["orderId"] for row in older["result"]["list"]] == ["o1"]


def test_leverage_is_set_for_both_sides(client: Any) -> None:
    asked = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "5", "sellLeverage": "6"}

    done = client.post("/v5/position/set-leverage", asked)
    client.exchange.account.refusal = Refusal(110043, "leverage not modified")
    again = client.post("/v5/position/set-leverage", asked)
    unknown = client.post("/v5/position/set-leverage", {**asked, "symbol": "NOPE"})

    assert (done["retCode"], done["result"]) == (0, {})
    assert client.exchange.account.deeds[0] == ("set_leverage", "BTCUSDT", "5", "6")
    assert (again["retCode"], again["retMsg"]) == (110043, "leverage not modified")
    assert unknown["retMsg"] == "params error: symbol invalid"


def test_the_mode_is_switched_for_a_symbol_or_for_a_coin(client: Any) -> None:
    def switch(**body: object) -> int:
        answer = client.post("/v5/position/switch-mode", {"category": "linear", **body})
        return int(answer["retCode"])

    assert switch(symbol="BTCUSDT", mode=3) == switch(coin="USDT", mode=0) == 0
    client.exchange.account.refusal = Refusal(110025, "Position mode is not modified")
    assert switch(coin="USDT", mode=3) == 110025
    assert client.exchange.account.deeds[:2] == [
        ("switch_mode", "BTCUSDT", 3),
        ("switch_mode", None, 0),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"mode": 3},
        {"coin": "BTC", "mode": 3},
        {"symbol": "NOPE", "mode": 3},
        {"coin": "USDT"},
        {"coin": "USDT", "mode": 1},
        {"coin": "USDT", "mode": "3"},
    ],
)
def test_a_switch_without_sense_is_refused(client: Any, body: dict[str, object]) -> None:
    answer = client.post("/v5/position/switch-mode", {"category": "linear", **body})

    assert answer["retCode"] == 10001
    assert client.exchange.account.deeds == []

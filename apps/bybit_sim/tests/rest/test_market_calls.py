"""The public calls (bybit.md A.3), over a market of literal rows."""

from typing import Any

import pytest

SYMBOL = "BTCUSDT"


def result(client: Any, path: str, **params: object) -> Any:
    answer = client.get(f"/v5/market/{path}", **params)
    assert answer["retCode"] == 0, answer
    return answer["result"]


def refusal(client: Any, path: str, **params: object) -> tuple[int, str]:
    answer = client.get(f"/v5/market/{path}", **params)
    return answer["retCode"], answer["retMsg"]


def test_time_is_market_time_in_seconds_and_nanoseconds(client: Any) -> None:
    client.exchange.now += 123_456

    assert client.get("/v5/market/time") == {
        "retCode": 0,
        "retMsg": "OK",
        "result": {"timeSecond": "1700000000", "timeNano": "1700000000123456000"},
        "retExtInfo": {},
        "time": 1_700_000_000_123,
    }


def test_instruments_are_listed_by_name_over_pages(client: Any) -> None:
    pages = list(client.pages("/v5/market/instruments-info", category="linear", limit=1))

    assert [[row["symbol"] for row in page["list"]] for page in pages] == [["BTCUSDT"], ["ETHUSDT"]]
    assert pages[0]["category"] == "linear"


def test_only_trading_instruments_are_listed_unless_another_status_is_asked(client: Any) -> None:
    client.exchange.markets["ETHUSDT"].status = "Closed"

    def symbols(**params: object) -> list[str]:
        rows = result(client, "instruments-info", category="linear", **params)["list"]
        return [row["symbol"] for row in rows]

    assert symbols() == ["BTCUSDT"]
    assert symbols(status="Closed") == ["ETHUSDT"]
    assert symbols(symbol="ETHUSDT") == []
    assert refusal(client, "instruments-info", category="linear", status="Settling") == (
        10001,
        "params error: status invalid",
    )


def test_tickers_are_of_one_symbol_or_of_all(client: Any) -> None:
    one = result(client, "tickers", category="linear", symbol=SYMBOL)
    every = result(client, "tickers", category="linear")

    assert one == {"category": "linear", "list": [{"symbol": SYMBOL, "lastPrice": "50000.10"}]}
    assert [row["symbol"] for row in every["list"]] == ["BTCUSDT", "ETHUSDT"]


def test_recent_trades_need_a_symbol_and_come_500_at_a_time(client: Any) -> None:
    assert len(result(client, "recent-trade", category="linear", symbol=SYMBOL)["list"]) == 500
    assert (
        len(result(client, "recent-trade", category="linear", symbol=SYMBOL, limit=3)["list"]) == 3
    )
    assert refusal(client, "recent-trade", category="linear")[0] == 10001
    assert refusal(client, "recent-trade", category="linear", symbol=SYMBOL, limit=1001)[0] == 10001


def test_klines_default_to_linear_and_pass_times_and_limit_on(client: Any) -> None:
    asked = result(client, "kline", symbol=SYMBOL, interval="1", start=1000, end=2000)

    assert asked == {
        "symbol": SYMBOL,
        "category": "linear",
        "list": [["1", "1000", "2000", "200"]],
    }
    assert result(client, "kline", symbol=SYMBOL, interval="1")["list"] == [
        ["1", "None", "None", "200"]
    ]


def test_an_interval_that_is_none_is_refused(client: Any) -> None:
    assert refusal(client, "kline", symbol=SYMBOL, interval="2") == (10001, "Invalid period!")
    assert refusal(client, "kline", symbol=SYMBOL)[0] == 10001


def test_funding_history_with_a_start_alone_is_an_error(client: Any) -> None:
    path, asked = "funding/history", {"category": "linear", "symbol": SYMBOL}

    assert refusal(client, path, **asked, startTime=1)[0] == 10001
    both = result(client, path, **asked, startTime=1, endTime=2)
    end_alone = result(client, path, **asked, endTime=2, limit=5)

    assert both["list"] == [{"symbol": SYMBOL, "asked": [1, 2, 200]}]
    assert end_alone["list"] == [{"symbol": SYMBOL, "asked": [None, 2, 5]}]


def test_risk_limits_come_whole_for_a_symbol_and_15_symbols_a_page(client: Any) -> None:
    market = type(client.exchange.markets["BTCUSDT"])
    names = [f"A{number:02}USDT" for number in range(16)]
    client.exchange.markets.clear()
    client.exchange.markets.update({name: market(name, name[:3]) for name in names})

    pages = list(client.pages("/v5/market/risk-limit", category="linear"))
    one = result(client, "risk-limit", category="linear", symbol="A03USDT")

    assert [len(page["list"]) for page in pages] == [30, 2]
    assert [row["id"] for row in one["list"]] == [1, 2]


def test_the_price_limit_is_of_one_symbol(client: Any) -> None:
    row = result(client, "price-limit", symbol=SYMBOL)

    assert row == {"symbol": SYMBOL, "buyLmt": "1", "sellLmt": "2", "ts": "1700000000000"}
    assert refusal(client, "price-limit", category="spot", symbol=SYMBOL)[0] == 10001


@pytest.mark.parametrize("category", ["spot", "inverse", "option"])
@pytest.mark.parametrize(
    "path",
    ["instruments-info", "tickers", "recent-trade", "kline", "funding/history", "risk-limit"],
)
def test_other_categories_are_empty(client: Any, path: str, category: str) -> None:
    answer = result(client, path, category=category, symbol="BTCUSD", interval="1")

    assert answer["list"] == []
    assert answer["category"] == category


def test_a_symbol_that_is_not_listed_is_refused(client: Any) -> None:
    for path in ("instruments-info", "tickers", "recent-trade", "kline", "funding/history"):
        assert refusal(client, path, category="linear", symbol="NOPE", interval="1") == (
            10001,
            "params error: symbol invalid",
        )

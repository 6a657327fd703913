"""The reading calls of /v5/account and /v5/user (bybit.md A.5)."""

from typing import Any

DAY_MS = 86_400_000


def transaction(number: int, at_ms: int, **changes: object) -> dict[str, object]:
    return {
        "id": f"t{number}",
        "transactionTime": str(at_ms),
        "symbol": "BTCUSDT",
        "category": "linear",
        "currency": "USDT",
        "type": "TRADE",
        **changes,
    }


def ids(answer: dict[str, Any]) -> list[str]:
    return [row["id"] for row in answer["result"]["list"]]


def test_the_wallet_is_the_unified_account_with_the_coins_asked_for(client: Any) -> None:
    path = "/v5/account/wallet-balance"

    every = client.get(path, accountType="UNIFIED")["result"]["list"]
    some = client.get(path, accountType="UNIFIED", coin="USDT,USDC")["result"]["list"]
    wrong = client.get(path, accountType="CONTRACT")

    assert [coin["coin"] for coin in every[0]["coin"]] == ["USDT", "BTC"]
    assert [coin["coin"] for coin in some[0]["coin"]] == ["USDT"]
    assert some[0]["totalEquity"] == "1000"
    assert wrong["retCode"] == client.get(path)["retCode"] == 10001


def test_fee_rates_of_derivatives_have_no_category_key(client: Any) -> None:
    every = client.get("/v5/account/fee-rate", category="linear")["result"]
    one = client.get("/v5/account/fee-rate", category="linear", symbol="ETHUSDT")["result"]
    spot = client.get("/v5/account/fee-rate", category="spot")["result"]

    assert [row["symbol"] for row in every["list"]] == ["BTCUSDT", "ETHUSDT"]
    assert one == {
        "list": [{"symbol": "ETHUSDT", "takerFeeRate": "0.00055", "makerFeeRate": "0.0002"}]
    }
    assert spot == {"list": []}


def test_transactions_are_of_the_last_day_unless_times_are_given(client: Any) -> None:
    now_ms = client.exchange.now // 1000
    client.exchange.account.transactions = [
        transaction(3, now_ms),
        transaction(2, now_ms - DAY_MS),
        transaction(1, now_ms - DAY_MS - 1),
    ]
    path = "/v5/account/transaction-log"

    assert ids(client.get(path, accountType="UNIFIED")) == ["t3", "t2"]
    assert ids(client.get(path, startTime=now_ms - 7 * DAY_MS, endTime=now_ms)) == [
        "t3",
        "t2",
        "t1",
    ]
    assert ids(client.get(path, endTime=now_ms - DAY_MS - 1)) == ["t1"]
    assert client.get(path, startTime=1, endTime=2 + 7 * DAY_MS)["retCode"] == 10001


def test_transactions_are_filtered_and_paged(client: Any) -> None:
    now_ms = client.exchange.now // 1000
    client.exchange.account.transactions = [
        transaction(4, now_ms),
        transaction(3, now_ms, type="SETTLEMENT"),
        transaction(2, now_ms - 1, symbol="ETHUSDT"),
        transaction(1, now_ms - 2, symbol="", type="TRANSFER_IN"),
    ]
    path = "/v5/account/transaction-log"

    pages = list(client.pages(path, limit=3))

    assert [[row["id"] for row in page["list"]] for page in pages] == [["t4", "t3", "t2"], ["t1"]]
    assert ids(client.get(path, type="SETTLEMENT")) == ["t3"]
    assert (
        ids(client.get(path, symbol="ETHUSDT")) == ids(client.get(path, baseCoin="ETH")) == ["t2"]
    )
    assert ids(client.get(path, currency="BTC")) == ids(client.get(path, category="spot")) == []
    assert client.get(path, limit=51)["retCode"] == 10001


def test_the_key_is_the_one_that_signed(client: Any) -> None:
    answer = client.get("/v5/user/query-api")

    assert answer["result"] == {"apiKey": "key", "readOnly": 0}
    assert answer["retMsg"] == ""


def test_margin_mode_protection_and_coins_are_answered(client: Any) -> None:
    assert client.get("/v5/account/info")["result"] == {"marginMode": "REGULAR_MARGIN"}
    assert client.get("/v5/account/query-dcp-info")["result"] == {"dcpInfos": []}
    assert client.get("/v5/asset/coin/query-info")["result"] == {"rows": []}

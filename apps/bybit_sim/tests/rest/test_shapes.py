"""Replies of the whole exchange against recorded ones of Bybit: the same keys, the same types.

The recordings are not part of the project; without the folder these tests are skipped.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

RECORDED = Path(__file__).parents[5] / "shared" / "fixtures" / "bybit_messages"
NET = "jkorf/Bybit.UnitTests/Endpoints/V5Api"
SYMBOL: dict[str, object] = {"category": "linear", "symbol": "BTCUSDT"}
ORDER = {
    **SYMBOL,
    "side": "Buy",
    "orderType": "Limit",
    "qty": "0.010",
    "price": "49000",
    "positionIdx": 1,
}

ONLY_THERE = {
    "mmrSysUpdateTime",  # the documentation's spelling; the exchange sends mmrSysUpdatedTime
    "permissions",  # a list of products that grows with every one that Bybit adds
    "userIDInt64",
    "inviterIDInt64",
    "affiliateIDInt64",
    "baseCoin",  # of fee rates: options only
}
"""Keys of recordings that our rows do without."""

LISTINGS = [
    (
        "market/instruments-info",
        {"category": "linear"},
        "nautilus/http_get_instruments_linear.json",
    ),
    ("market/tickers", {"category": "linear"}, f"{NET}/ExchangeData/GetLinearInverseTickers.txt"),
    ("market/recent-trade", SYMBOL, "nautilus/http_get_trades_recent.json"),
    ("market/kline", {**SYMBOL, "interval": "1"}, "nautilus/http_get_klines_linear.json"),
    ("market/risk-limit", SYMBOL, f"{NET}/ExchangeData/GetRiskLimit.txt"),
    ("market/price-limit", SYMBOL, f"{NET}/ExchangeData/GetOrderPriceLimit.txt"),
    ("market/funding/history", SYMBOL, "nautilus/http_get_funding_history.json"),
    ("order/realtime", SYMBOL, f"{NET}/Trading/GetOrders.txt"),
    ("order/realtime", SYMBOL, "nautilus/http_get_orders_realtime.json"),
    ("order/history", SYMBOL, f"{NET}/Trading/GetOrderHistory.txt"),
    ("order/history", SYMBOL, "nautilus/http_get_orders_history.json"),
    ("execution/list", SYMBOL, f"{NET}/Trading/GetUserTrades.txt"),
    ("execution/list", SYMBOL, "nautilus/http_get_executions.json"),
    ("position/list", SYMBOL, f"{NET}/Trading/GetPositions.txt"),
    ("position/list", SYMBOL, "nautilus/http_get_positions_with_open_time.json"),
    ("position/closed-pnl", SYMBOL, f"{NET}/Trading/GetClosedProfitLoss.txt"),
    ("account/wallet-balance", {"accountType": "UNIFIED"}, f"{NET}/Account/GetBalances.txt"),
    (
        "account/wallet-balance",
        {"accountType": "UNIFIED"},
        "nautilus/http_get_wallet_balance.json",
    ),
    ("account/info", {}, "nautilus/http_get_account_info.json"),
    ("account/fee-rate", SYMBOL, f"{NET}/Account/GetFeeRate.txt"),
    ("account/transaction-log", {}, f"{NET}/Account/GetTransactionHistory.txt"),
    ("user/query-api", {}, "nautilus/http_get_user_query_api.json"),
]
ORDERS = [
    ("order/create", ORDER, f"{NET}/Trading/PlaceOrder.txt"),
    (
        "order/amend",
        {**SYMBOL, "orderLinkId": "rests", "price": "49100"},
        f"{NET}/Trading/EditOrder.txt",
    ),
    ("order/cancel", {**SYMBOL, "orderLinkId": "rests"}, f"{NET}/Trading/CancelOrder.txt"),
    ("order/cancel-all", SYMBOL, f"{NET}/Trading/CancelAllOrder.txt"),
    (
        "order/create-batch",
        {"category": "linear", "request": [ORDER]},
        f"{NET}/Trading/PlaceMultipleOrders.txt",
    ),
    (
        "order/cancel-batch",
        {"category": "linear", "request": [{"symbol": "BTCUSDT", "orderLinkId": "rests"}]},
        f"{NET}/Trading/CancelMultipleOrders.txt",
    ),
    (
        "position/set-leverage",
        {**SYMBOL, "buyLeverage": "5", "sellLeverage": "5"},
        f"{NET}/Account/SetLeverage.txt",
    ),
]


def recorded(name: str) -> Any:
    path = RECORDED / name
    if not path.exists():
        pytest.skip("no ../shared/fixtures/bybit_messages beside the project")
    text = path.read_text(encoding="utf-8-sig")
    # the .NET samples begin with three lines: method, path, whether it is signed
    return json.loads(text[text.index("{") :])


def differences(ours: Any, theirs: Any, where: str = "") -> Iterator[str]:
    """Keys that are only in the recording, and values of another JSON type."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in theirs.keys() - ONLY_THERE:
            if key in ours:
                yield from differences(ours[key], theirs[key], f"{where}.{key}")
            else:
                yield f"{where}.{key} is missing"
    elif isinstance(theirs, list) and isinstance(ours, list):
        if theirs and ours:
            yield from differences(ours[0], theirs[0], f"{where}[]")
        elif theirs:
            yield f"{where} is empty"
    elif theirs is not None and type(ours) is not type(theirs):
        yield f"{where} is {ours!r}, recorded as {theirs!r}"


@pytest.fixture
def lived(real_client: Any, trade: Callable[..., Any], ticker: Callable[..., Any]) -> Any:
    """A client whose account has orders of every state, fills, a position and funding."""
    exchange = real_client.exchange

    def send(path: str, **changes: object) -> None:
        real_client.wall_us += 1_000_000
        answer = real_client.post(f"/v5/order/{path}", {**ORDER, **changes})
        assert answer["retCode"] == 0, answer
        trade(exchange, "50000")

    trade(exchange, "2000", symbol="ETHUSDT")
    ticker(exchange, "50000", mark="50000.5", bid="49999.9", ask="50000.1", rate="0.0001")
    send("create", orderType="Market")
    send("create", orderType="Market", side="Sell", qty="0.005", reduceOnly=True)
    send("create", orderLinkId="ends")
    send("cancel", orderLinkId="ends")
    send("create", orderLinkId="rests")
    trade(exchange, "50000", after_us=8 * 3_600_000_000)
    return real_client


@pytest.mark.parametrize(("path", "params", "name"), LISTINGS)
def test_a_listing_has_the_keys_and_types_of_the_recorded_one(
    lived: Any, path: str, params: dict[str, object], name: str
) -> None:
    theirs = recorded(name)

    ours = lived.get(f"/v5/{path}", **params)

    assert ours["retCode"] == 0, ours
    assert list(differences(ours["result"], theirs["result"])) == []


@pytest.mark.parametrize(("path", "body", "name"), ORDERS)
def test_an_acknowledgement_has_the_keys_and_types_of_the_recorded_one(
    lived: Any, path: str, body: dict[str, object], name: str
) -> None:
    theirs = recorded(name)

    ours = lived.post(f"/v5/{path}", body)

    assert ours["retCode"] == 0, ours
    assert list(differences(ours["result"], theirs["result"])) == []
    assert list(differences(ours["retExtInfo"], theirs["retExtInfo"])) == []

"""Unmodified pybit over its sockets: public, private and trade."""

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pybit._websocket_trading
import pybit.unified_trading
import pytest
from pybit.unified_trading import HTTP, WebSocket, WebSocketTrading

SYMBOL = "BTCUSDT"
HALF = Decimal("0.5")

Eventually = Callable[..., Any]


@pytest.fixture(autouse=True)
def templates(exchange: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """pybit has no argument for a host: its templates are module constants (bybit.md C.2)."""
    base = exchange.sockets
    monkeypatch.setattr(pybit.unified_trading, "PUBLIC_WSS", f"{base}/v5/public/{{CHANNEL_TYPE}}")
    monkeypatch.setattr(pybit.unified_trading, "PRIVATE_WSS", f"{base}/v5/private")
    monkeypatch.setattr(pybit._websocket_trading, "TRADE_WSS", f"{base}/v5/trade")


@pytest.fixture
def public(templates: None) -> Iterator[WebSocket]:
    socket = WebSocket(channel_type="linear", testnet=False)
    yield socket
    socket.exit()


@pytest.fixture
def private(templates: None, exchange: Any) -> Iterator[WebSocket]:
    key = exchange.trader
    socket = WebSocket(
        channel_type="private",
        testnet=False,
        api_key=key.key,
        api_secret=key.secret,
        private_auth_expire=10,
    )
    yield socket
    socket.exit()


@pytest.fixture
def trading(templates: None, exchange: Any) -> Iterator[WebSocketTrading]:
    key = exchange.trader
    socket = WebSocketTrading(
        testnet=False, api_key=key.key, api_secret=key.secret, private_auth_expire=10
    )
    yield socket
    socket.exit()


def _price(http: HTTP) -> Decimal:
    answer: Any = http.get_tickers(category="linear", symbol=SYMBOL)
    return Decimal(answer["result"]["list"][0]["ask1Price"])


def _below(http: HTTP, share: str = "0.005") -> Decimal:
    return (_price(http) * (1 - Decimal(share))).quantize(HALF)


def test_tickers_arrive_merged_and_complete(
    public: WebSocket, exchange: Any, http: HTTP, eventually: Eventually
) -> None:
    got: list[dict[str, Any]] = []
    public.ticker_stream(symbol=SYMBOL, callback=lambda frame: got.append(dict(frame["data"])))

    eventually(lambda: got, "a ticker")
    if exchange.steer is not None:
        exchange.steer.trade(_price(http), "0.001", "Buy")
    eventually(lambda: len(got) > 1, "a second ticker")
    assert Decimal(got[-1]["lastPrice"]) > 0
    assert set(got[-1]) == set(got[0])


def test_public_trades_arrive_with_price_size_and_taker(
    public: WebSocket, exchange: Any, http: HTTP, eventually: Eventually
) -> None:
    got: list[dict[str, Any]] = []
    public.trade_stream(symbol=SYMBOL, callback=lambda frame: got.extend(frame["data"]))
    time.sleep(0.3)
    price = _price(http)
    if exchange.steer is not None:
        exchange.steer.trade(price, "0.007", "Sell")

    rows = eventually(lambda: got, "a trade", 60)
    assert {"T", "s", "S", "v", "p", "i", "BT"} <= set(rows[0])
    if exchange.steer is not None:
        wanted = (price, Decimal("0.007"), "Sell")
        eventually(
            lambda: any((Decimal(r["p"]), Decimal(r["v"]), r["S"]) == wanted for r in got),
            "the trade of the test",
        )


@pytest.mark.parametrize("depth", [1, 50])
def test_the_order_book_is_never_crossed(
    public: WebSocket, eventually: Eventually, depth: int
) -> None:
    books: list[tuple[Decimal, Decimal, int]] = []

    def keep(frame: dict[str, Any]) -> None:
        book = frame["data"]
        if book["b"] and book["a"]:
            bid = max(Decimal(price) for price, _ in book["b"])
            ask = min(Decimal(price) for price, _ in book["a"])
            books.append((bid, ask, book["u"]))

    public.orderbook_stream(depth=depth, symbol=SYMBOL, callback=keep)

    eventually(lambda: len(books) > 2, "three books", 15)
    assert all(bid < ask for bid, ask, _ in books)
    updates = [update for _, _, update in books]
    assert updates == sorted(updates)


def test_candles_arrive(
    public: WebSocket, exchange: Any, http: HTTP, eventually: Eventually
) -> None:
    got: list[dict[str, Any]] = []
    public.kline_stream(interval=1, symbol=SYMBOL, callback=lambda f: got.extend(f["data"]))
    time.sleep(0.3)
    if exchange.steer is not None:
        exchange.steer.trade(_price(http), "0.001", "Buy")

    row = eventually(lambda: got, "a candle", 15)[0]
    assert Decimal(row["low"]) <= Decimal(row["close"]) <= Decimal(row["high"])
    assert row["end"] - row["start"] == 59_999


def test_the_private_streams_tell_an_order_from_its_acceptance_to_its_cancel(
    private: WebSocket, http: HTTP, eventually: Eventually
) -> None:
    orders: list[dict[str, Any]] = []
    positions: list[dict[str, Any]] = []
    private.order_stream(callback=lambda frame: orders.extend(frame["data"]))
    private.position_stream(callback=lambda frame: positions.extend(frame["data"]))
    time.sleep(0.5)

    link = uuid4().hex[:30]
    http.place_order(
        category="linear",
        symbol=SYMBOL,
        side="Buy",
        positionIdx=1,
        orderType="Limit",
        qty="0.010",
        price=str(_below(http)),
        timeInForce="PostOnly",
        orderLinkId=link,
    )
    mine = eventually(lambda: [r for r in orders if r["orderLinkId"] == link], "the order's push")
    assert (mine[0]["orderStatus"], mine[0]["category"]) == ("New", "linear")

    http.cancel_order(category="linear", symbol=SYMBOL, orderLinkId=link)
    eventually(
        lambda: any(r["orderStatus"] == "Cancelled" for r in orders if r["orderLinkId"] == link),
        "the cancel's push",
    )
    eventually(lambda: positions, "a position on every create (B.4)")
    assert {row["positionIdx"] for row in positions} <= {1, 2}
    assert all("entryPrice" in row for row in positions)


def test_a_fill_is_told_as_execution_order_position_and_wallet(
    private: WebSocket, http: HTTP, eventually: Eventually
) -> None:
    streams: dict[str, list[dict[str, Any]]] = {
        "order": [],
        "execution": [],
        "position": [],
        "wallet": [],
    }

    def listen(name: str) -> Callable[[dict[str, Any]], None]:
        return lambda frame: streams[name].extend(frame["data"])

    private.order_stream(callback=listen("order"))
    private.execution_stream(callback=listen("execution"))
    private.position_stream(callback=listen("position"))
    private.wallet_stream(callback=listen("wallet"))
    time.sleep(0.5)

    link = uuid4().hex[:30]
    http.place_order(
        category="linear",
        symbol=SYMBOL,
        side="Buy",
        positionIdx=1,
        orderType="Market",
        qty="0.010",
        orderLinkId=link,
    )
    (execution,) = eventually(
        lambda: [r for r in streams["execution"] if r["orderLinkId"] == link], "an execution"
    )
    assert (execution["execType"], execution["isMaker"]) == ("Trade", False)
    assert Decimal(execution["execFee"]) > 0
    filled = eventually(
        lambda: [
            r for r in streams["order"] if r["orderLinkId"] == link and r["orderStatus"] == "Filled"
        ],
        "the filled order",
    )
    assert Decimal(filled[0]["leavesQty"]) == 0
    leg = eventually(
        lambda: [
            r for r in streams["position"] if r["positionIdx"] == 1 and Decimal(r["size"]) > 0
        ],
        "the leg",
    )
    assert leg[0]["side"] == "Buy"
    wallet = eventually(lambda: streams["wallet"], "the wallet")
    assert wallet[0]["accountType"] == "UNIFIED"


def test_orders_over_the_trade_socket_are_acknowledged_with_their_ids(
    trading: WebSocketTrading, http: HTTP, eventually: Eventually
) -> None:
    answers: list[dict[str, Any]] = []
    link = uuid4().hex[:30]
    price = _below(http)
    time.sleep(0.3)

    trading.place_order(
        answers.append,
        category="linear",
        symbol=SYMBOL,
        side="Buy",
        positionIdx=1,
        orderType="Limit",
        qty="0.010",
        price=str(price),
        timeInForce="PostOnly",
        orderLinkId=link,
    )
    placed = eventually(lambda: answers, "the answer")[0]
    assert (placed["retCode"], placed["data"]["orderLinkId"]) == (0, link)

    trading.amend_order(
        answers.append, category="linear", symbol=SYMBOL, orderLinkId=link, qty="0.020"
    )
    eventually(lambda: len(answers) == 2, "the amendment's answer")
    trading.cancel_order(answers.append, category="linear", symbol=SYMBOL, orderLinkId=link)
    eventually(lambda: len(answers) == 3, "the cancel's answer")
    assert [answer["retCode"] for answer in answers] == [0, 0, 0]

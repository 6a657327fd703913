"""What the tests of REST share: an exchange at the port, and a client that signs by hand."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from bybit_sim.exchange.words import (
    Amendment,
    ApiKey,
    ExecutionRecord,
    Lifetime,
    NewOrder,
    OrderRecord,
    OrderType,
    Row,
    State,
)
from bybit_sim.rest.caller import Caller
from bybit_sim.rest.limits import AddressLimit, RateLimits, caps_of
from bybit_sim.rest.server import RestDesk
from bybit_sim.rest.trading import TradeDesk
from bybit_sim.rest.words import HttpReply, HttpRequest
from gridcore.clock import HOUR_US, SECOND_US, Instant
from gridcore.sides import BUY
from simvenue.limits import ORDER_GONE, Refusal

NOW = Instant(1_700_000_000_000_000)
WALL_US = 1_800_000_000_000_000
KEY = ApiKey(key="key", secret="secret")
READER = ApiKey(key="reader", secret="secret-r", read_only=True)
EXPIRED = ApiKey(key="expired", secret="secret-e", expired=True)
BOUND = ApiKey(key="bound", secret="secret-b", ips=("10.0.0.1",))


def order_record(number: int, **changes: Any) -> OrderRecord:
    record = OrderRecord(
        order_id=f"order-{number:04}",
        order_link_id=f"link-{number}",
        symbol="BTCUSDT",
        side=BUY,
        position_idx=1,
        order_type=OrderType.LIMIT,
        lifetime=Lifetime.GTC,
        price=Decimal("50000.10"),
        qty=Decimal("0.010"),
        leaves=Decimal("0.010"),
        state=State.NEW,
        reduce_only=False,
        close_on_trigger=False,
        created_at=Instant(NOW - HOUR_US + number * 1000),
        updated_at=Instant(NOW - HOUR_US + number * 1000),
        last_price_on_created=None,
    )
    return replace(record, **changes)


def execution_record(number: int, **changes: Any) -> ExecutionRecord:
    record = ExecutionRecord(
        exec_id=f"exec-{number:04}",
        exec_type="Trade",
        order=order_record(number),
        symbol="BTCUSDT",
        side=BUY,
        position_idx=1,
        price=Decimal("50000.10"),
        qty=Decimal("0.010"),
        leaves=Decimal("0.000"),
        closed_size=Decimal("0"),
        value=Decimal("500.001"),
        fee=Decimal("0.1000002"),
        fee_rate=Decimal("0.0002"),
        pnl=Decimal("0"),
        is_maker=True,
        mark=None,
        index=None,
        at=Instant(NOW - HOUR_US + number * 1000),
        seq=number,
    )
    return replace(record, **changes)


@dataclass
class FakeAccount:
    """An account of lists: it shows what a test put in, and notes what it was asked to do."""

    uid: int = 1001
    placed: list[NewOrder] = field(default_factory=list)
    amended: list[Amendment] = field(default_factory=list)
    deeds: list[tuple[object, ...]] = field(default_factory=list)
    open: list[OrderRecord] = field(default_factory=list)
    ended: list[OrderRecord] = field(default_factory=list)
    fills: list[ExecutionRecord] = field(default_factory=list)
    closed: list[Row] = field(default_factory=list)
    transactions: list[Row] = field(default_factory=list)
    positions: list[Row] = field(default_factory=list)
    refusal: Refusal | None = None

    def create(self, order: NewOrder, now: Instant) -> OrderRecord | Refusal:
        if self.refusal is not None:
            return self.refusal
        self.placed.append(order)
        return order_record(len(self.placed), order_link_id=order.order_link_id)

    def amend(self, amendment: Amendment, now: Instant) -> OrderRecord | Refusal:
        self.amended.append(amendment)
        return self.refusal or order_record(7, order_link_id=amendment.order_link_id)

    def cancel(
        self, symbol: str, order_id: str, order_link_id: str, now: Instant
    ) -> OrderRecord | Refusal:
        self.deeds.append(("cancel", symbol, order_id, order_link_id))
        return self.find_order(order_id, order_link_id) or ORDER_GONE

    def cancel_all(self, symbol: str | None, now: Instant) -> list[OrderRecord]:
        self.deeds.append(("cancel_all", symbol))
        return self.open_orders(symbol)

    def open_orders(self, symbol: str | None) -> list[OrderRecord]:
        return [record for record in self.open if symbol in (None, record.symbol)]

    def ended_orders(self, symbol: str | None, now: Instant) -> list[OrderRecord]:
        return [record for record in self.ended if symbol in (None, record.symbol)]

    def find_order(self, order_id: str, order_link_id: str) -> OrderRecord | None:
        for record in [*self.open, *self.ended]:
            if order_id == record.order_id or (
                not order_id and order_link_id == record.order_link_id
            ):
                return record
        return None

    def executions(self, symbol: str | None) -> list[ExecutionRecord]:
        return [record for record in self.fills if symbol in (None, record.symbol)]

    def closed_pnl_rows(self, symbol: str | None) -> list[Row]:
        return [row for row in self.closed if symbol in (None, row["symbol"])]

    def transaction_rows(self) -> list[Row]:
        return self.transactions

    def position_rows(self, symbol: str | None, now: Instant) -> list[Row]:
        return [row for row in self.positions if symbol in (None, row["symbol"])]

    def wallet_row(self, now: Instant) -> Row:
        coins = [{"coin": "USDT", "equity": "1000"}, {"coin": "BTC", "equity": "0"}]
        return {"accountType": "UNIFIED", "totalEquity": "1000", "coin": coins}

    def info_row(self, now: Instant) -> Row:
        return {"marginMode": "REGULAR_MARGIN"}

    def fee_rows(self, symbol: str | None) -> list[Row]:
        return [{"symbol": symbol, "takerFeeRate": "0.00055", "makerFeeRate": "0.0002"}]

    def key_row(self, key: ApiKey, now: Instant) -> Row:
        return {"apiKey": key.key, "readOnly": int(key.read_only)}

    def set_leverage(self, symbol: str, buy: str, sell: str, now: Instant) -> Refusal | None:
        self.deeds.append(("set_leverage", symbol, buy, sell))
        return self.refusal

    def switch_mode(self, symbol: str | None, mode: int, now: Instant) -> Refusal | None:
        self.deeds.append(("switch_mode", symbol, mode))
        return self.refusal


@dataclass
class FakeMarket:
    """One symbol's market of literal rows."""

    symbol: str
    base_coin: str
    status: str = "Trading"

    def instrument_row(self) -> Row:
        return {"symbol": self.symbol, "baseCoin": self.base_coin, "status": self.status}

    def ticker_row(self) -> Row:
        return {"symbol": self.symbol, "lastPrice": "50000.10"}

    def risk_rows(self) -> list[Row]:
        return [{"id": number, "symbol": self.symbol} for number in (1, 2)]

    def trade_rows(self, limit: int) -> list[Row]:
        return [{"execId": str(number)} for number in range(limit)]

    def kline_rows(
        self, interval: str, start_ms: int | None, end_ms: int | None, limit: int
    ) -> list[list[str]] | None:
        return [[interval, str(start_ms), str(end_ms), str(limit)]] if interval == "1" else None

    def funding_rows(self, start_ms: int | None, end_ms: int | None, limit: int) -> list[Row]:
        return [{"symbol": self.symbol, "asked": [start_ms, end_ms, limit]}]

    def price_limit_row(self, now: Instant) -> Row:
        return {"symbol": self.symbol, "buyLmt": "1", "sellLmt": "2", "ts": str(now // 1000)}


class FakeExchange:
    """Two markets and one account that holds every key of this file."""

    def __init__(self, now: Instant = NOW) -> None:
        self.now = now
        self.account = FakeAccount()
        self.markets = {
            "BTCUSDT": FakeMarket("BTCUSDT", "BTC"),
            "ETHUSDT": FakeMarket("ETHUSDT", "ETH"),
        }

    def account_of(self, key: str) -> tuple[FakeAccount, ApiKey] | None:
        held = {known.key: known for known in (KEY, READER, EXPIRED, BOUND)}
        return (self.account, held[key]) if key in held else None


class Client:
    """Sends signed requests to a desk, and reads the answers."""

    def __init__(self, exchange: Any) -> None:
        self.exchange = exchange
        self.keys = {"own": KEY, "reader": READER, "expired": EXPIRED, "bound": BOUND}
        self.wall_us = WALL_US
        self.limits = RateLimits(caps_of(0))
        self.trade = TradeDesk(exchange.markets, self.limits)
        self.desk = RestDesk(exchange, self.trade, self.limits, AddressLimit())

    def send(
        self,
        method: str,
        path: str,
        payload: str,
        *,
        key: ApiKey = KEY,
        timestamp_ms: int | None = None,
        headers: dict[str, str] | None = None,
        address: str = "127.0.0.1",
        stale_us: int = 0,
        skew_us: int = 0,
    ) -> HttpReply:
        stamp = str(self.wall_us // 1000 if timestamp_ms is None else timestamp_ms)
        text = f"{stamp}{key.key}5000{payload}"
        signed = {
            "x-bapi-api-key": key.key,
            "x-bapi-timestamp": stamp,
            "x-bapi-recv-window": "5000",
            "x-bapi-sign": hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).hexdigest(),
        }
        request = HttpRequest(
            method=method,
            path=path,
            query=payload if method == "GET" else "",
            body=payload.encode() if method == "POST" else b"",
            headers=signed if headers is None else headers,
            address=address,
            wall_us=self.wall_us,
        )
        return self.desk.handle(request, stale_us=stale_us, skew_us=skew_us)

    def get(self, path: str, /, **params: object) -> dict[str, Any]:
        """The JSON of a signed GET that is answered with HTTP 200."""
        return self.read(self.send("GET", path, urlencode(params, safe="%")))

    def post(self, path: str, body: object) -> dict[str, Any]:
        """The JSON of a signed POST that is answered with HTTP 200."""
        return self.read(self.send("POST", path, json.dumps(body)))

    def read(self, reply: HttpReply) -> dict[str, Any]:
        """The JSON of a reply with HTTP 200."""
        assert reply.status == 200, reply
        answer = json.loads(reply.body)
        assert isinstance(answer, dict)
        return answer

    def pages(self, path: str, /, **params: object) -> Iterator[dict[str, Any]]:
        """The results of all pages, by the cursor as it came."""
        cursor = ""
        while True:
            result = self.get(path, **params, cursor=cursor)["result"]
            yield result
            cursor = result["nextPageCursor"]
            if not cursor:
                return
            self.wall_us += SECOND_US


@pytest.fixture
def exchange() -> FakeExchange:
    return FakeExchange()


@pytest.fixture
def real_client(make_exchange: Callable[..., Any]) -> Client:
    """A client of a whole exchange with one account."""
    return Client(make_exchange(keys=(KEY,)))


@pytest.fixture
def client(exchange: FakeExchange) -> Client:
    return Client(exchange)


@pytest.fixture
def caller(exchange: FakeExchange) -> Caller:
    return Caller(account=exchange.account, key=KEY, markets=exchange.markets, now=NOW, as_of=NOW)


@pytest.fixture(scope="session")
def an_order() -> Callable[..., OrderRecord]:
    """Builds order records: the number says when, and is in the ids."""
    return order_record


@pytest.fixture(scope="session")
def an_execution() -> Callable[..., ExecutionRecord]:
    """Builds execution records: the number says when, and is in the ids."""
    return execution_record

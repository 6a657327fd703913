"""What the tests of several folders share: an account's setup, and a life of its session."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from copy import deepcopy
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from appkit.account_setup import AccountSetup
from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.paging import Stop
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest.account import FeeRates
from bybit_adapter.rest.hedge import ModeReport
from bybit_adapter.rest.words import Listing
from bybit_adapter.rest_client import RestClient, wait_until
from bybit_sim.config import SimConfig
from bybit_sim.serve import running
from gridbot.journal.writer import JournalLimits, JournalWriter
from gridbot.terms import SymbolTerms
from gridcore.clock import Instant
from gridcore.events import (
    SymbolReport,
)
from gridcore.instrument import Instrument
from gridcore.tiers import RiskTier, RiskTiers
from tests.session_lives import START, Life

Lived = tuple[JournalWriter, Life]


def live(
    folder: Path,
    setup: AccountSetup,
    steps: int,
    *,
    life: Life | None = None,
    first_seq: int = 1,
    limits: JournalLimits | None = None,
) -> Lived:
    """A process of account "main" that keeps a journal: its writer, still open, and its life."""
    life = Life(setup.session()) if life is None else life
    journal = JournalWriter.open(
        folder,
        "main",
        setup=setup,
        code_version="gridbot test",
        memory=life.session.snapshot,
        first_seq=first_seq,
        now=life.now,
        limits=limits,
    )
    for _ in range(steps):
        journal.append(*life.step())
        journal.commit_now()
    return journal, life


@pytest.fixture(scope="session")
def start() -> Instant:
    """When every life begins: 2026-01-01 01:00 UTC."""
    return START


@pytest.fixture(scope="session")
def make_life() -> Callable[..., Life]:
    """Builds the life of a session."""
    return Life


@pytest.fixture(scope="session")
def lived() -> Callable[..., Lived]:
    """Plays a process that keeps a journal."""
    return live


@contextmanager
def simulated(**changes: Any) -> Iterator[str]:
    """A simulator in a thread of its own, as an exchange for code that blocks; gives its URL."""
    config = SimConfig.model_validate({"port": 0, "symbols": {"BTCUSDT": {}}} | changes)
    begun, ended = threading.Event(), threading.Event()
    urls: list[str] = []

    async def serve() -> None:
        try:
            async with running(config) as simulator:
                urls.append(f"http://127.0.0.1:{simulator.port}")
                begun.set()
                await asyncio.to_thread(ended.wait)
        finally:
            begun.set()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        begun.wait(30)
        yield urls[0]
    finally:
        ended.set()
        thread.join(30)


@pytest.fixture
def simulator() -> Iterator[Callable[..., str]]:
    """Starts a simulated exchange and gives its URL; changes are keys of its configuration."""
    with ExitStack() as running_ones:
        yield lambda **changes: running_ones.enter_context(simulated(**changes))


def symbol_terms(
    symbol: str = "BTCUSDT", leverage: Decimal | None = Decimal(10), *, hedge_mode: bool = True
) -> SymbolTerms:
    """What an exchange says of a symbol: ticks of 0.1, steps of 0.001, orders of 5 at least."""
    instrument = Instrument(
        symbol=symbol,
        tick_size=Decimal("0.1"),
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal(100),
        min_notional=Decimal(5),
    )
    tier = RiskTier(
        max_value=None,
        maintenance_rate=Decimal("0.005"),
        deduction=Decimal(0),
        initial_rate=Decimal("0.01"),
    )
    listing = Listing(
        rows=(), complete=True, stop=Stop.END, failure=None, asked_at=START, exchange_at=None
    )
    return SymbolTerms(
        symbol=symbol,
        instrument=instrument,
        tiers=RiskTiers([tier]),
        fees=FeeRates(symbol=symbol, maker=Decimal("0.0002"), taker=Decimal("0.00055")),
        mode=ModeReport(
            symbol=symbol,
            hedge_mode=hedge_mode,
            long_leverage=leverage,
            short_leverage=leverage,
            margin_mode="REGULAR_MARGIN",
            positions=listing,
        ),
        leverage=leverage,
        trading=True,
        max_leverage=Decimal(100),
        funding_interval_minutes=480,
        report=SymbolReport(
            symbol=symbol,
            at=START,
            instrument=instrument,
            leverage=leverage,
            hedge_mode=hedge_mode,
            trading=True,
        ),
    )


@pytest.fixture(scope="session")
def make_terms() -> Callable[..., SymbolTerms]:
    """Builds what an exchange says of a symbol."""
    return symbol_terms


RISK_LIMIT = {
    "id": 1,
    "symbol": "BTCUSDT",
    "riskLimitValue": "2000000",
    "maintenanceMargin": "0.005",
    "initialMargin": "0.01",
    "maxLeverage": "100.00",
    "mmDeduction": "",
}
ANSWERS: dict[str, dict[str, Any]] = {
    "/v5/market/instruments-info": {
        "list": [
            {
                "symbol": "BTCUSDT",
                "status": "Trading",
                "fundingInterval": 480,
                "leverageFilter": {"maxLeverage": "100.00", "leverageStep": "0.01"},
                "priceFilter": {"tickSize": "0.10", "minPrice": "0.10", "maxPrice": "1999999.80"},
                "lotSizeFilter": {
                    "qtyStep": "0.001",
                    "minOrderQty": "0.001",
                    "maxOrderQty": "1190.000",
                    "maxMktOrderQty": "500.000",
                    "minNotionalValue": "5",
                },
            }
        ]
    },
    "/v5/position/list": {
        "list": [
            {"symbol": "BTCUSDT", "positionIdx": index, "leverage": str(10 * index)}
            for index in (1, 2)
        ]
    },
    "/v5/account/info": {"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": 5},
    "/v5/account/fee-rate": {
        "list": [{"symbol": "BTCUSDT", "makerFeeRate": "0.0002", "takerFeeRate": "0.00055"}]
    },
    "/v5/market/risk-limit": {"list": [RISK_LIMIT]},
    "/v5/market/tickers": {"list": [{"symbol": "BTCUSDT", "lastPrice": "100000.00"}]},
    "/v5/market/time": {"timeSecond": "1767229200", "timeNano": "1767229200000000000"},
    "/v5/account/wallet-balance": {
        "list": [
            {
                "accountType": "UNIFIED",
                "totalAvailableBalance": "10000",
                "coin": [{"coin": "USDT", "walletBalance": "10000"}],
            }
        ]
    },
    "/v5/user/query-api": {
        "readOnly": 0,
        "userID": 1,
        "permissions": {"ContractTrade": ["Order", "Position"]},
        "ips": ["*"],
        "expiredAt": "",
    },
}


@contextmanager
def answering(answers: dict[str, dict[str, Any]]) -> Iterator[str]:
    """An exchange of canned answers, in Bybit's envelope; "asked" are the bodies of posts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(answers.get(self.path.partition("?")[0]))

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            result = answers.get(self.path)
            if result is not None:
                result.setdefault("asked", []).append(asked)
            self.answer(result)

        def answer(self, result: dict[str, Any] | None) -> None:
            body = {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": 1}
            if result is None:
                body = body | {"retCode": 10001, "retMsg": "no such thing", "result": {}}
            content = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


Change = Callable[[Any], object]


@pytest.fixture
def canned() -> Iterator[Callable[..., str]]:
    """Starts an exchange of canned answers and gives its URL.

    A path with a function has its result altered by it (a path of no canned answer: an empty
    one), one with None gives no answer.
    """
    with ExitStack() as running_ones:

        def start(changes: dict[str, Change | None] | None = None) -> str:
            answers = deepcopy(ANSWERS)
            for path, change in (changes or {}).items():
                if change is None:
                    del answers[path]
                else:
                    change(answers.setdefault(path, {}))
            return running_ones.enter_context(answering(answers))

        yield start


@pytest.fixture
def client() -> Iterator[Callable[..., RestClient]]:
    """Makes clients with the simulator's demonstration key, or another one."""
    with ExitStack() as open_ones:

        def make(url: str, key: str = "demo-key-1", secret: str = "demo-secret-1") -> RestClient:
            rest = RestClient(
                endpoint(url),
                Credentials(key=key, secret=secret),
                limiter=RateLimiter(),
                timeout_s=2,
                wait=wait_until,
            )
            open_ones.callback(rest.close)
            return rest

        yield make


BOT_TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"
CHAT = 4711


class FakeBotApi:
    """Answers getMe, sendMessage and getUpdates; `faults` are answered first, one per request."""

    def __init__(self) -> None:
        self.url = ""
        self.sent: list[dict[str, str]] = []
        self.faults: list[tuple[int, dict[str, Any] | str]] = []
        self.asked: list[str] = []
        self._said: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self._number = 100

    @property
    def texts(self) -> list[str]:
        """What was sent, in order."""
        return [one["text"] for one in self.sent]

    def say(self, text: str | None, chat: int = CHAT) -> None:
        """Somebody writes to the bot; None: a picture."""
        self._number += 1
        words = {} if text is None else {"text": text}
        person = {"id": chat, "type": "private"}
        message = {"message_id": self._number, "date": 1, "chat": person, **words}
        self._said.append({"update_id": self._number, "message": message})
        self._news.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Look until something holds."""
        for _ in range(500):
            if holds():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"it never came: {self.texts}")

    async def _answer(self, request: web.Request) -> web.Response:
        token, method = request.match_info["token"], request.match_info["method"]
        # The library asks with GET and a body, which aiohttp does not read as a form.
        form = dict(parse_qsl(await request.text(), keep_blank_values=True))
        self.asked.append(method)
        if self.faults:
            status, body = self.faults.pop(0)
            if isinstance(body, str):
                return web.Response(status=status, text=body)
            return web.json_response({"ok": False, "error_code": status, **body}, status=status)
        if token != BOT_TOKEN:
            body = {"ok": False, "error_code": 401, "description": "Unauthorized"}
            return web.json_response(body, status=401)
        return web.json_response({"ok": True, "result": await self._result(method, form)})

    async def _result(self, method: str, form: dict[str, str]) -> Any:
        match method:
            case "getMe":
                return {"id": 1, "is_bot": True, "first_name": "grid", "username": "grid_bot"}
            case "sendMessage":
                self.sent.append(form)
                chat = {"id": int(form["chat_id"]), "type": "private"}
                return {"message_id": 1, "date": 1, "chat": chat, "text": form["text"]}
            case _:
                return await self._updates(int(form["offset"]), int(form.get("timeout", "0")))

    async def _updates(self, offset: int, wait_s: int) -> list[dict[str, Any]]:
        if offset < 0:
            self._said = self._said[offset:]
            return self._said
        self._said = [one for one in self._said if one["update_id"] >= offset]
        if not self._said and wait_s:
            self._news.clear()
            await asyncio.wait([asyncio.ensure_future(self._news.wait())], timeout=wait_s)
        return self._said

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Serve on a free port while the block runs."""
        application = web.Application()
        application.router.add_post("/bot{token}/{method}", self._answer)
        application.router.add_get("/bot{token}/{method}", self._answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            await runner.cleanup()


@pytest.fixture(scope="session")
def token() -> str:
    """The token that the Bot API takes."""
    return BOT_TOKEN


@pytest.fixture(scope="session")
def chat() -> int:
    """The chat of the operator."""
    return CHAT


@pytest.fixture(scope="session")
def make_api() -> type[FakeBotApi]:
    """Builds a Bot API."""
    return FakeBotApi

"""A server of sockets with fakes behind its ports, and clients that talk to it."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse

from bybit_sim.exchange.words import ApiKey, PublicFrame, Row
from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.page.requests import RequestLog
from bybit_sim.rest.words import Answer, HttpReply, HttpRequest
from bybit_sim.sockets.hub import Hub
from bybit_sim.sockets.server import Ports, SimServer, SocketTimes
from bybit_sim.sockets.wall_clock import WallClock
from bybit_sim.sockets.words import Clocks, KeyHolder
from gridcore.clock import Instant

MARKET_US = 1_767_571_200_000_000
WALL_US = 1_795_000_000_000_000
HOLDER = KeyHolder(uid=7, key=ApiKey(key="k", secret="s"))
EXPIRED = KeyHolder(uid=7, key=ApiKey(key="old", secret="s", expired=True))
BOUND = KeyHolder(uid=7, key=ApiKey(key="bound", secret="s", ips=("10.0.0.9",)))
HOLDERS = {holder.key.key: holder for holder in (HOLDER, EXPIRED, BOUND)}
CLOCKS = Clocks(market=Instant(MARKET_US), wall_us=WALL_US, elapsed_ms=0)
EVER = 1_000_000_000


def fault_of(kind: WireFault, **changes: Any) -> Fault:
    """A fault that acts from the start and for ever."""
    return Fault(**{"kind": kind, "from_ms": 0, "until_ms": EVER, **changes})


def login(key: str = "k", secret: str = "s", expires_ms: int = WALL_US // 1000 + 1000) -> list[Any]:
    """The args of an auth message."""
    text = f"GET/realtime{expires_ms}".encode()
    return [key, expires_ms, hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()]


@dataclass
class FakeDesk:
    """Answers every request with OK, and keeps what it was asked."""

    asked: list[HttpRequest] = field(default_factory=list)

    def handle(self, request: HttpRequest, *, stale_us: int = 0, skew_us: int = 0) -> HttpReply:
        """Answer with staleness and skew, so that a test can see them."""
        self.asked.append(request)
        body = {"retCode": 0, "retMsg": "OK", "result": {"skew": skew_us, "stale": stale_us}}
        return HttpReply(status=200, body=orjson.dumps(body), headers={"X-Bapi-Limit": "10"})


@dataclass
class FakeOrders:
    """Takes every order operation, and keeps its body."""

    acted: list[Row] = field(default_factory=list)

    def knows(self, op: str) -> bool:
        """The three operations of a single order."""
        return op in ("order.create", "order.amend", "order.cancel")

    def act(
        self, holder: KeyHolder, op: str, body: Row, clocks: Clocks
    ) -> tuple[Answer, Mapping[str, str]]:
        """Accept it."""
        self.acted.append(body)
        answer = Answer(code=0, text="OK", result={"orderId": "o-1"}, extra={})
        return answer, {"X-Bapi-Limit": "10"}


class FakeTopics:
    """Knows the topics of BTCUSDT; tickers begin with a snapshot."""

    def snapshot_frames(self, topic: str) -> Sequence[PublicFrame] | None:
        """One frame for tickers, none for trades, no such topic otherwise."""
        if topic == "tickers.BTCUSDT":
            return (PublicFrame(topic=topic, body=b'{"topic":"tickers.BTCUSDT"}'),)
        return () if topic == "publicTrade.BTCUSDT" else None


class Client:
    """A WebSocket client that speaks JSON."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def ask(self, **message: Any) -> Any:
        """Send one message and read the next frame."""
        await self.socket.send_json(message)
        return await self.read()

    async def read(self) -> Any:
        """The next frame."""
        return await self.socket.receive_json(timeout=5)

    async def login(self, **changes: Any) -> Any:
        """Authenticate by the true clock, which the server goes by as well."""
        expires_ms = WallClock().now_us() // 1000 + 5000
        return await self.ask(op="auth", args=login(expires_ms=expires_ms, **changes))


@dataclass
class Bench:
    """A server on a free port, with everything a test looks at."""

    server: SimServer
    hub: Hub
    board: FaultBoard
    desk: FakeDesk
    orders: FakeOrders
    log: RequestLog
    http: ClientSession

    @property
    def url(self) -> str:
        """Where HTTP goes."""
        return f"http://127.0.0.1:{self.server.port}"

    @asynccontextmanager
    async def client(self, path: str, **options: Any) -> AsyncIterator[Client]:
        """An open socket on a path such as /v5/private."""
        async with self.http.ws_connect(self.url + path, **options) as socket:
            yield Client(socket)

    async def until(self, true: Callable[[], object]) -> None:
        """Return as soon as something is true; fail after five seconds."""
        async with asyncio.timeout(5):
            while not true():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def _bench(*faults: Fault, times: SocketTimes | None = None) -> AsyncIterator[Bench]:
    board, hub, log = FaultBoard(1, faults), Hub(), RequestLog()
    desk, orders = FakeDesk(), FakeOrders()
    server = SimServer(
        ports=Ports(
            desk=desk,
            orders=orders,
            topics=FakeTopics(),
            find_key=HOLDERS.get,
            market_us=lambda: MARKET_US,
            after=lambda: None,
        ),
        hub=hub,
        board=board,
        log=log,
        wall=WallClock(),
        times=times or SocketTimes(answer_delay_ms=0),
    )
    await server.start()
    try:
        async with ClientSession() as http:
            yield Bench(server, hub, board, desk, orders, log, http)
    finally:
        await server.stop()


Story = Callable[[Bench], Awaitable[None]]


@pytest.fixture
def play() -> Callable[..., None]:
    """Runs a story against a server with the given faults and times."""

    def run(story: Story, *faults: Fault, times: SocketTimes | None = None) -> None:
        async def whole() -> None:
            async with _bench(*faults, times=times) as bench:
                await story(bench)

        asyncio.run(whole())

    return run


@pytest.fixture
def clocks() -> Clocks:
    """One moment by both clocks."""
    return CLOCKS


@pytest.fixture
def signed_login() -> Callable[..., list[Any]]:
    """Makes the args of an auth message that is valid at `clocks`."""
    return login


@pytest.fixture
def acting() -> Callable[..., Fault]:
    """Makes a fault that acts from the start and for ever."""
    return fault_of


@pytest.fixture
def find_key() -> Callable[[str], KeyHolder | None]:
    """Knows the keys "k", "old" (expired) and "bound" (to another address) of account 7."""
    return HOLDERS.get


@pytest.fixture
def orders() -> FakeOrders:
    """A desk that takes every operation."""
    return FakeOrders()


@pytest.fixture
def topics() -> FakeTopics:
    """The topics of BTCUSDT."""
    return FakeTopics()

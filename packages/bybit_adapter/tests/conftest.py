"""An exchange at the port: a small HTTP server that answers as scripted and keeps what it got."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import Endpoint, endpoint
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest.caller import Caller
from bybit_adapter.rest_client import RestClient
from gridcore.clock import Instant

TIME_MS = 1_780_000_000_000
KEY, SECRET = "test-key", "test-secret"


@dataclass
class Seen:
    """One request as it came."""

    method: str
    path: str
    query: str
    body: str
    headers: dict[str, str]
    peer: int = 0
    """The port of the other end: one for each connection."""

    @property
    def parameters(self) -> dict[str, Any]:
        """The query's pairs as on the wire, or the JSON body."""
        if self.method == "POST":
            found: dict[str, Any] = json.loads(self.body)
            return found
        return dict(pair.split("=", 1) for pair in self.query.split("&") if pair)


@dataclass
class Scripted:
    """One answer. `hold`: nothing is sent until the end of the test, with `lacking` nothing after
    the body. `drop`: the connection ends without an answer. `lacking`: so many bytes of the body
    are announced and never come."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hold: bool = False
    drop: bool = False
    drip: bool = False
    lacking: int = 0


class FakeExchange:
    """Answers each path with its script; the last answer of a script stays."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.released = threading.Event()
        self._scripts: dict[str, list[Scripted | Callable[[Seen], Scripted]]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.script(
            "/v5/market/time",
            self.ok({"timeSecond": str(TIME_MS // 1000), "timeNano": str(TIME_MS * 1_000_000)}),
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def endpoint(self) -> Endpoint:
        return endpoint(self.url)

    def script(self, path: str, *answers: Scripted | Callable[[Seen], Scripted]) -> None:
        """What the path answers, in order."""
        self._scripts[path] = list(answers)

    def next_answer(self, seen: Seen) -> Scripted:
        self.seen.append(seen)
        script = self._scripts.get(seen.path)
        if script is None:
            return Scripted(status=404, body=b"{}")
        answer = script.pop(0) if len(script) > 1 else script[0]
        return answer(seen) if callable(answer) else answer

    def requests(self, path: str) -> list[Seen]:
        """What was asked of a path."""
        return [one for one in self.seen if one.path == path]

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @staticmethod
    def ok(
        result: Any = None,
        *,
        extra: Any = None,
        headers: dict[str, str] | None = None,
        time_ms: int = TIME_MS,
    ) -> Scripted:
        """A successful answer."""
        return FakeExchange.coded(
            0,
            "OK",
            result={} if result is None else result,
            extra=extra,
            headers=headers,
            time_ms=time_ms,
        )

    @staticmethod
    def coded(
        code: int,
        text: str,
        *,
        result: Any = None,
        extra: Any = None,
        headers: dict[str, str] | None = None,
        time_ms: int = TIME_MS,
    ) -> Scripted:
        """An answer in Bybit's envelope."""
        envelope = {
            "retCode": code,
            "retMsg": text,
            "result": {} if result is None else result,
            "retExtInfo": {} if extra is None else extra,
            "time": time_ms,
        }
        return Scripted(body=json.dumps(envelope).encode(), headers=headers or {})

    @staticmethod
    def raw(status: int, body: bytes = b"", **headers: str) -> Scripted:
        """Any HTTP answer."""
        return Scripted(status=status, body=body, headers=headers)

    @staticmethod
    def silent() -> Scripted:
        """No answer while the test lasts."""
        return Scripted(hold=True)

    @staticmethod
    def dropped() -> Scripted:
        """The connection ends without an answer."""
        return Scripted(drop=True)

    @staticmethod
    def cut(*, hold: bool = False) -> Scripted:
        """An answer that breaks off within its body, or stands still there."""
        return Scripted(body=b'{"retCode":0', lacking=100, hold=hold)

    @staticmethod
    def dripping() -> Scripted:
        """A body that comes a byte at a time and never ends."""
        return Scripted(drip=True)


def _handler(exchange: FakeExchange) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, *unused: object) -> None:
            """Nothing is printed."""

        def _answer(self) -> None:
            path, _, query = self.path.partition("?")
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            headers = dict(self.headers.items())
            seen = Seen(self.command, path, query, body, headers, self.client_address[1])
            answer = exchange.next_answer(seen)
            if answer.drop or (answer.hold and not answer.lacking):
                if answer.hold:
                    exchange.released.wait(10)
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            length = 1_000_000 if answer.drip else len(answer.body) + answer.lacking
            self.send_header("Content-Length", str(length))
            self.end_headers()
            if answer.drip:
                self._drip()
                return
            self.wfile.write(answer.body)
            if answer.lacking:
                self.wfile.flush()
                if answer.hold:
                    exchange.released.wait(10)
                self.close_connection = True

        def _drip(self) -> None:
            self.close_connection = True
            try:
                while not exchange.released.wait(0.02):
                    self.wfile.write(b" ")
                    self.wfile.flush()
            except OSError:
                return

    return Handler


class HandClock:
    """A clock that moves when it is told."""

    def __init__(self, at: Instant) -> None:
        self.at = at

    def __call__(self) -> Instant:
        return self.at

    def advance(self, microseconds: int) -> None:
        self.at = Instant(self.at + microseconds)


@pytest.fixture
def exchange() -> Iterator[FakeExchange]:
    """A scripted exchange on loopback."""
    fake = FakeExchange()
    yield fake
    fake.close()


@pytest.fixture
def clock() -> HandClock:
    """Our clock, which agrees with the exchange's."""
    return HandClock(Instant(TIME_MS * 1000))


@pytest.fixture
def credentials() -> Credentials:
    """The key of the test's account."""
    return Credentials(key=KEY, secret=SECRET)


@pytest.fixture
def caller(exchange: FakeExchange, clock: HandClock, credentials: Credentials) -> Iterator[Caller]:
    """A caller of the scripted exchange with short patience."""
    one = Caller(
        endpoint=exchange.endpoint,
        credentials=credentials,
        limiter=RateLimiter(),
        now=clock,
        timeout_s=0.4,
    )
    yield one
    one.close()


@pytest.fixture
def client(
    exchange: FakeExchange, clock: HandClock, credentials: Credentials
) -> Iterator[RestClient]:
    """A client of the scripted exchange."""
    one = RestClient(
        exchange.endpoint, credentials, limiter=RateLimiter(), now=clock, timeout_s=0.4
    )
    yield one
    one.close()

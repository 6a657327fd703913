"""One pybit socket with its reconnecting, merging and acknowledging taken out of its hands.

Knows pybit and websocket-client. It refuses to reconnect, to raise on a socket's thread and to
judge: it only reports.
"""

import json
import math
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol
from urllib.parse import urlsplit

import websocket
from pybit.exceptions import UnauthorizedExceptionError
from pybit.unified_trading import WebSocket

from bybit_adapter.credentials import Credentials
from bybit_adapter.ws_client.clock import Clock, Moment
from bybit_adapter.ws_client.frames import (
    AuthenticationAnswer,
    Pong,
    SubscriptionAnswer,
    Topic,
    Unknown,
    recognised,
)
from bybit_adapter.ws_client.own_ends import own_end
from bybit_adapter.ws_client.threads import Gate
from bybit_adapter.ws_client.words import (
    Acknowledged,
    Authenticated,
    Ended,
    Event,
    OpenFailed,
    Reason,
    Timing,
    Vitals,
)
from gridcore.clock import SECOND_US, Instant

PUBLIC_PATH = "/v5/public/linear"
PRIVATE_PATH = "/v5/private"

_ATTEMPTS = 2
"""pybit's `retries`: with 1 it raises on a healthy server, 0 never returns (bybit.md C.4)."""

_EXPIRY_S = 10
"""How long an authentication stays valid; pybit's own second fails on a lag of one (C.4)."""

_GATE_PATIENCE_S = 1.0
_ENDING_S = 1.0

_LINK_ERRORS = (OSError, ssl.SSLError, websocket.WebSocketException, UnauthorizedExceptionError)
"""What pybit lets out of a constructor, a send or an exit when the link or the keys fail."""


class Connection(Protocol):
    """One object of the library, constructed and connected."""

    def subscribe(self, request: str, topics: tuple[str, ...]) -> None:
        """Sends a subscription; blocks as long as the socket does."""
        ...

    def silence(self) -> None:
        """Delivers and reports nothing from now on; returns at once."""
        ...

    def leave(self) -> None:
        """Ends the socket; may block for seconds, or for ever."""
        ...

    def vitals(self) -> Vitals:
        """What the socket shows of itself; never blocks."""
        ...


class Connector(Protocol):
    """Makes connections: the port behind which tests put a scripted one."""

    def open(
        self,
        generation: int,
        report: Callable[[Event], None],
        take: Callable[[str, Instant], None],
    ) -> Connection | OpenFailed:
        """Connects, in the calling thread; blocks as long as the library does."""
        ...


class _Socket(WebSocket):  # type: ignore[misc]
    """pybit's socket, which hands every text and every end to a `PybitConnection`."""

    def __init__(self, line: "PybitConnection", **arguments: object) -> None:
        self._line = line
        super().__init__(callback_function=line.heard, **arguments)

    def _connect(self, url: str) -> None:
        websocket.setdefaulttimeout(self._line.io_s)
        super()._connect(self._line.url)

    def _on_message(self, message: str) -> None:
        self.callback(message)

    def _on_pong(self) -> None:
        self._line.ponged()
        super()._on_pong()

    def _send_custom_ping(self) -> None:
        """The first one leaves on a timer of pybit's, where nobody hears of a socket that broke.

        Who reads the socket notices, and reports it.
        """
        with suppress(*_LINK_ERRORS):
            super()._send_custom_ping()

    def _on_error(self, error: BaseException) -> None:
        self._line.failed(error)

    def _on_close(self) -> None:
        self._line.closed()


class PybitConnection:
    """Adapts one pybit object. Its callbacks run on the object's socket thread.

    Reports Authenticated, Acknowledged and Ended; frames with a topic go to `take`. Whatever the
    consumer raises ends the deliveries of this connection: its next frames would hide the loss.
    """

    def __init__(
        self,
        generation: int,
        url: str,
        timing: Timing,
        clock: Clock,
        report: Callable[[Event], None],
        take: Callable[[str, Instant], None],
    ) -> None:
        self.url = url
        self.io_s = timing.io_us / SECOND_US
        self._generation = generation
        self._clock = clock
        self._report_event = report
        self._take = take
        self._gate = Gate()
        self._delivering = False
        self._silenced = False
        self._socket: _Socket | None = None
        self._pongs = 0
        self._pong_at: Moment | None = None
        self._heard_at: Moment | None = None
        self._topics: dict[str, tuple[int, Moment]] = {}

    def open(self, timing: Timing, credentials: Credentials | None) -> None:
        """Constructs the pybit object, which connects and authenticates before it returns."""
        arguments: Mapping[str, object] = {}
        if credentials is not None:
            lead_s = math.ceil(self._clock.ahead_us() / SECOND_US)
            arguments = {
                "api_key": credentials.key,
                "api_secret": credentials.secret,
                "rsa_authentication": credentials.rsa,
                "private_auth_expire": _EXPIRY_S + lead_s,
            }
        self._socket = _Socket(
            self,
            channel_type="linear" if credentials is None else "private",
            testnet=False,
            ping_interval=timing.ping_us / SECOND_US,
            ping_timeout=timing.pong_wait_us / SECOND_US,
            retries=_ATTEMPTS,
            restart_on_error=False,
            **arguments,
        )

    def subscribe(self, request: str, topics: tuple[str, ...]) -> None:
        """Sends a subscription; a socket that is gone is reported as ended."""
        if self._socket is None:
            return
        words = {"op": "subscribe", "req_id": request, "args": list(topics)}
        try:
            self._socket.ws.send(json.dumps(words))
        except _LINK_ERRORS as error:
            self._ended(Reason.CLOSED, _said(error), None)

    def silence(self) -> None:
        """Delivers and reports nothing from now on."""
        self._silenced = True
        self._gate.close(_GATE_PATIENCE_S)

    def leave(self) -> None:
        """Cuts the socket and lets pybit tidy up; returns when its thread has ended.

        Cut first, so that the thread wakes and ends: pybit's `exit` alone waits three seconds for a
        peer that does not answer, and closes the socket under a thread that then sleeps on.
        """
        if self._socket is None:
            return
        with own_end(self._socket.wst.ident):
            raw = self._socket.ws.sock
            if raw is not None:
                raw.abort()
                self._socket.wst.join(_ENDING_S)
            self._socket.exit()
            self._socket.wst.join()

    def vitals(self) -> Vitals:
        """What the socket shows of itself; never blocks."""
        return Vitals(
            alive=self._socket is not None and self._socket.wst.is_alive(),
            pongs=self._pongs,
            pong_at=self._pong_at,
            heard_at=self._heard_at,
            topics=dict(self._topics),
        )

    def heard(self, text: str) -> None:
        """Takes one text frame."""
        now = self._clock.moment()
        self._heard_at = now
        frame = recognised(text)
        match frame:
            case Topic():
                count, _ = self._topics.get(frame.name, (0, now))
                self._topics[frame.name] = (count + 1, now)
                self._deliver(text, now.exchange)
            case Unknown():
                self._deliver(text, now.exchange)
            case Pong():
                pass
            case AuthenticationAnswer():
                self._report(
                    Authenticated(
                        generation=self._generation, accepted=frame.accepted, text=frame.text
                    )
                )
            case SubscriptionAnswer():
                self._report(
                    Acknowledged(
                        generation=self._generation,
                        request=frame.request,
                        accepted=frame.accepted,
                        text=frame.text,
                    )
                )

    def ponged(self) -> None:
        """Takes one pong frame."""
        self._pong_at = self._clock.moment()
        self._pongs += 1

    def failed(self, error: BaseException) -> None:
        """Takes an error of the socket, or of the consumer while a frame was with it."""
        if self._delivering:
            self._delivering = False
            self._ended(Reason.CONSUMER_FAILED, _said(error), None)
            self._silenced = True
        elif isinstance(error, websocket.WebSocketBadStatusException):
            self._ended(Reason.CLOSED, _said(error), error.status_code)
        elif isinstance(error, websocket.WebSocketTimeoutException):
            self._ended(Reason.PONG_MISSING, _said(error), None)
        else:
            self._ended(Reason.CLOSED, _said(error), None)

    def closed(self) -> None:
        """Takes the end of the socket."""
        self._ended(Reason.CLOSED, "the socket has closed", None)

    def _deliver(self, text: str, now: Instant) -> None:
        if self._silenced:
            return

        def take() -> None:
            self._delivering = True
            self._take(text, now)
            self._delivering = False

        self._gate.deliver(take)

    def _ended(self, reason: Reason, detail: str, status: int | None) -> None:
        self._report(
            Ended(generation=self._generation, reason=reason, detail=detail, status=status)
        )

    def _report(self, event: Event) -> None:
        if not self._silenced:
            self._report_event(event)


class PybitConnector:
    """Opens pybit sockets at `url`, as endpoints.py names it; a URL without a path gets Bybit's.

    With `credentials` the private stream, else the public linear one. `synchronise` is called
    before every private connection, so that its authentication follows the exchange's clock.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        timing: Timing,
        credentials: Credentials | None = None,
        synchronise: Callable[[], object] | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("ws", "wss") or not parts.netloc:
            raise ValueError(f"expected a URL such as ws://127.0.0.1:8080, found {url!r}")
        path = PUBLIC_PATH if credentials is None else PRIVATE_PATH
        self._url = url if parts.path not in ("", "/") else url.rstrip("/") + path
        self._clock = clock
        self._timing = timing
        self._credentials = credentials
        self._synchronise = synchronise

    def open(
        self,
        generation: int,
        report: Callable[[Event], None],
        take: Callable[[str, Instant], None],
    ) -> PybitConnection | OpenFailed:
        """Connects, in the calling thread."""
        if self._synchronise is not None and self._credentials is not None:
            self._synchronise()
        line = PybitConnection(generation, self._url, self._timing, self._clock, report, take)
        try:
            line.open(self._timing, self._credentials)
        except _LINK_ERRORS as error:
            return OpenFailed(generation=generation, detail=_said(error), status=None)
        return line


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"

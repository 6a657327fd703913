"""Two consumers of one stream: unmodified pybit, and the adapter's client."""

import threading
import time
from typing import Any

import pybit.unified_trading
import websocket

from bench.wire.server import Server
from bybit_adapter.credentials import Credentials
from bybit_adapter.ws_client.client import WsClient, private_client, public_client
from bybit_adapter.ws_client.clock import SystemClock
from bybit_adapter.ws_client.words import Connected, Fatal, Outage, Restored, Timing
from gridcore.clock import Instant

KEYS = Credentials(key="demo-key-1", secret="demo-secret-1")


class Plain:
    """Unmodified pybit with its default arguments; frames are only counted."""

    def __init__(self, server: Server, *, fails: bool) -> None:
        pybit.unified_trading.PUBLIC_WSS = server.public
        pybit.unified_trading.PRIVATE_WSS = server.private
        self._fails = fails
        self.heard_at: list[float] = []
        self._socket: Any = None
        self.raised = ""

    def start(self, topic: str) -> None:
        """Constructs and subscribes, in a thread, since both may block for ever."""
        threading.Thread(target=self._start, args=(topic,), daemon=True).start()

    def close(self) -> None:
        """Lets go of the socket, in a thread, since pybit's `exit` may block, too."""
        if self._socket is not None:
            threading.Thread(target=self._socket.exit, daemon=True).start()

    def heard_since(self, moment: float) -> float | None:
        """When the first frame after `moment` came, in seconds of the monotonic clock."""
        return next((at for at in list(self.heard_at) if at > moment), None)

    def _start(self, topic: str) -> None:
        private = topic == "wallet"
        try:
            socket = pybit.unified_trading.WebSocket(
                channel_type="private" if private else "linear",
                testnet=False,
                **({"api_key": KEYS.key, "api_secret": KEYS.secret} if private else {}),
            )
            self._socket = socket
            if private:
                socket.wallet_stream(self._take)
            elif topic.startswith("orderbook"):
                socket.orderbook_stream(50, topic.rpartition(".")[2], self._take)
            else:
                socket.ticker_stream(topic.rpartition(".")[2], self._take)
        except websocket.WebSocketTimeoutException as error:
            self.raised = type(error).__name__

    def _take(self, message: object) -> None:
        self.heard_at.append(time.monotonic())
        if self._fails:
            raise RuntimeError("the consumer cannot take this")


class Guarded:
    """The adapter's client with its real limits; it remembers when it heard what."""

    def __init__(self, server: Server, *, fails: bool) -> None:
        self._server = server
        self._fails = fails
        self._client: WsClient | None = None
        self.heard_at: list[float] = []
        self.outages: list[tuple[float, Outage]] = []
        self.restored: list[tuple[float, Restored]] = []
        self.fatals: list[Fatal] = []

    def start(self, topic: str, timing: Timing | None = None) -> WsClient:
        """Begins to connect."""
        clock = SystemClock()
        if topic == "wallet":
            self._client = private_client(
                self._server.private, KEYS, self, clock=clock, topics=[topic], timing=timing
            )
        else:
            self._client = public_client(
                self._server.public, [topic], self, clock=clock, timing=timing
            )
        self._client.start()
        return self._client

    def close(self) -> float:
        """Ends the client; says how long that took, in seconds."""
        begun = time.monotonic()
        if self._client is not None and not self._client.close():
            raise RuntimeError("the client did not end in time")
        return time.monotonic() - begun

    def on_frame(self, text: str, received_at: Instant) -> None:
        """Takes a frame, or fails once."""
        self.heard_at.append(time.monotonic())
        if self._fails:
            self._fails = False
            raise RuntimeError("the consumer cannot take this")

    def on_connected(self, connected: Connected) -> None:
        """Has merged nothing that it could forget."""

    def on_outage(self, outage: Outage) -> None:
        """Notes when it was told."""
        self.outages.append((time.monotonic(), outage))

    def on_restored(self, restored: Restored) -> None:
        """Notes when it was told."""
        self.restored.append((time.monotonic(), restored))

    def on_fatal(self, fatal: Fatal) -> None:
        """Notes the end."""
        self.fatals.append(fatal)
